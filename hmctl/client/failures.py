"""Why a call failed, in words for people."""

import json
from collections.abc import Mapping
from typing import Final

import httpx

from hmctl import io

_LONGEST_DETAIL: Final = 600
_HINTS: Final = {
    "max_cost_exceeded": "`hmctl room quote ROOM` shows why.",
    "spend_limit_reached": "Ask again, or use a token with a higher limit (`hmctl spend-tokens mint`).",
    "spend_token_elsewhere": "Ask with a token made for this room and this address of the service.",
    "bad_payer": "The paying key or token is unknown there: revoked, rotated, expired, or of another service.",
    "no_payer": "Choose the paying profile with --profile NAME before the command, or give --payer-key.",
    "price_missing": "Choose another model, or ask the operator for a price.",
}


def in_words(problem: Exception) -> tuple[str, str]:
    """What went wrong on the way, and a hint. Takes system error texts, never a library's own message."""
    cause: BaseException | None = problem
    while cause is not None:
        text = str(cause)
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return "its certificate is not trusted by this machine", "Check the address and the clock."
        if "WRONG_VERSION_NUMBER" in text:
            return "it does not speak TLS", "Is the address http:// rather than https://?"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.strip().lower(), "Check the address, and that the service is running."
        cause = cause.__cause__ or cause.__context__
    if isinstance(problem, httpx.ConnectError):
        return "no connection", "Check the address, and that the service is running."
    if isinstance(problem, httpx.ProxyError):
        return "the proxy refused", "Check HTTPS_PROXY and NO_PROXY."
    if isinstance(problem, httpx.DecodingError):
        return "its answer is garbled", ""
    return "the connection broke", "Try again; if it stays so, look at the service's log."


def detail_of(status: int, headers: Mapping[str, str], content: bytes) -> tuple[str, bool]:
    """The service's own words, and whether it really explained itself (a gateway does not)."""
    if 300 <= status < 400:
        target = io.one_line(headers.get("location", ""), width=120)
        return f"redirected to {target or 'nowhere'}, which is not followed", False
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return _unexplained(status, headers, content), False
    if isinstance(body, dict):
        for name in ("detail", "error"):
            words = _words(body.get(name))
            if words:
                return words, name == "detail"
    return f"no explanation (status {status})", False


def code_of(content: bytes) -> str:
    """The stable code that newer services put beside the detail, empty if there is none."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After`, when it is given as a number."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None


def hint_for(status: int, detail: str, code: str = "") -> str:
    """What a user can do about the usual refusals."""
    if code in _HINTS:
        return _HINTS[code]
    if "is sealed" in detail:
        return "The owner has to use the room once (for example `hmctl room data ROOM`) to open it again."
    if status == 401:
        return "The key or link is unknown to this service: revoked, rotated, or of another service."
    if status == 402:
        return "See what is left with `hmctl balance`; add credit with `hmctl redeem-credit -`, or ask the operator."
    if status == 429:
        return "Too many requests; wait a moment."
    if 300 <= status < 400 or (status >= 502 and "HTML" in detail):
        return "Is this the address of a Hivemind service, and is it up behind its gateway?"
    return ""


def _words(value: object) -> str:
    if isinstance(value, str):
        return io.one_line(value, width=_LONGEST_DETAIL)
    if isinstance(value, list):
        parts = [_field_error(item) for item in value[:8]]
        return io.one_line("; ".join(part for part in parts if part), width=_LONGEST_DETAIL)
    return ""


def _field_error(item: object) -> str:
    if not isinstance(item, dict):
        return ""
    places = item.get("loc")
    where = ".".join(str(place) for place in places[1:]) if isinstance(places, list) else ""
    message = item.get("msg")
    words = message if isinstance(message, str) else "not acceptable"
    return f"{where}: {words}" if where else words


def _unexplained(status: int, headers: Mapping[str, str], content: bytes) -> str:
    text = content[:400].decode("utf-8", "replace")
    if "html" in headers.get("content-type", "").lower() or "<html" in text.lower():
        return "an HTML page instead of an explanation"
    return io.one_line(text, width=120) or f"no explanation (status {status})"
