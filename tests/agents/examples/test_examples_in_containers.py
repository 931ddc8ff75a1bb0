"""The example agents as an owner uploads them: built from their folders, run behind the gate."""

import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from runner.engine.base import BuildSpec, ContainerSpec, Exit
from runner.engine.docker import DockerEngine
from tests.agents.examples.bridge import EXAMPLES, FIXTURES, TOKEN, FakeBridge, serving

pytestmark = pytest.mark.docker


def _context(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path in sorted(folder.iterdir()):
            if path.is_file():
                tar.add(path, arcname=path.name)
    return buffer.getvalue()


def _run(engine: DockerEngine, folder: Path, bridge: FakeBridge, **inputs: str) -> Exit:
    tag = f"hivemind-test-example:{time.monotonic_ns()}"
    image = engine.build_image(BuildSpec(tag=tag, context=_context(folder)))
    spec = ContainerSpec(name=tag.replace(":", "-"), image=image.id, run_id="r", stage="query")
    try:
        with engine.prepare(spec) as prepared, serving(bridge, prepared.listen(8787)):
            prepared.release({"BRIDGE_URL": "http://127.0.0.1:8787", "SESSION_TOKEN": TOKEN} | inputs)
            return prepared.wait(time.monotonic() + 60)
    finally:
        engine.close()
        engine.remove_image(tag)


def _verify(body: dict[str, Any]) -> dict[str, Any]:
    return {"compiles": True, "compile_error": None, "all_tests_passed": True, "results": []}


_SCHEMA = [
    {"table_name": "watch_history", "column_name": "category", "data_type": "text"},
    {"table_name": "watch_history", "column_name": "minutes", "data_type": "integer"},
]


def test_the_scope_agent_prints_a_function(engine: DockerEngine) -> None:
    bridge = FakeBridge({"get_schema": lambda _: _SCHEMA}, verify=_verify)
    ended = _run(engine, EXAMPLES / "row-limit-scope", bridge, POLICY_CONTEXT="max rows: 7")
    assert ended.succeeded, ended.stderr
    assert "'max_rows': 7" in json.loads(ended.stdout)["scope_fn"]


def test_the_query_agent_answers(engine: DockerEngine) -> None:
    rows = [{"category": "drama", "minutes": 50, "entries": 9}]
    bridge = FakeBridge({"get_schema": lambda _: _SCHEMA, "execute_sql": lambda _: rows})
    ended = _run(engine, EXAMPLES / "aggregate-query", bridge, QUERY_PROMPT="Minutes by category?")
    assert ended.succeeded, ended.stderr
    assert b"| drama | 50 | 9 |" in ended.stdout


def test_the_mediator_redacts_an_answer_too_large_for_the_environment(engine: DockerEngine) -> None:
    raw = "mail bob@example.org\n" * 20_000
    ended = _run(engine, EXAMPLES / "redact-mediator", FakeBridge(), RAW_OUTPUT=raw, MEDIATION_POLICY="")
    assert ended.succeeded, ended.stderr
    assert ended.stdout.decode() == "mail [redacted e-mail]\n" * 20_000 + "\n"


@pytest.mark.parametrize(
    ("agent", "inputs", "expected"),
    [
        ("trivial-scope", {}, b'{"scope_fn": "def scope(sql, params, rows)'),
        ("trivial-query", {"QUERY_PROMPT": "why?"}, b"You asked: why?\n"),
        ("trivial-mediator", {"RAW_OUTPUT": "as it is"}, b"as it is"),
        ("trivial-mediator", {"RAW_OUTPUT": "x" * 200_000}, b"x" * 200_000),
    ],
)
def test_the_trivial_agents_of_the_tests_work(
    engine: DockerEngine, agent: str, inputs: dict[str, str], expected: bytes
) -> None:
    ended = _run(engine, FIXTURES / agent, FakeBridge(), **inputs)
    assert ended.succeeded, ended.stderr
    assert ended.stdout.startswith(expected)
