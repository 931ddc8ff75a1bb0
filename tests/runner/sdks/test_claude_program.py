"""Requests as the `claude` program of the Claude Agent SDK sends them, field by field, without the program."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.runner.bridge.conftest import Room
from tests.runner.llm.fake_upstream import FakeUpstream
from tests.runner.sdks.conftest import call

CACHED = {"cache_control": {"type": "ephemeral"}}
HEADERS = {
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27",
    "anthropic-version": "2023-06-01",
    "x-app": "cli",
    "X-Claude-Code-Session-Id": "canary-session",
    "User-Agent": "claude-cli/2.1.112 (external, sdk-py, agent-sdk/0.1.61)",
}
TOOL = {"name": "mcp__room__execute_sql", "description": "rows", "input_schema": {"type": "object"}}
SERVER_TOOL = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
BODY: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 32_000,
    "stream": True,
    "system": [{"type": "text", "text": "You are an agent."}, {"type": "text", "text": "Answer.", **CACHED}],
    "tools": [TOOL, SERVER_TOOL],
    "thinking": {"type": "adaptive"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "output_config": {"effort": "high"},
    "metadata": {"user_id": '{"device_id":"canary-device"}'},
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "a reminder"}, {"type": "text", "text": "How many?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                {"type": "tool_use", "id": "use_1", "name": TOOL["name"], "input": {"sql": "SELECT 7 AS n"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "use_1",
                    "content": [{"type": "text", "text": '[{"n": 7}]'}],
                    **CACHED,
                }
            ],
        },
    ],
}


def post(room: Room, **changes: Any) -> httpx2.Response:
    """Ask as the program does."""
    with httpx2.Client(trust_env=False, timeout=20) as client:
        return client.post(
            f"http://127.0.0.1:{room.port}/v1/messages?beta=true",
            headers={"x-api-key": room.session.token, **HEADERS},
            json=BODY | changes,
        )


def test_what_it_says_arrives_and_what_it_asks_of_another_service_stays_behind(
    room: Room, upstream: FakeUpstream
) -> None:
    upstream.stream({"content": "Seven."})
    answer = post(room)
    assert answer.status_code == 200, answer.text
    assert "text_delta" in answer.text and "message_stop" in answer.text
    sent = upstream.seen[0].body
    assert sent["messages"] == [
        {"role": "system", "content": "You are an agent.\n\nAnswer."},
        {"role": "user", "content": "a reminder\nHow many?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call(TOOL["name"], '{"sql": "SELECT 7 AS n"}', ident="use_1")],
        },
        {"role": "tool", "tool_call_id": "use_1", "content": '[{"n": 7}]'},
    ]
    assert [tool["function"]["name"] for tool in sent["tools"]] == [TOOL["name"]]
    assert sent.keys() == {"model", "messages", "max_tokens", "tools", "stream", "stream_options"}
    assert "canary" not in repr((upstream.seen[0].headers, sent))


def test_its_look_at_the_address_and_its_reports_are_answered_at_once(room: Room, upstream: FakeUpstream) -> None:
    with httpx2.Client(trust_env=False, timeout=20) as client:
        base, headers = f"http://127.0.0.1:{room.port}", {"x-api-key": room.session.token}
        assert client.head(base, headers=headers).status_code == 404
        for path in ("/api/event_logging/batch", "/api/claude_code/metrics", "/api/hello"):
            assert client.post(f"{base}{path}", headers=headers, json={}).status_code == 404
    assert upstream.seen == []
