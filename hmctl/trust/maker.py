"""Asking a cache of the hardware maker's statements about one kind of machine, in the maker's interface (version 4).

The requests are our own and not the verifying library's, because that one's ended in a thread which could bring the
whole process down when the command was over.
"""

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from attestation.encoding import unhex
from attestation.errors import EncodingError
from attestation.evidence.collateral import MAX_COLLATERAL_BYTES, Collateral
from hmctl.client import outside
from hmctl.client.outside import Answered, OutsideFailed, Request
from hmctl.clock import Clock

USUAL_CACHE: Final = "https://pccs.phala.network"
_ROOT_LIST: Final = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
_SIGNATURE_BYTES: Final = 64
_CRL_CHAIN: Final = ("SGX-PCK-CRL-Issuer-Chain",)
_TCB_CHAIN: Final = ("TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain")
_QE_CHAIN: Final = ("SGX-Enclave-Identity-Issuer-Chain",)


class StatementsUnusable(Exception):
    """What the cache answers is not the maker's interface."""


@dataclass(frozen=True)
class Kind:
    """What the statements depend on: the platform's id (12 hex digits), and which authority certified the machine."""

    fmspc: str
    authority: str


def fetch(base_url: str, kind: Kind, *, clock: Clock, timeout_seconds: float) -> Collateral:
    """All statements (OutsideFailed, StatementsUnusable). They are read, not verified."""
    base = base_url.rstrip("/").removesuffix("/sgx/certification/v4").removesuffix("/tdx/certification/v4")
    asked = _Asking(base or USUAL_CACHE, clock, clock.steady() + timeout_seconds)
    machines = asked.get(f"/sgx/certification/v4/pckcrl?ca={kind.authority}&encoding=der")
    firmware = asked.get(f"/tdx/certification/v4/tcb?fmspc={kind.fmspc.upper()}")
    enclave = asked.get("/tdx/certification/v4/qe/identity")
    tcb_info, tcb_signature = _signed(firmware.content, "tcbInfo")
    identity, identity_signature = _signed(enclave.content, "enclaveIdentity")
    return Collateral(
        pck_crl_issuer_chain=_chain(machines, _CRL_CHAIN),
        root_ca_crl=asked.root_list(),
        pck_crl=machines.content,
        tcb_info_issuer_chain=_chain(firmware, _TCB_CHAIN),
        tcb_info=tcb_info,
        tcb_info_signature=tcb_signature,
        qe_identity_issuer_chain=_chain(enclave, _QE_CHAIN),
        qe_identity=identity,
        qe_identity_signature=identity_signature,
    )


@dataclass(frozen=True)
class _Asking:
    """Requests to one cache until a moment of the steady clock."""

    base_url: str
    clock: Clock
    until: float

    def get(self, path: str) -> Answered:
        return self._get(self.base_url + path)

    def root_list(self) -> bytes:
        """The list of the maker's root: caches hand it out, in hex as a rule; the maker itself has it elsewhere."""
        try:
            content = self.get("/sgx/certification/v4/rootcacrl").content
        except OutsideFailed:
            return self._get(_ROOT_LIST).content
        try:
            return unhex(content.decode("ascii").strip().lower())
        except (UnicodeDecodeError, EncodingError):
            return content

    def _get(self, url: str) -> Answered:
        left = self.until - self.clock.steady()
        if left <= 0:
            raise OutsideFailed("the time is over")
        return outside.ask(Request(url, timeout_seconds=left, largest_body=MAX_COLLATERAL_BYTES))


def _chain(answered: Answered, names: tuple[str, ...]) -> str:
    for name in names:
        if name.lower() in answered.headers:
            return unquote(answered.headers[name.lower()])
    raise StatementsUnusable(f"no {names[0]}")


def _signed(content: bytes, name: str) -> tuple[str, bytes]:
    """The exact text of the member that was signed, and the signature."""
    try:
        text = content.decode("utf-8")
        members = json.loads(text)
        signature = unhex(members["signature"].lower(), _SIGNATURE_BYTES)
        start = text.index("{", text.index(f'"{name}"'))
        _, end = json.JSONDecoder().raw_decode(text, start)
        if json.loads(text[start:end]) != members[name]:
            raise StatementsUnusable(f"two readings of {name}")
        return text[start:end], signature
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, EncodingError) as error:
        raise StatementsUnusable(f"no {name} with a signature") from error
