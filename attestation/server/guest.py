"""The guest agent of a dstack machine: its calls over a socket, with typed answers, bounds in time and size.

Whatever it answers is a claim until the quote in it was verified. Neither answers nor keys are ever logged.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from attestation.encoding import unb64, unhex
from attestation.errors import EncodingError, KernelError, ManifestError
from attestation.evidence.collateral import Collateral, parse_collateral
from attestation.evidence.recovery import SIGNATURE_BYTES
from attestation.evidence.roots import DevelopmentRoot
from attestation.reading import Reader
from attestation.server.errors import (
    GuestAgentMalformed,
    GuestAgentRefused,
    GuestAgentSlow,
    GuestAgentUnreachable,
)

MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
_KEY_BYTES: Final = 32
_KEY_KIND: Final = "secp256k1"
_SIGNATURES: Final = 2


@dataclass(frozen=True)
class GuestQuote:
    """A quote with the log behind its registers, and the configuration document if the agent has one."""

    quote: bytes = field(repr=False)
    event_log_json: str = field(repr=False)
    config_document: str = field(default="", repr=False)


@dataclass(frozen=True)
class IssuedKey:
    """A secret of this application, and the signatures that vouch for it: the application's, then its key service's.

    Without the two there are none.
    """

    secret: bytes = field(repr=False)
    signatures: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GuestInfo:
    """What the agent says about its machine, hex in lowercase. Empty: it does not say."""

    app_id: str
    instance_id: str
    compose_hash: str
    mr_aggregated: str


@dataclass(frozen=True)
class DevelopmentStatements:
    """What a verifier needs to accept the quotes of a stand-in: its root and the statements below it."""

    root: DevelopmentRoot
    collateral: Collateral


class GuestAgent:
    """The agent at `endpoint`, a socket's path or a URL. Each call ends after `call_seconds`.

    Every method raises GuestAgentUnreachable, GuestAgentSlow, GuestAgentRefused or GuestAgentMalformed. Safe to
    use from several threads.
    """

    def __init__(self, endpoint: str, *, call_seconds: float) -> None:
        is_url = endpoint.startswith(("http://", "https://"))
        # One connection a call, so that an agent that was restarted is met by no stale one.
        limits = httpx.Limits(max_keepalive_connections=0)
        secured = endpoint.startswith("https://")
        transport = httpx.HTTPTransport(verify=secured, uds=None if is_url else endpoint, limits=limits)
        self._call_seconds = call_seconds
        self._http = httpx.Client(
            base_url=endpoint if is_url else "http://guest-agent",
            transport=transport,
            timeout=call_seconds,
            trust_env=False,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def key(self, path: str) -> bytes:
        """The secret of this application for `path`: the same in every process and after every start."""
        return self.issued(path).secret

    def issued(self, path: str) -> IssuedKey:
        """That secret with what vouches for it."""
        answer = self._call("/GetKey", path=path, purpose="", algorithm=_KEY_KIND)
        key = _hex(answer, "key")
        if len(key) < _KEY_BYTES:
            raise GuestAgentMalformed
        return IssuedKey(key, _signatures(answer))

    def quote(self, report_data: bytes) -> GuestQuote:
        """A new quote over these 64 bytes."""
        answer = self._call("/GetQuote", report_data=report_data.hex())
        settings = _object(answer, "vm_config")
        document = settings.get("mr_config", "")
        return GuestQuote(
            quote=_hex(answer, "quote"),
            event_log_json=_text(answer, "event_log"),
            config_document=document if isinstance(document, str) else "",
        )

    def info(self) -> GuestInfo:
        """What the agent says about its machine."""
        answer = self._call("/Info")
        measured = _object(answer, "tcb_info")
        return GuestInfo(
            app_id=_claim(answer, "app_id"),
            instance_id=_claim(answer, "instance_id"),
            compose_hash=_claim(answer, "compose_hash") or _claim(measured, "compose_hash"),
            mr_aggregated=_claim(measured, "mr_aggregated") or _claim(answer, "mr_aggregated"),
        )

    def development(self) -> DevelopmentStatements:
        """The root and statements of a stand-in. Agents of real machines refuse this call."""
        answer = self._call("/Development")
        try:
            root = DevelopmentRoot(unb64(_text(answer, "root_ca_der_b64")))
            return DevelopmentStatements(root, parse_collateral(_text(answer, "collateral").encode("utf-8")))
        except (KernelError, UnicodeEncodeError) as error:
            raise GuestAgentMalformed from error

    def _call(self, call: str, /, **members: str) -> Mapping[str, Any]:
        until = time.monotonic() + self._call_seconds
        try:
            with self._http.stream("POST", call, json=members) as response:
                body = _read(response, until=until)
                status = response.status_code
        except httpx.TimeoutException as error:
            raise GuestAgentSlow from error
        except httpx.HTTPError as error:
            raise GuestAgentUnreachable from error
        if status != httpx.codes.OK:
            raise GuestAgentRefused
        return _parsed(body)


def _read(response: httpx.Response, *, until: float) -> bytes:
    """The whole body, which may take no longer than `until` whatever the pace at which it drips."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise GuestAgentMalformed
        if time.monotonic() > until:
            raise GuestAgentSlow
    return bytes(body)


def _parsed(body: bytes | str) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise GuestAgentMalformed from None  # the error carries the text, which may hold a key
    if not isinstance(answer, Mapping):
        raise GuestAgentMalformed
    return answer


def _text(answer: Mapping[str, Any], name: str) -> str:
    try:
        return Reader(answer).text(name)
    except ManifestError as error:
        raise GuestAgentMalformed from error


def _hex(answer: Mapping[str, Any], name: str) -> bytes:
    try:
        return unhex(_claim(answer, name))
    except EncodingError as error:
        raise GuestAgentMalformed from error


def _signatures(answer: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Both signatures, or none: agents without a key service have nothing to put there."""
    try:
        texts = Reader(answer).texts("signature_chain") if "signature_chain" in answer else ()
        found = tuple(unhex(text.lower().removeprefix("0x")) for text in texts)
    except (ManifestError, EncodingError) as error:
        raise GuestAgentMalformed from error
    whole = len(found) == _SIGNATURES and all(len(signature) == SIGNATURE_BYTES for signature in found)
    return found if whole else ()


def _claim(answer: Mapping[str, Any], name: str) -> str:
    """Hex as different versions write it."""
    return _text(answer, name).lower().removeprefix("0x") if name in answer else ""


def _object(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object, or the JSON text of one; nothing at all is an empty one."""
    value = answer.get(name) or {}
    if isinstance(value, str):
        return _parsed(value)
    if not isinstance(value, Mapping):
        raise GuestAgentMalformed
    return value
