"""The MCP server spoken to by the protocol's own Python client."""

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from tests.agents.default.scripted import AGENTS, TOKEN, Canned, schema_tool, sql_tool, stage

mcp = pytest.importorskip("mcp", reason="the client library of the Model Context Protocol is not installed")
stdio = pytest.importorskip("mcp.client.stdio", reason="the client library has no stdio transport")

SCOPE_ONLY = ["verify_scope_fn", "verify_row_policies", "simulate_query", "simulate_multi"]


def talk(url: str, calls: list[tuple[str, dict[str, Any]]], **inputs: str) -> tuple[list[str], list[Any]]:
    """The names that a session lists, and the answers to ``calls``."""
    env = {"PYTHONPATH": str(AGENTS / "sdk"), "PATH": os.environ["PATH"], "BRIDGE_URL": url, "SESSION_TOKEN": TOKEN}
    server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "hivemind_agent.mcp"], env=env | inputs)

    async def main() -> tuple[list[str], list[Any]]:
        async with stdio.stdio_client(server) as (read, write), mcp.ClientSession(read, write) as session:
            await session.initialize()
            await session.send_ping()
            listed = await session.list_tools()
            answers = [await session.call_tool(name, arguments) for name, arguments in calls]
            return [tool.name for tool in listed.tools], answers

    return asyncio.run(asyncio.wait_for(main(), 60))


def test_a_query_stage_offers_what_its_bridge_lists_and_carries_it_out() -> None:
    with stage("query", tools=[schema_tool(), sql_tool()]) as room:
        names, (answer,) = talk(room.url, [("execute_sql", {"sql": "SELECT 1"})], AGENT_ROLE="query")
        assert names == ["get_schema", "execute_sql"]
        assert json.loads(answer.content[0].text)[0]["team"] == "alpha"
        assert room.opened.usage().as_dict()["bridge"]["tool_call_counts"] == {"execute_sql": 1}


def test_a_mediator_stage_offers_nothing() -> None:
    with stage("mediator") as room:
        assert talk(room.url, [], AGENT_ROLE="mediator") == ([], [])


def test_a_scope_stage_offers_the_checker_and_the_rehearsals_too() -> None:
    source = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': rows}"
    files = Canned("list_query_agent_files", {"files": []})
    with stage("scope", tools=[schema_tool(), files], query_agent_id="abc") as room:
        names, (answer,) = talk(
            room.url, [("verify_scope_fn", {"source": source})], AGENT_ROLE="scope", QUERY_AGENT_ID="abc"
        )
        stage_only = ["get_schema", "list_query_agent_files"]
        assert names == [*stage_only, *SCOPE_ONLY]
        assert json.loads(answer.content[0].text)["compiles"] is True


def test_the_role_alone_gives_no_rights() -> None:
    with stage("query", tools=[sql_tool()]) as room:
        _, (answer,) = talk(room.url, [("verify_scope_fn", {"source": "x"})], AGENT_ROLE="scope")
        assert answer.is_error if hasattr(answer, "is_error") else answer.isError


def test_a_client_of_the_generation_without_a_handshake_falls_back_to_ours() -> None:
    client_class = getattr(mcp, "Client", None)
    if client_class is None:
        pytest.skip("this client library has no such client")
    with stage("query", tools=[sql_tool()]) as room:
        env = {"PYTHONPATH": str(AGENTS / "sdk"), "PATH": os.environ["PATH"], "AGENT_ROLE": "query"}
        env |= {"BRIDGE_URL": room.url, "SESSION_TOKEN": TOKEN}
        server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "hivemind_agent.mcp"], env=env)

        async def main() -> list[str]:
            async with client_class(server) as client:
                return [tool.name for tool in (await client.list_tools()).tools]

        assert asyncio.run(asyncio.wait_for(main(), 60)) == ["execute_sql"]
