"""What a verified quote says about the hardware below the machine."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from attestation.evidence.quote import QuoteBody
from attestation.policy.base import Policy


class TcbStatus(Enum):
    """The maker's verdict on firmware and configuration. A revoked level never gets as far as a verdict."""

    UP_TO_DATE = "UpToDate"
    SW_HARDENING_NEEDED = "SWHardeningNeeded"  # safe if the software in the machine takes precautions
    CONFIGURATION_NEEDED = "ConfigurationNeeded"  # a setting of the host weakens it
    CONFIGURATION_AND_SW_HARDENING_NEEDED = "ConfigurationAndSWHardeningNeeded"  # both of the former
    OUT_OF_DATE = "OutOfDate"  # firmware with known defects
    OUT_OF_DATE_CONFIGURATION_NEEDED = "OutOfDateConfigurationNeeded"  # defects, and a weakening setting
    TD_RELAUNCH_ADVISED = "TDRelaunchAdvised"  # firmware was updated below the running machine
    TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED = "TDRelaunchAdvisedConfigurationNeeded"  # and a weakening setting


@dataclass(frozen=True, kw_only=True)
class VerifiedQuote:
    """A quote whose signatures lead to the root of trust, with the maker's verdict at the time `at`.

    `valid_until` (unix seconds) is when the maker's statements expire. `development` tells that the root was
    not the maker's: then nothing in here says anything about hardware.
    """

    body: QuoteBody
    tcb_status: TcbStatus
    advisory_ids: tuple[str, ...]
    evaluation_number: int
    fmspc: str
    at: int
    valid_until: int
    development: bool


PlatformPolicy: TypeAlias = Policy[VerifiedQuote]
