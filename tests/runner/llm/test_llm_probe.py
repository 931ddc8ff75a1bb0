"""Hiding a key in what a provider wrote, and asking it for next to nothing."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from aiohttp import web

from runner.llm import probe as llm_probe
from runner.llm.probe import Probe, hidden, probe
from runner.llm.providers import LlmRoute, Provider

KEY = "sk-or-v1-0123456789abcdefABCDEF"


def ask(url: str, key: str = KEY) -> Probe:
    return probe(LlmRoute(Provider("p", url, key), "m/x"))


def leaks(text: str, key: str = KEY) -> bool:
    """Whether six characters of the key in a row are in the text."""
    return any(key[start : start + 6].lower() in text.lower() for start in range(len(key) - 5))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"no {KEY} here", f"no {'*' * len(KEY)} here"),
        (f"{KEY}{KEY}", "*" * 2 * len(KEY)),
        (f"key {KEY[:12]}... is wrong", f"key {'*' * 12}... is wrong"),
        (KEY.upper(), "*" * len(KEY)),
        ("nothing of it", "nothing of it"),
        ("", ""),
    ],
)
def test_every_piece_of_a_key_is_hidden(text: str, shown: str) -> None:
    assert hidden(text, KEY) == shown


def test_a_short_key_is_hidden_whole_and_no_key_hides_nothing() -> None:
    assert hidden("abc is abcd", "abc") == "*** is ***d"
    assert hidden("abc", "") == "abc"


def test_five_tokens_are_asked_for_and_the_beginning_of_the_answer_is_told(upstream) -> None:
    upstream.answer({"text": "ü" * 1000})
    done = ask(upstream.url)
    assert (done.status_code, done.error, done.error_class) == (200, "", "")
    assert done.body_head.startswith('{"text": "') and len(done.body_head) == 200
    assert 0 <= done.elapsed_ms < 5000
    seen = upstream.seen[0]
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert (seen.body["model"], seen.body["max_tokens"]) == ("m/x", 5)


@pytest.mark.parametrize("status", [307, 401, 404, 429, 500])
def test_a_refusal_is_told_as_it_came_and_a_redirect_is_not_followed(upstream, status) -> None:
    upstream.answer({"error": "no"}, status=status, headers={"Location": upstream.url + "/chat/completions"})
    done = ask(upstream.url)
    assert (done.status_code, done.body_head, len(upstream.seen)) == (status, '{"error": "no"}', 1)


@pytest.mark.parametrize("before", range(150, 201, 10))
def test_a_provider_that_echoes_the_key_does_not_leak_it_at_any_edge(upstream, before) -> None:
    upstream.answer({"error": "x" * before + f"Bearer {KEY} {KEY} {KEY}"}, status=401)
    done = ask(upstream.url)
    assert not leaks(done.body_head) and len(done.body_head) == 200


def test_a_long_answer_full_of_the_key_does_not_leak_it_where_reading_stops(upstream) -> None:
    upstream.answer({"error": KEY * 1000}, status=401)
    assert not leaks(ask(upstream.url).body_head)


@pytest.mark.parametrize("key", [KEY + "\n", KEY + "\r\nX-Evil: 1", f"{KEY}ü", "\x00" + KEY])
def test_a_key_that_no_header_can_carry_is_an_error_without_it(upstream, key) -> None:
    done = ask(upstream.url, key)
    assert done.status_code is None and done.error_class
    assert not leaks(done.error) and len(done.error) <= 300
    assert upstream.seen == []


def test_a_provider_that_is_not_there_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        done = ask(f"http://127.0.0.1:{free.getsockname()[1]}/v1")
    assert (done.status_code, done.error_class) == (None, "ConnectError")
    assert done.error


@pytest.mark.parametrize("host", ["a" * 300, "xn--\u0441", "[::1", "no.such.host.invalid"])
def test_an_address_that_leads_nowhere_raises_nothing(host: str) -> None:
    try:
        provider = Provider("p", f"http://{host}/v1", KEY)
    except ValueError:
        return
    done = probe(LlmRoute(provider, "m"))
    assert done.status_code is None and done.error_class


def test_a_provider_that_stays_silent_is_given_up(upstream, monkeypatch) -> None:
    monkeypatch.setattr(llm_probe, "READ_SECONDS", 0.3)
    upstream.hang(10)
    done = ask(upstream.url)
    assert done.error_class == "ReadTimeout" and done.elapsed_ms < 3000


def test_a_provider_that_drips_does_not_hold_the_probe(upstream, monkeypatch) -> None:
    async def drip(request, _body):
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.1)

    monkeypatch.setattr(llm_probe, "READ_SECONDS", 0.5)
    monkeypatch.setattr(llm_probe, "CONNECT_SECONDS", 0.5)
    upstream.default = drip
    started = time.monotonic()
    assert ask(upstream.url).status_code == 200
    assert time.monotonic() - started < 5


def test_nothing_of_the_environment_is_used(upstream, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert ask(upstream.url).status_code == 200
