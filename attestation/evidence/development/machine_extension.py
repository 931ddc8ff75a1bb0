"""The extension of a machine's certificate that tells its kind and firmware, for a machine that does not exist."""

from typing import Final

from attestation.evidence.development.der import enumerated, integer, object_id, octets, sequence

MACHINE_EXTENSION_OID: Final = "1.2.840.113741.1.13.1"
FMSPC: Final = b"devdev"
PCE_ID: Final = bytes(2)
_COMPONENTS: Final = 16


def machine_extension() -> bytes:
    """DER of the extension's value: the machine's id, its firmware levels (all zero) and its kind."""
    levels = [_entry(f"2.{number}", integer(0)) for number in range(1, _COMPONENTS + 2)]
    firmware = sequence(*levels, _entry("2.18", octets(bytes(_COMPONENTS))))
    return sequence(
        _entry("1", octets(bytes(16))),
        _entry("2", firmware),
        _entry("3", octets(PCE_ID)),
        _entry("4", octets(FMSPC)),
        _entry("5", enumerated(0)),
    )


def _entry(arc: str, value: bytes) -> bytes:
    return sequence(object_id(f"{MACHINE_EXTENSION_OID}.{arc}"), value)
