"""Asking a cache of the hardware maker's statements about one kind of machine.

The requests are our own and not the verifying library's, because that one's ended in a thread which could bring the
whole process down when the command was over.
"""

from dataclasses import dataclass
from typing import Final

from attestation.evidence import maker_interface
from attestation.evidence.collateral import MAX_COLLATERAL_BYTES, Collateral
from attestation.evidence.maker_interface import MachineKind, Told
from hmctl.client import outside
from hmctl.client.outside import OutsideFailed, Request
from hmctl.clock import Clock

USUAL_CACHE: Final = "https://pccs.phala.network"


def fetch(base_url: str, kind: MachineKind, *, clock: Clock, timeout_seconds: float) -> Collateral:
    """All statements (OutsideFailed, CollateralMalformed). They are read, not verified."""
    base = maker_interface.base_of(base_url) or USUAL_CACHE
    asked = _Asking(base, clock, clock.steady() + timeout_seconds)
    return maker_interface.collect(kind, ask=asked.told, root_list=asked.root_list)


@dataclass(frozen=True)
class _Asking:
    """Requests to one cache until a moment of the steady clock."""

    base_url: str
    clock: Clock
    until: float

    def told(self, path: str) -> Told:
        return self._get(self.base_url + path)

    def root_list(self) -> bytes:
        try:
            return self.told(maker_interface.ROOT_LIST_PATH).content
        except OutsideFailed:
            return self._get(maker_interface.ROOT_LIST_URL).content

    def _get(self, url: str) -> Told:
        left = self.until - self.clock.steady()
        if left <= 0:
            raise OutsideFailed("the time is over")
        answered = outside.ask(Request(url, timeout_seconds=left, largest_body=MAX_COLLATERAL_BYTES))
        return Told(answered.content, answered.headers)
