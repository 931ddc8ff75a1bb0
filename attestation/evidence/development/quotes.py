"""Quotes of a machine that does not exist, in the layout of version 4."""

import hashlib
from dataclasses import dataclass
from typing import Final

from attestation.errors import KernelError
from attestation.evidence.development.authority import DevelopmentAuthority, raw_point, sign_raw

ENCLAVE_SIGNER: Final = hashlib.sha256(b"hivemind development enclave").digest()
ENCLAVE_PRODUCT: Final = 2
ENCLAVE_VERSION: Final = 1
_REGISTER_BYTES: Final = 48
_REPORT_DATA_BYTES: Final = 64
_ECDSA_P256: Final = 2
_TDX: Final = 0x81
_VENDOR: Final = bytes.fromhex("939a7233f79c4ca9940a0db3957f0607")
_IN_ORDER: Final = bytes.fromhex("0000001000000000")
_DEBUGGED: Final = bytes.fromhex("0100001000000000")
_ENCLAVE_NOTE: Final = bytes(32)


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """The registers of the invented machine, 48 bytes each. Raises KernelError for another length."""

    mr_td: bytes
    rtmrs: tuple[bytes, bytes, bytes, bytes]
    mr_config_id: bytes = bytes(_REGISTER_BYTES)

    def __post_init__(self) -> None:
        if any(len(register) != _REGISTER_BYTES for register in (self.mr_td, self.mr_config_id, *self.rtmrs)):
            raise KernelError("A register has 48 bytes.")


def mint_quote(
    authority: DevelopmentAuthority, *, report_data: bytes, measurements: Measurements, debug: bool = False
) -> bytes:
    """A signed quote over 64 bytes of report data. Raises KernelError for another length."""
    if len(report_data) != _REPORT_DATA_BYTES:
        raise KernelError("Report data have 64 bytes.")
    signed = _header() + _report(measurements, report_data, _DEBUGGED if debug else _IN_ORDER)
    return signed + _counted(_signature_part(authority, signed))


def _header() -> bytes:
    numbers = _number(4) + _number(_ECDSA_P256) + _number(_TDX, 4)
    return (numbers + bytes(4) + _VENDOR).ljust(48, b"\0")


def _report(measurements: Measurements, report_data: bytes, attributes: bytes) -> bytes:
    unset = bytes(_REGISTER_BYTES)
    firmware = bytes(16) + unset + unset + bytes(8)
    registers = measurements.mr_td + measurements.mr_config_id + unset + unset + b"".join(measurements.rtmrs)
    return firmware + attributes + bytes(8) + registers + report_data


def _signature_part(authority: DevelopmentAuthority, signed: bytes) -> bytes:
    key = raw_point(authority.attestation_key)
    enclave = _enclave_report(hashlib.sha256(key + _ENCLAVE_NOTE).digest())
    chain = authority.machine.pem + authority.platform.pem + authority.root.pem
    vouched = enclave + sign_raw(authority.machine.key, enclave) + _number(len(_ENCLAVE_NOTE)) + _ENCLAVE_NOTE
    vouched += _number(5) + _counted(chain.encode("ascii"))
    return sign_raw(authority.attestation_key, signed) + key + _number(6) + _counted(vouched)


def _enclave_report(key_digest: bytes) -> bytes:
    identity = bytes(16 + 4 + 28 + 16 + 32 + 32) + ENCLAVE_SIGNER + bytes(96)
    versions = _number(ENCLAVE_PRODUCT) + _number(ENCLAVE_VERSION) + bytes(60)
    return identity + versions + key_digest.ljust(64, b"\0")


def _number(value: int, size: int = 2) -> bytes:
    return value.to_bytes(size, "little")


def _counted(data: bytes) -> bytes:
    return _number(len(data), 4) + data
