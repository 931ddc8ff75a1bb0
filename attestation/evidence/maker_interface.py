"""The hardware maker's interface (version 4) as its caches offer it: what to ask, and statements made of the answers.

Nothing is asked here: the caller brings a function that fetches. Nothing is verified either.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from attestation.encoding import unhex
from attestation.errors import EncodingError
from attestation.evidence.collateral import Collateral
from attestation.evidence.errors import CollateralMalformed

ROOT_LIST_PATH: Final = "/sgx/certification/v4/rootcacrl"
# Where the maker itself keeps the list of its root; only caches have the path above.
ROOT_LIST_URL: Final = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
_SIGNATURE_BYTES: Final = 64
_CRL_CHAIN: Final = ("SGX-PCK-CRL-Issuer-Chain",)
_TCB_CHAIN: Final = ("TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain")
_QE_CHAIN: Final = ("SGX-Enclave-Identity-Issuer-Chain",)


@dataclass(frozen=True)
class MachineKind:
    """What the statements depend on: the platform's id (12 hex digits), and which authority certified the machine."""

    fmspc: str
    authority: str


@dataclass(frozen=True)
class Told:
    """One answer: the body, and the headers with their names in lower case."""

    content: bytes
    headers: Mapping[str, str]


def base_of(address: str) -> str:
    """The address of a cache without the part that every request has."""
    return address.rstrip("/").removesuffix("/sgx/certification/v4").removesuffix("/tdx/certification/v4")


def collect(kind: MachineKind, *, ask: Callable[[str], Told], root_list: Callable[[], bytes]) -> Collateral:
    """All statements about machines of this kind.

    `ask` fetches a path below the cache's address, `root_list` the list of the maker's root. What they raise is passed
    on. Raises CollateralMalformed for answers that are not of this interface.
    """
    machines = ask(f"/sgx/certification/v4/pckcrl?ca={kind.authority}&encoding=der")
    firmware = ask(f"/tdx/certification/v4/tcb?fmspc={kind.fmspc.upper()}")
    enclave = ask("/tdx/certification/v4/qe/identity")
    tcb_info, tcb_signature = _signed(firmware.content, "tcbInfo")
    identity, identity_signature = _signed(enclave.content, "enclaveIdentity")
    return Collateral(
        pck_crl_issuer_chain=_chain(machines, _CRL_CHAIN),
        root_ca_crl=_der(root_list()),
        pck_crl=machines.content,
        tcb_info_issuer_chain=_chain(firmware, _TCB_CHAIN),
        tcb_info=tcb_info,
        tcb_info_signature=tcb_signature,
        qe_identity_issuer_chain=_chain(enclave, _QE_CHAIN),
        qe_identity=identity,
        qe_identity_signature=identity_signature,
    )


def _der(content: bytes) -> bytes:
    """Caches hand the list of the root out in hex as a rule, the maker does not."""
    try:
        return unhex(content.decode("ascii").strip().lower())
    except (UnicodeDecodeError, EncodingError):
        return content


def _chain(told: Told, names: tuple[str, ...]) -> str:
    for name in names:
        if name.lower() in told.headers:
            return unquote(told.headers[name.lower()])
    raise CollateralMalformed


def _signed(content: bytes, name: str) -> tuple[str, bytes]:
    """The exact text of the member that was signed, and the signature."""
    try:
        text = content.decode("utf-8")
        members = json.loads(text)
        signature = unhex(members["signature"].lower(), _SIGNATURE_BYTES)
        start = text.index("{", text.index(f'"{name}"'))
        _, end = json.JSONDecoder().raw_decode(text, start)
        if json.loads(text[start:end]) != members[name]:
            raise CollateralMalformed
        return text[start:end], signature
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, EncodingError) as error:
        raise CollateralMalformed from error
