"""A model service that fails, as an agent meets it."""

from __future__ import annotations

import time

import pytest

ASK = {"messages": [{"role": "user", "content": "hello?"}], "model": "m", "max_tokens": 50}
PATHS = ["/llm/chat", "/v1/chat/completions", "/v1/messages"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("status", "code"), [(429, "upstream_busy"), (500, "upstream_failed"), (401, "upstream_rejected")]
)
def test_an_upstream_error_is_a_500_in_json_and_costs_nothing(open_room, upstream, path, status, code):
    for _ in range(3):
        upstream.answer({"error": {"message": "key sk-operator-secret is out of credit"}}, status=status)
    room = open_room(upstream=upstream)
    answer = room.client.post(path, json=ASK)
    assert answer.status_code == 500
    assert answer.json()["code"] == code
    assert "sk-operator" not in answer.text
    assert room.session.budget.snapshot()["calls"] == 0


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_failure_is_not_seen_by_the_agent(open_room, upstream, status):
    upstream.answer({}, status=status)
    upstream.answer({}, status=status, headers={"Retry-After": "0"})
    room = open_room(upstream=upstream)
    assert room.client.post("/llm/chat", json=ASK).json()["content"] == "hello"
    assert len(upstream.seen) == 3
    assert room.session.budget.snapshot()["calls"] == 1


def test_an_error_in_a_200_answer_is_an_error(open_room, upstream):
    upstream.answer({"error": {"code": 402, "message": "no credit"}})
    answer = open_room(upstream=upstream).client.post("/llm/chat", json=ASK)
    assert (answer.status_code, answer.json()["code"]) == (500, "upstream_rejected")


@pytest.mark.parametrize("payload", [{}, [], {"choices": []}, {"choices": [{}]}, {"choices": [{"message": 5}]}])
def test_nonsense_from_upstream_is_an_error(open_room, upstream, payload):
    upstream.answer(payload)
    answer = open_room(upstream=upstream).client.post("/llm/chat", json=ASK)
    assert (answer.status_code, answer.json()["code"]) == (500, "upstream_garbled")


def test_a_silent_service_times_out(open_room, upstream):
    upstream.hang(5)
    room = open_room(upstream=upstream, timeout=0.2)
    answer = room.client.post("/llm/chat", json=ASK)
    assert (answer.status_code, answer.json()["code"]) == (500, "upstream_timeout")
    assert len(upstream.seen) == 1
    assert room.client.post("/llm/chat", json=ASK).status_code == 200


def test_the_stages_deadline_ends_a_call(open_room, upstream):
    upstream.hang(20)
    room = open_room(upstream=upstream, timeout=30.0, deadline=time.monotonic() + 0.3)
    started = time.monotonic()
    answer = room.client.post("/llm/chat", json=ASK)
    assert (answer.status_code, answer.json()["code"]) == (500, "deadline_reached")
    assert time.monotonic() - started < 2


def test_a_wait_that_would_outlast_the_deadline_is_not_begun(open_room, upstream):
    upstream.answer({}, status=429, headers={"Retry-After": "20"})
    room = open_room(upstream=upstream, deadline=time.monotonic() + 5)
    started = time.monotonic()
    answer = room.client.post("/llm/chat", json=ASK)
    assert (answer.status_code, answer.json()["code"]) == (500, "upstream_busy")
    assert time.monotonic() - started < 2


def test_a_slow_stream_of_one_stage_does_not_hold_up_another(open_room, upstream):
    upstream.stream(*[{"content": "w"}] * 20, pause=0.1)
    slow = open_room(upstream=upstream)
    quick = open_room(upstream=upstream, token="bobs-session-token-0123456789abcdef")
    with slow.client.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as answer:
        next(answer.iter_lines())
        started = time.monotonic()
        assert quick.client.post("/llm/chat", json=ASK).status_code == 200
        assert time.monotonic() - started < 0.5


def test_usage_before_a_failure_is_kept(open_room, upstream):
    room = open_room(upstream=upstream)
    room.client.post("/llm/chat", json=ASK)
    upstream.answer({}, status=400)
    assert room.client.post("/llm/chat", json=ASK).status_code == 500
    usage = room.stage.close().as_dict()
    assert (usage["calls"], usage["total_tokens"], usage["bridge"]["llm_calls"]) == (1, 18, 1)


def test_a_service_that_is_not_there_is_an_error(open_room, upstream):
    class Nowhere:
        url = "http://127.0.0.1:9/v1"

    answer = open_room(upstream=Nowhere()).client.post("/llm/chat", json=ASK)
    assert (answer.status_code, answer.json()["code"]) == (500, "upstream_unreachable")
