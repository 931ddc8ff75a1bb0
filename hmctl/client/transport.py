"""HTTP with one service: no redirects, bounded bodies, a deadline for every call, and errors in plain words.

Messages are made from the kind of failure, never from a library's text: some of those quote headers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final, Literal
from urllib.parse import quote

import httpx

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError
from hmctl import exits, io
from hmctl.client import channel, failures
from hmctl.client.bodies import Body
from hmctl.client.channel import CertificateRefused, Channel
from hmctl.client.plain import PlainTransport
from hmctl.clock import Clock, SystemClock
from hmctl.errors import BadAnswer, BadInput, HttpFailed, TimedOut, TransportFailed, TrustRefused
from hmctl.secret import Secret
from hmctl.services import Service

JsonObject = dict[str, object]
Method = Literal["GET", "POST", "DELETE"]
_LARGEST_BODY: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """The file part of a multipart form. `on_sent` is told how many of its bytes have left."""

    filename: str
    content: bytes
    media_type: str = "application/gzip"
    on_sent: Callable[[int], None] | None = field(default=None, compare=False)


class _Watched(BytesIO):
    """Bytes that tell how far they were read."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(upload.content)
        self._on_sent = upload.on_sent

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file."""
        part = super().read(size)
        if self._on_sent is not None:
            self._on_sent(self.tell())
        return part


@dataclass(frozen=True)
class Call:
    """One request. `path` is already quoted (see `path_of`); `largest_body` bounds the answer in bytes.

    `on_part` is told how many bytes of the answer have come so far.
    """

    method: Method
    path: str
    timeout_seconds: float
    bearer: Secret | None = None
    payer: Secret | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: JsonObject | None = None
    form: Mapping[str, str] | None = None
    upload: Upload | None = None
    largest_body: int = _LARGEST_BODY
    on_part: Callable[[int], None] | None = None


@dataclass(frozen=True)
class Answer:
    """A successful answer, read whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> object:
        """The body as JSON that can be read in one way only (BadAnswer for everything else)."""
        try:
            return ROOM_V1.decode_strict(self.content)
        except CanonicalError:
            start = io.one_line(self.content[:200].decode("utf-8", "replace"), width=80)
            raise BadAnswer(
                f"the service answered {self.status} but not with plain JSON: {start!r}",
                hint="Is this the address of a Hivemind service?",
            ) from None

    def object(self) -> JsonObject:
        """The body as a JSON object (BadAnswer otherwise)."""
        value = self.json()
        if not isinstance(value, dict):
            raise BadAnswer("the service answered with JSON of another shape than this protocol has")
        return value

    def array(self) -> list[JsonObject]:
        """The body as a JSON array of objects (BadAnswer otherwise)."""
        value = self.json()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise BadAnswer("the service answered with JSON of another shape than this protocol has")
        return value


class Transport:
    """One service over kept-alive connections that all show one certificate. Safe to share between threads.

    Cannot be made for a remote service in the clear (TrustRefused). No authority vouches for the certificate until
    `require_authority` is called; before that, only evidence that names it may lead to a secret being sent.
    """

    def __init__(
        self,
        service: Service,
        *,
        codes: exits.Codes = exits.ROOM,
        terminal: io.Terminal | None = None,
        clock: Clock | None = None,
    ) -> None:
        if service.scheme != "https" and not service.is_loopback:
            raise TrustRefused(
                f"{service.url} is remote and not https: evidence and keys could be read or replaced on the way",
                hint="Use its https address.",
                code="not_https",
                check=channel.CHECK,
            )
        self.service = service
        self._codes = codes
        self._terminal = terminal or io.Terminal()
        self._clock = clock or SystemClock()
        self.channel = Channel(service, clock=self._clock)
        self._http = self._connections()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def require_authority(self) -> None:
        """Gives up all connections; later ones are made only if an authority vouches for the certificate seen first.

        Not to be called while another thread is sending.
        """
        self._http.close()
        self.channel.require_authority()
        self._http = self._connections()

    def send(self, call: Call) -> Answer:
        """The answer, if its status is 2xx; TransportFailed, HttpFailed or BadAnswer otherwise."""
        started = self._clock.steady()
        try:
            status, headers, content = self._exchange(call)
        except httpx.TimeoutException:
            message = f"no answer from {self.service.url} within {call.timeout_seconds:g} s"
            raise TimedOut(message, exit_code=self._codes.transport) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as problem:
            raise self._unreachable(problem) from None
        except UnicodeEncodeError:
            raise BadInput("a text to send is not valid Unicode") from None
        elapsed = (self._clock.steady() - started) * 1000
        self._terminal.trace(f"{call.method} {call.path} {status} {elapsed:.0f} ms")
        if 200 <= status < 300:
            return Answer(status, headers, content)
        raise self._refused(status, headers, content)

    def _exchange(self, call: Call) -> tuple[int, Mapping[str, str], bytes]:
        deadline = self._clock.steady() + call.timeout_seconds
        with self.channel.until(deadline):
            return self._stream(call, deadline)

    def _stream(self, call: Call, deadline: float) -> tuple[int, Mapping[str, str], bytes]:
        files = None
        if call.upload is not None:
            files = {"archive": (call.upload.filename, _Watched(call.upload), call.upload.media_type)}
        with self._http.stream(
            call.method,
            call.path,
            headers=_headers(call),
            params=dict(call.params) or None,
            json=call.body,
            data=dict(call.form) if call.form is not None else None,
            files=files,
            timeout=call.timeout_seconds,
        ) as response:
            return response.status_code, response.headers, self._read(response, call, deadline)

    def _read(self, response: httpx.Response, call: Call, deadline: float) -> bytes:
        body = Body(largest=call.largest_body, encoding=response.headers.get("content-encoding", ""))
        for part in response.iter_raw():
            size = body.take(part)
            if self._clock.steady() > deadline:
                raise httpx.ReadTimeout("deadline")
            if call.on_part is not None:
                call.on_part(size)
        return body.finish()

    def _connections(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.service.url,
            follow_redirects=False,
            trust_env=not self.service.is_loopback,
            transport=None if self.service.scheme == "https" else PlainTransport(self.channel),
            verify=self.channel.context,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
        )

    def _unreachable(self, problem: Exception) -> TransportFailed | TrustRefused:
        refused = _refusal_behind(problem)
        if refused is not None:
            return TrustRefused(refused.message, hint=refused.remedy, code=refused.code, check=channel.CHECK)
        reason, hint = failures.in_words(problem)
        message = f"cannot reach {self.service.url}: {reason}"
        return TransportFailed(message, hint=hint, exit_code=self._codes.transport)

    def _refused(self, status: int, headers: Mapping[str, str], content: bytes) -> HttpFailed:
        detail, explained = failures.detail_of(status, headers, content)
        return HttpFailed(
            status,
            detail,
            explained=explained,
            retry_after_seconds=failures.retry_after(headers),
            hint=failures.hint_for(status, detail, failures.code_of(content)),
            exit_code=self._codes.http,
        )


def path_of(*parts: str) -> str:
    """`/v1/…` with every part quoted whole, so that no id can reach another route."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def _refusal_behind(problem: BaseException) -> CertificateRefused | None:
    cause: BaseException | None = problem
    while cause is not None and not isinstance(cause, CertificateRefused):
        cause = cause.__cause__ or cause.__context__
    return cause


def _headers(call: Call) -> dict[str, str]:
    headers = dict(call.headers)
    if call.bearer is not None:
        headers["Authorization"] = f"Bearer {call.bearer.reveal()}"
    if call.payer is not None:
        headers["X-Hivemind-Api-Key"] = call.payer.reveal()
    return headers
