"""What a contract on a chain says about a build: asked only where the user said that the truth is.

Contract, chain and RPC address come from the user's trust policy, never from the service under test: a service
could name a contract of its own. An RPC is believed as far as its user chose it; what it sends that is odd in any
way makes the answer unknown, which is no approval.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError, EncodingError
from attestation.keccak import keccak256
from attestation.reproduce import releases
from attestation.reproduce.errors import RegistryAnswerMalformed
from attestation.reproduce.releases import Release
from hmctl.client import outside
from hmctl.client.outside import OutsideFailed, Request
from hmctl.errors import BadInput

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_QUANTITY: Final = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,15})")
_LARGEST_CHAIN_ID: Final = 2**53 - 1
_LARGEST_ANSWER: Final = 64 * 1024
_TIMEOUT_SECONDS: Final = 10.0


class Verdict(StrEnum):
    """What the registry says about a build."""

    APPROVED = "approved"
    REFUSED = "refused"  # revoked, or never registered: the contract does not tell these apart
    UNKNOWN = "unknown"  # it could not be asked, or the answer cannot be relied on


@dataclass(frozen=True)
class Registry:
    """A contract on a chain and the RPC to ask. The RPC's address may hold a credential and is not shown."""

    contract: str
    chain_id: int
    rpc_url: str

    def __repr__(self) -> str:
        return f"Registry({self.contract} on chain {self.chain_id})"


@dataclass(frozen=True, kw_only=True)
class RegistryAnswer:
    """The verdict with a sentence for people. Times are unix seconds, 0 for never or not known."""

    verdict: Verdict
    reason: str
    commit: str = ""
    uri: str = ""
    approved_at: int = 0
    revoked_at: int = 0


def parse_registry(contract: object, chain_id: object, rpc_url: object) -> Registry:
    """A registry as a user writes it down (BadInput when it cannot be one).

    An address in mixed case must carry the right checksum (EIP-55); the RPC is https, or http on this machine.
    """
    if not isinstance(contract, str) or not _ADDRESS.fullmatch(contract) or not _checksum_holds(contract):
        raise BadInput("the registry's contract is not an address of 0x and 40 hex digits, or has a typing error")
    if isinstance(chain_id, bool) or not isinstance(chain_id, int) or not 0 < chain_id <= _LARGEST_CHAIN_ID:
        raise BadInput("the registry's chain_id is not a positive whole number")
    try:
        outside.checked_address(rpc_url if isinstance(rpc_url, str) else "")
    except OutsideFailed as problem:
        raise BadInput(f"the registry's rpc_url is {problem}") from None
    return Registry(contract.lower(), chain_id, str(rpc_url))


def lookup(registry: Registry, compose_hash: str, *, timeout_seconds: float = _TIMEOUT_SECONDS) -> RegistryAnswer:
    """Asks about a proven build (64 lowercase hex digits); never raises. `timeout_seconds` is for each question."""
    rpc = _Rpc(registry, timeout_seconds)
    try:
        about = releases.ask_allowed(compose_hash), releases.ask_release(compose_hash)
        chain_id = rpc.quantity("eth_chainId")
        if chain_id != registry.chain_id:
            return _unknown(f"the RPC serves chain {chain_id}, not chain {registry.chain_id}")
        allowed = releases.read_allowed(rpc.call(about[0]))
        release = releases.read_release(rpc.call(about[1]))
    except EncodingError:
        return _unknown("there is no proven build to ask about")
    except OutsideFailed as problem:
        return _unknown(str(problem))
    except (RegistryAnswerMalformed, CanonicalError):
        return _unknown(RegistryAnswerMalformed.sentence[:-1].lower())
    return _judge(allowed, release)


def _judge(allowed: bool, release: Release) -> RegistryAnswer:
    if allowed != release.approved:
        return _unknown("the registry contradicts itself about this build")
    if allowed and (not release.approved_at or release.revoked_at > release.approved_at):
        return _unknown("the registry's times for this build contradict its approval")
    verdict = Verdict.APPROVED if allowed else Verdict.REFUSED
    return RegistryAnswer(
        verdict=verdict,
        reason="the registry approves this build" if allowed else _why_refused(release),
        commit=release.commit,
        uri=release.uri,
        approved_at=release.approved_at,
        revoked_at=release.revoked_at,
    )


def _why_refused(release: Release) -> str:
    return "the registry revoked this build" if release.revoked_at else "the registry does not approve this build"


def _unknown(reason: str) -> RegistryAnswer:
    return RegistryAnswer(verdict=Verdict.UNKNOWN, reason=reason)


def _checksum_holds(contract: str) -> bool:
    """Letters of one case carry no checksum (EIP-55)."""
    digits = contract.removeprefix("0x")
    if digits in (digits.lower(), digits.upper()):
        return True
    nibbles = keccak256(digits.lower().encode("ascii")).hex()
    return all(
        digit.isdigit() or digit.isupper() == (int(by, 16) > 7) for digit, by in zip(digits, nibbles[:40], strict=True)
    )


class _Rpc:
    """Single JSON-RPC 2.0 questions to one address."""

    def __init__(self, registry: Registry, timeout_seconds: float) -> None:
        self._registry = registry
        self._timeout_seconds = timeout_seconds
        self._asked = 0

    def call(self, data: bytes) -> bytes:
        """What the contract returns at the latest block."""
        target = {"to": self._registry.contract, "data": f"0x{data.hex()}"}
        return releases.read_result(self._ask("eth_call", [target, "latest"]))

    def quantity(self, method: str) -> int:
        """A number that the RPC answers without parameters."""
        result = self._ask(method, [])
        if not isinstance(result, str) or not _QUANTITY.fullmatch(result):
            raise RegistryAnswerMalformed
        return int(result, 16)

    def _ask(self, method: str, params: list[object]) -> object:
        self._asked += 1
        question = {"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params}
        request = Request(
            self._registry.rpc_url,
            timeout_seconds=self._timeout_seconds,
            largest_body=_LARGEST_ANSWER,
            json=question,
        )
        answer = ROOM_V1.decode_strict(outside.fetch(request))
        return _result(answer, self._asked)


def _result(answer: object, asked: int) -> object:
    """The result of exactly this question; an error object, as for a reverted call, is none."""
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
        raise RegistryAnswerMalformed
    if type(answer.get("id")) is not int or answer["id"] != asked or answer.get("error") is not None:
        raise RegistryAnswerMalformed
    return answer.get("result")
