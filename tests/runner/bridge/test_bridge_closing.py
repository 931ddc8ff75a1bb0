"""The end of a stage: nothing goes on after it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from runner.bridge.errors import BridgeNotRunning
from runner.bridge.server import Bridge

ASK = {"messages": [{"role": "user", "content": "x" * 30}], "max_tokens": 50}


def _outcome(call) -> int | None:
    try:
        return call.result(10).status_code
    except httpx.TransportError:
        return None


def test_a_closed_stage_is_not_reachable(open_room):
    room = open_room()
    assert room.client.get("/health").status_code == 200
    room.stage.close()
    with pytest.raises(httpx.TransportError):
        room.client.get("/health")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", room.port))


def test_closing_twice_or_from_many_threads_gives_the_same_usage(open_room, upstream):
    room = open_room(upstream=upstream)
    room.client.post("/llm/chat", json=ASK)
    with ThreadPoolExecutor(8) as pool:
        usages = list(pool.map(lambda _: room.stage.close(), range(8)))
    assert all(usage is usages[0] for usage in usages)
    assert usages[0].budget["calls"] == 1
    assert room.stage.usage() is usages[0]


def test_closing_cancels_a_model_call_and_charges_its_prompt(open_room, upstream):
    upstream.hang(30)
    room = open_room(upstream=upstream, timeout=60.0)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(room.client.post, "/llm/chat", json=ASK)
        _until(lambda: upstream.seen)
        started = time.monotonic()
        usage = room.stage.close()
        assert time.monotonic() - started < 2
        assert upstream.cancelled.wait(5)
        assert _outcome(call) is None
    assert usage.budget["calls"] == 1
    assert usage.budget["total_tokens"] == 10
    assert usage.bridge["finish_reasons"] == {"interrupted": 1}


def test_closing_cancels_a_stream_and_charges_what_was_said(open_room, upstream):
    upstream.stream(*[{"content": "word " * 60}] * 100, pause=0.05)
    room = open_room(upstream=upstream)
    with room.client.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as answer:
        lines = answer.iter_lines()
        next(line for line in lines if "word" in line)
        usage = room.stage.close()
        with pytest.raises(httpx.TransportError):
            list(lines)
    assert upstream.cancelled.wait(5)
    assert usage.budget["calls"] == 1
    assert 100 <= usage.budget["completion_tokens"] < 5000
    assert room.session.budget.snapshot() == usage.budget


@pytest.mark.parametrize("attempt", range(8))
def test_nobody_is_left_hanging_who_came_while_the_stage_closed(open_room, attempt):
    room = open_room()
    sockets: list[socket.socket] = []

    def knock() -> None:
        with contextlib.suppress(OSError):
            for _ in range(60):
                sockets.append(socket.create_connection(("127.0.0.1", room.port), timeout=10))

    visitor = threading.Thread(target=knock)
    visitor.start()
    _until(lambda: len(sockets) > 5 * attempt or not visitor.is_alive())
    room.stage.close()
    visitor.join()
    assert [index for index, sock in enumerate(sockets) if not _ended(sock)] == []


def test_closing_waits_for_a_running_tool_and_drops_those_that_wait(open_room, make_tools):
    begun, finished = [], []

    def work() -> str:
        begun.append(1)
        time.sleep(0.4)
        finished.append(1)
        return "done"

    room = open_room(tools=make_tools({"work": work}), tool_workers=1)
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(room.client.post, "/tools/work", json={}) for _ in range(3)]
        _until(lambda: begun)
        usage = room.stage.close()
        assert finished == [1]
        assert [_outcome(call) for call in calls] == [None] * 3
    time.sleep(0.1)
    assert begun == [1]
    assert usage.abandoned_tool_calls == 0


def test_closing_interrupts_a_tool_that_can_be_interrupted(open_room, make_tools):
    stop = threading.Event()
    begun = threading.Event()

    def work() -> str:
        begun.set()
        return str(stop.wait(30))

    room = open_room(tools=make_tools({"work": work}), interrupt_tools=stop.set)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(room.client.post, "/tools/work", json={})
        assert begun.wait(5)
        started = time.monotonic()
        assert room.stage.close().abandoned_tool_calls == 0
        assert time.monotonic() - started < 3


def test_a_tool_that_outlasts_the_grace_is_reported(open_room, make_tools):
    stop, begun = threading.Event(), threading.Event()
    tools = make_tools({"work": lambda: (begun.set(), str(stop.wait(30)))[1]})
    room = open_room(tools=tools, close_grace_seconds=0.2)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(room.client.post, "/tools/work", json={})
        assert begun.wait(5)
        assert room.stage.close().abandoned_tool_calls == 1
        stop.set()


def test_a_client_that_leaves_frees_a_tool_that_has_not_begun(open_room, make_tools):
    stop, begun = threading.Event(), []
    tools = make_tools({"work": lambda: (begun.append(1), str(stop.wait(10)))[1]})
    room = open_room(tools=tools, tool_workers=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(room.client.post, "/tools/work", json={})
        _until(lambda: begun)
        with pytest.raises(httpx.ReadTimeout):
            room.client.post("/tools/work", json={}, timeout=0.2)
        time.sleep(0.1)
        stop.set()
        assert first.result(5).status_code == 200
    assert len(begun) == 1


def test_a_client_that_leaves_ends_its_model_call(open_room, upstream):
    upstream.hang(30)
    room = open_room(upstream=upstream, timeout=60.0)
    with pytest.raises(httpx.ReadTimeout):
        room.client.post("/llm/chat", json=ASK, timeout=0.3)
    assert upstream.cancelled.wait(5)
    _until(lambda: room.session.budget.snapshot()["calls"] == 1)


def test_other_stages_live_on(open_room):
    first, second = open_room(), open_room(token="bobs-session-token-0123456789abcdef")
    first.stage.close()
    assert second.client.post("/tools/echo", json={}).status_code == 200


def test_stopping_the_bridge_closes_every_stage_and_it_can_start_again(open_room):
    bridge = Bridge()
    bridge.start()
    bridge.start()
    bridge.stop()
    bridge.stop()
    with socket.create_server(("127.0.0.1", 0)) as sock, pytest.raises(BridgeNotRunning):
        bridge.open(open_room().session, sock)
    assert sock.fileno() == -1
    bridge.start()
    sock = socket.create_server(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    stage = bridge.open(open_room().session, sock)
    assert httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False, verify=False).is_success
    bridge.stop()
    assert stage.close().budget["calls"] == 0
    assert not [t for t in threading.enumerate() if t.name == "bridge" and not t.daemon]


def test_no_task_or_thread_of_a_stage_is_left(open_room, bridge, upstream):
    before = {thread.name for thread in threading.enumerate()}
    for _ in range(5):
        room = open_room(upstream=upstream)
        room.client.post("/tools/echo", json={})
        room.client.post("/llm/chat", json=ASK)
        room.stage.close()

    async def tasks() -> int:
        await asyncio.sleep(0.05)
        return len(asyncio.all_tasks()) - 1

    left = asyncio.run_coroutine_threadsafe(tasks(), bridge._loop).result()
    assert left == 0
    _until(lambda: {t.name for t in threading.enumerate()} <= before)


def _ended(sock: socket.socket) -> bool:
    with sock:
        try:
            return sock.recv(1024)[:12] in (b"", b"HTTP/1.1 503")
        except ConnectionError:
            return True
        except TimeoutError:
            return False


def _until(condition, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
