"""The tool endpoints."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest


def test_the_tools_are_listed_as_a_bare_array(open_room, make_tools):
    room = open_room(tools=make_tools({"execute_sql": lambda sql: sql, "get_schema": lambda: "[]"}))
    listed = room.client.get("/tools").json()
    assert [tool["function"]["name"] for tool in listed] == ["execute_sql", "get_schema"]
    assert {tool["type"] for tool in listed} == {"function"}


def test_a_mediator_has_no_tools(open_room, make_tools):
    assert open_room(role="mediator", tools=make_tools({})).client.get("/tools").json() == []


def test_a_tool_gets_its_arguments_and_answers_in_the_envelope(open_room):
    answer = open_room().client.post("/tools/echo", json={"arguments": {"text": "grüße 😀"}})
    assert (answer.status_code, answer.json()) == (200, {"result": "grüße 😀", "error": None})


@pytest.mark.parametrize("body", [{}, {"arguments": {}}, {"arguments": {}, "more": 1}])
def test_arguments_may_be_left_out(open_room, body):
    assert open_room().client.post("/tools/echo", json=body).json() == {"result": "", "error": None}


def test_an_unknown_tool_is_an_answer_that_names_the_others(open_room):
    answer = open_room().client.post("/tools/drop_table", json={})
    assert answer.status_code == 200
    assert answer.json()["result"] == ""
    assert "echo" in answer.json()["error"]


@pytest.mark.parametrize("name", ["..%2f..%2fhealth", "%00", "a%20b", "x" * 500])
def test_odd_tool_names_are_only_unknown(open_room, name):
    answer = open_room().client.post(f"/tools/{name}", json={})
    assert (answer.status_code, answer.json()["result"]) == (200, "")


def test_a_wrong_argument_is_an_answer(open_room):
    answer = open_room().client.post("/tools/echo", json={"arguments": {"nonsense": 1}})
    assert answer.status_code == 200
    assert "nonsense" in answer.json()["error"]


def test_a_registry_that_breaks_says_nothing_of_why(open_room, make_tools, caplog):
    tools = make_tools({"echo": str}, raises=RuntimeError("postgres://user:hunter2@db"))
    with caplog.at_level(logging.DEBUG):
        answer = open_room(tools=tools).client.post("/tools/echo", json={})
    assert (answer.status_code, answer.json()["result"]) == (200, "")
    assert "hunter2" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_a_result_that_is_not_text_never_reaches_the_agent(open_room, make_tools):
    tools = make_tools({"rows": lambda: [1, 2]})
    answer = open_room(tools=tools).client.post("/tools/rows", json={}).json()
    assert answer == {"result": "", "error": "The tool failed."}


def test_a_slow_tool_of_one_stage_does_not_hold_up_another(open_room, make_tools):
    release = threading.Event()
    slow = open_room(tools=make_tools({"sleep": lambda: str(release.wait(10))}), tool_workers=2)
    quick = open_room(token="bobs-session-token-0123456789abcdef")
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(slow.client.post, "/tools/sleep", json={}) for _ in range(8)]
        time.sleep(0.2)
        started = time.monotonic()
        assert quick.client.post("/tools/echo", json={}).status_code == 200
        assert time.monotonic() - started < 1.0
        release.set()
        assert [call.result().status_code for call in calls] == [200] * 8


def test_no_more_tools_run_at_once_than_the_stage_may(open_room, make_tools):
    running, most, lock = 0, 0, threading.Lock()

    def count() -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return "ok"

    room = open_room(tools=make_tools({"count": count}), tool_workers=3)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: room.client.post("/tools/count", json={}), range(12)))
    assert {answer.json()["result"] for answer in answers} == {"ok"}
    assert most == 3


def test_tool_calls_are_counted_by_known_names_only(open_room):
    room = open_room()
    for name in ("echo", "echo", "row-4711-alice@example.org"):
        room.client.post(f"/tools/{name}", json={})
    bridge = room.stage.close().as_dict()["bridge"]
    assert bridge["tool_call_count"] == 3
    assert bridge["tool_call_counts"] == {"echo": 2, "other": 1}


def test_a_large_result_arrives_whole(open_room, make_tools):
    room = open_room(tools=make_tools({"big": lambda: "x" * 1_000_000}))
    assert len(room.client.post("/tools/big", json={}).json()["result"]) == 1_000_000


def test_connections_are_kept_between_calls(open_room):
    room = open_room()
    network = room.client
    for _ in range(5):
        assert network.post("/tools/echo", json={}).headers.get("connection", "keep-alive") != "close"
    assert isinstance(network, httpx.Client)
