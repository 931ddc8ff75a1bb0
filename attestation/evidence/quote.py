"""Layout of TDX quotes and of dstack's configuration id. Reads positions; proves nothing.

The values count only after the whole quote was verified up to the vendor's root.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from attestation.evidence.errors import ConfigIdMalformed, QuoteMalformed

CONFIG_ID_BYTES: Final = 48
_BODY_BYTES: Final = 584
_SGX_TEE_TYPE: Final = 0
_TDX_TEE_TYPE: Final = 0x81
_V4_BODY_AT: Final = 48
_V5_HEADER_BYTES: Final = 48
_V5_BODY_AT: Final = 54
# Version 5 names its body's type; 1 is not a TD. Every later TD body begins with the 584 bytes of TD 1.0.
_V5_NOT_A_TD: Final = 1


class ConfigIdKind(IntEnum):
    """First byte of the configuration id."""

    UNSET = 0  # the guest was started without one
    COMPOSE = 1  # the compose hash itself
    COMPOSE_AND_APP = 2  # a digest over compose hash, app id and key provider
    DOCUMENT = 3  # a digest over a configuration document


@dataclass(frozen=True)
class ConfigId:
    """A configuration id taken apart. `value` is 32 bytes whose meaning `kind` tells."""

    kind: ConfigIdKind
    value: bytes

    @property
    def compose_hash(self) -> str | None:
        """The compose hash, when the id states it directly."""
        return self.value.hex() if self.kind is ConfigIdKind.COMPOSE else None


@dataclass(frozen=True)
class QuoteBody:
    """The TD report inside a quote, as raw bytes."""

    version: int
    tee_tcb_svn: bytes
    mr_seam: bytes
    td_attributes: bytes
    xfam: bytes
    mr_td: bytes
    mr_config_id: bytes
    mr_owner: bytes
    mr_owner_config: bytes
    rtmrs: tuple[bytes, bytes, bytes, bytes]
    report_data: bytes

    @property
    def debug(self) -> bool:
        """Whether any bit is set that puts the machine under somebody's debugger."""
        return self.td_attributes[0] != 0


def read_config_id(config_id: bytes) -> ConfigId:
    """Takes the 48 bytes apart.

    Raises ConfigIdMalformed for another length, an unknown kind or a non-zero rest.
    """
    if len(config_id) != CONFIG_ID_BYTES or any(config_id[33:]) or config_id[0] > max(ConfigIdKind):
        raise ConfigIdMalformed
    kind, value = ConfigIdKind(config_id[0]), config_id[1:33]
    if kind is ConfigIdKind.UNSET and any(value):
        raise ConfigIdMalformed
    return ConfigId(kind, value)


def is_sgx(quote: bytes) -> bool:
    """Whether these are the beginnings of a quote of an SGX enclave."""
    return len(quote) >= _V5_HEADER_BYTES and quote[0] in (3, 4, 5) and _tee_type(quote) == _SGX_TEE_TYPE


def read_quote(quote: bytes) -> QuoteBody:
    """Finds the report in a version 4 or 5 TDX quote.

    Raises QuoteMalformed for anything else or too few bytes.
    """
    if _tee_type(quote) != _TDX_TEE_TYPE:
        raise QuoteMalformed
    start = body_span(quote).start
    body = quote[start : start + _BODY_BYTES]
    if len(body) != _BODY_BYTES:
        raise QuoteMalformed
    return QuoteBody(
        version=_version(quote),
        tee_tcb_svn=body[0:16],
        mr_seam=body[16:64],
        td_attributes=body[120:128],
        xfam=body[128:136],
        mr_td=body[136:184],
        mr_config_id=body[184:232],
        mr_owner=body[232:280],
        mr_owner_config=body[280:328],
        rtmrs=(body[328:376], body[376:424], body[424:472], body[472:520]),
        report_data=body[520:584],
    )


def body_span(quote: bytes) -> slice:
    """Where the report lies, with whatever a later kind of report adds. Raises QuoteMalformed."""
    if _version(quote) == 4:
        return slice(_V4_BODY_AT, _V4_BODY_AT + _BODY_BYTES)
    kind = int.from_bytes(quote[_V5_HEADER_BYTES : _V5_HEADER_BYTES + 2], "little")
    size = int.from_bytes(quote[_V5_HEADER_BYTES + 2 : _V5_BODY_AT], "little")
    if _version(quote) != 5 or kind <= _V5_NOT_A_TD or size < _BODY_BYTES:
        raise QuoteMalformed
    return slice(_V5_BODY_AT, _V5_BODY_AT + size)


def _version(quote: bytes) -> int:
    return int.from_bytes(quote[0:2], "little")


def _tee_type(quote: bytes) -> int:
    return int.from_bytes(quote[4:8], "little")
