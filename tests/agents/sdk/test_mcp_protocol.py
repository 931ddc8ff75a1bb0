"""The MCP server spoken to by hand: versions, errors, and lines that no client would send."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.agents.default.scripted import AGENTS, TOKEN, Canned, Stage, sql_tool, stage


class Session:
    """A server as a child process."""

    def __init__(self, room: Stage, **inputs: str) -> None:
        env = {"PYTHONPATH": str(AGENTS / "sdk"), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
        env |= {"BRIDGE_URL": room.url, "SESSION_TOKEN": TOKEN} | inputs
        command = [sys.executable, "-m", "hivemind_agent.mcp"]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, line: bytes | dict[str, Any] | list[Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, method: str, params: Any = None, *, id: Any = 1) -> Any:
        message = {"jsonrpc": "2.0", "id": id, "method": method}
        self.send(message if params is None else message | {"params": params})
        return self.read()

    def open(self, version: str = "2024-11-05") -> Any:
        answer = self.ask("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {}})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer["result"]


@contextmanager
def session(role: str = "query", *, tools: Any = None, **inputs: str) -> Iterator[Session]:
    with stage(role, tools=[sql_tool()] if tools is None else tools) as room:
        made = Session(room, AGENT_ROLE=role, **inputs)
        try:
            yield made
        finally:
            assert made.process.stdin is not None
            made.process.stdin.close()
            assert made.process.wait(20) == 0


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [(v, v) for v in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")]
    + [("1999-01-01", "2025-11-25"), ("2030-01-01", "2025-11-25")],
)
def test_a_known_version_is_spoken_and_any_other_becomes_the_newest(wanted: str, spoken: str) -> None:
    with session() as mcp:
        opened = mcp.open(wanted)
        assert opened["protocolVersion"] == spoken
        assert opened["capabilities"] == {"tools": {"listChanged": False}}


def test_a_session_has_to_be_opened_but_may_be_pinged_before() -> None:
    with session() as mcp:
        assert mcp.ask("ping")["result"] == {}
        assert mcp.ask("tools/list")["error"]["code"] == -32600
        assert mcp.ask("tools/call", {"name": "execute_sql"})["error"]["code"] == -32600
        mcp.open()
        assert [tool["name"] for tool in mcp.ask("tools/list")["result"]["tools"]] == ["execute_sql"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{broken\n", -32700),
        (b"\xff\xfe\n", -32700),
        (b"[]\n", -32600),
        (b"7\n", -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}\n', -32600),
        (b'{"jsonrpc": "2.0", "id": 1}\n', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}\n', -32600),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}\n', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}\n', -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}\n', -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "shell"}}\n', -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 7}}\n', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"execute_sql","arguments":1}}\n', -32602),
        (b"[" * 100_000 + b"\n", -32700),
        (b"x" * (9 * 1024 * 1024) + b"\n", -32600),
    ],
)  # fmt: skip
def test_what_is_wrong_is_answered_with_its_code_and_the_session_goes_on(line: bytes, code: int) -> None:
    with session() as mcp:
        mcp.open()
        mcp.send(line)
        assert mcp.read()["error"]["code"] == code
        assert mcp.ask("ping", id="after")["id"] == "after"


def test_answers_notifications_and_empty_lines_are_not_answered() -> None:
    with session() as mcp:
        mcp.open()
        mcp.send(b"\n  \n")
        mcp.send({"jsonrpc": "2.0", "id": 9, "result": {}})
        mcp.send({"jsonrpc": "2.0", "method": "notifications/unheard"})
        assert mcp.ask("ping", id=3) == {"jsonrpc": "2.0", "id": 3, "result": {}}


def test_a_batch_is_answered_one_by_one() -> None:
    with session() as mcp:
        mcp.open("2025-03-26")
        mcp.send([{"jsonrpc": "2.0", "id": n, "method": "ping"} for n in (1, 2)] + [5])
        assert [mcp.read().get("id") for _ in range(3)] == [1, 2, None]


def test_a_ping_is_answered_while_a_tool_runs_and_a_call_that_was_called_off_is_not() -> None:
    def slow(_arguments: Any) -> Any:
        time.sleep(1.0)
        return []

    with session(tools=[Canned("slow", slow)]) as mcp:
        mcp.open()
        for number in (11, 12):
            call = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": "slow"}}
            mcp.send(call)
        mcp.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 11}})
        assert mcp.ask("ping", id="quick")["id"] == "quick"
        assert mcp.read()["id"] == 12


def test_a_failure_of_the_tool_is_an_answer_that_says_so() -> None:
    refusing = [sql_tool({"error": "no"})]
    with session(tools=refusing) as mcp:
        mcp.open()
        refused = mcp.ask("tools/call", {"name": "execute_sql", "arguments": {"sql": "SELECT 1"}})["result"]
        assert (refused["isError"], json.loads(refused["content"][0]["text"])) == (True, {"error": "no"})
        wrong = mcp.ask("tools/call", {"name": "execute_sql", "arguments": {"q": 1}})["result"]
        assert wrong["isError"] is True
        assert "unexpected argument" in wrong["content"][0]["text"]


def test_without_a_bridge_it_offers_nothing_and_says_why() -> None:
    env = {"PYTHONPATH": str(AGENTS / "sdk"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "hivemind_agent.mcp"], env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "BRIDGE_URL" in done.stderr
