"""Asking a provider for next to nothing, to see whether it answers: for the operator, not for a stage.

Unlike the gateway it tells what the provider wrote, so nothing of the key that was sent may be in it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from runner.llm.providers import LlmRoute
from runner.llm.requests import ChatRequest

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
MAX_TOKENS = 5
HEAD_CHARS = 200
ERROR_CHARS = 300
READ_BYTES = 4096
# Any piece of the key of this length is hidden, wherever it is.
PIECE_CHARS = 6
HIDDEN = "*"


@dataclass(frozen=True)
class Probe:
    """What came of it: a status and the beginning of the body, or the kind of error and its text."""

    elapsed_ms: int
    status_code: int | None = None
    body_head: str = ""
    error_class: str = ""
    error: str = ""


def probe(route: LlmRoute) -> Probe:
    """Send one completion of a few tokens. Takes 20 seconds or so at the most, and raises nothing."""
    key, started = route.provider.api_key, time.monotonic()
    try:
        status, body = _ask(route, until=started + CONNECT_SECONDS + READ_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        text = hidden(str(error), key)[:ERROR_CHARS]
        return Probe(_elapsed_ms(started), error_class=type(error).__name__, error=text)
    text = body.decode("utf-8", "replace")
    return Probe(_elapsed_ms(started), status_code=status, body_head=hidden(text, key)[:HEAD_CHARS])


def hidden(text: str, secret: str) -> str:
    """`text` with every piece of `secret` that is in it, in any case, hidden by as many stars."""
    size = min(PIECE_CHARS, len(secret))
    if not size:
        return text
    pieces = {secret[start : start + size].lower() for start in range(len(secret) - size + 1)}
    lowered, stars = text.lower(), set[int]()
    for start in range(len(text) - size + 1):
        if lowered[start : start + size] in pieces:
            stars.update(range(start, start + size))
    return "".join(HIDDEN if place in stars else char for place, char in enumerate(text))


def _ask(route: LlmRoute, *, until: float) -> tuple[int, bytes]:
    provider = route.provider
    question = ChatRequest(messages=[{"role": "user", "content": "ping"}])
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    headers = {"Authorization": f"Bearer {provider.api_key}", "Content-Type": "application/json"}
    with (
        httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client,
        client.stream(
            "POST",
            provider.chat_url,
            headers=headers | {"Accept-Encoding": "identity"},
            content=question.upstream_body(model=route.model, max_tokens=MAX_TOKENS, stream=False),
        ) as response,
    ):
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) >= READ_BYTES or time.monotonic() > until:
                break
        return response.status_code, bytes(body[:READ_BYTES])


def _elapsed_ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
