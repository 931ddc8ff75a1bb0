"""The in-container helper: inputs from anywhere, errors as types, one connection."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.agents.examples.bridge import REPOSITORY, TOKEN, FakeBridge, serving

_SDK = REPOSITORY / "agents" / "sdk"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(_SDK))


def _bridge(served: FakeBridge) -> Any:
    import hivemind_agent

    return hivemind_agent.Bridge(served.url, TOKEN, timeout_seconds=5)


def test_all_calls_share_one_connection() -> None:
    with serving(FakeBridge({"execute_sql": lambda _: []})) as served:
        bridge = _bridge(served)
        for _ in range(5):
            bridge.execute_sql("SELECT 1")
        assert len(served.connections) == 1
        bridge.close()
        bridge.execute_sql("SELECT 1")
        assert len(served.connections) == 2


def test_a_connection_that_the_bridge_dropped_is_opened_again() -> None:
    with serving(FakeBridge({"execute_sql": lambda _: []})) as served:
        bridge = _bridge(served)
        bridge.execute_sql("SELECT 1")
        bridge._connection._http.sock.shutdown(2)
        assert bridge.execute_sql("SELECT 1") == []


def test_rows_parameters_and_truncation_arrive() -> None:
    def execute(arguments: dict[str, Any]) -> Any:
        if arguments["params"] == [1]:
            return {"rows": [{"a": 1}], "truncated": True, "original_row_count": 9}
        return [{"a": 2}]

    with serving(FakeBridge({"execute_sql": execute})) as served:
        rows = _bridge(served).execute_sql("SELECT %s", [1])
        assert (list(rows), rows.truncated, rows.total) == ([{"a": 1}], True, 9)
        rows = _bridge(served).execute_sql("SELECT 2")
        assert (list(rows), rows.truncated, rows.total) == ([{"a": 2}], False, None)


def test_refusals_are_types_that_carry_their_reason() -> None:
    import hivemind_agent as agent

    class Answers(FakeBridge):
        def answer(self, path: str, body: Any) -> tuple[int, Any]:
            if path == "/llm/chat":
                return 429, {"detail": "Budget exhausted: 3 of 3 calls"}
            if path == "/health":
                return 500, "oops"
            return super().answer(path, body)

    with serving(Answers({"execute_sql": lambda _: {"error": "hidden column"}})) as served:
        bridge = _bridge(served)
        with pytest.raises(agent.Denied) as denied:
            bridge.execute_sql("SELECT 1")
        assert denied.value.reason == "hidden column"
        with pytest.raises(agent.ToolFailed):
            bridge.call_tool("no_such_tool")
        with pytest.raises(agent.BudgetExhausted):
            bridge.chat([{"role": "user", "content": "hi"}])
        with pytest.raises(agent.BridgeRefused) as refused:
            bridge.health()
        assert refused.value.status == 500
        assert bridge.vault_items() == []
        with pytest.raises(agent.BridgeRefused) as stranger:
            agent.Bridge(served.url, "wrong").tools()
        assert stranger.value.status == 401


def test_a_bridge_that_is_not_there_is_unreachable_and_the_token_is_not_told() -> None:
    import hivemind_agent as agent

    for url in ("http://127.0.0.1:9", "ftp://127.0.0.1", "nonsense"):
        with pytest.raises(agent.BridgeUnreachable) as failure:
            agent.Bridge(url, TOKEN, timeout_seconds=2).tools()
        assert TOKEN not in str(failure.value)


def test_an_input_comes_from_the_environment_then_from_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import hivemind_agent as agent

    (tmp_path / "large").write_text("from a file é", encoding="utf-8")
    monkeypatch.setenv("LARGE_FILE", str(tmp_path / "large"))
    monkeypatch.setenv("EMPTY", "")
    assert agent.read_input("LARGE") == "from a file é"
    assert agent.read_input("EMPTY", "default") == ""
    assert agent.read_input("ABSENT", "default") == "default"
    with pytest.raises(agent.InputMissing):
        agent.read_input("ABSENT")
    monkeypatch.setenv("LARGE", "from the environment")
    assert agent.read_input("LARGE") == "from the environment"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max rows: 5", {"max rows": ["5"]}),
        ("- **Max Rows**: 5.", {"max rows": ["5"]}),
        ("* `columns`: `a`, b , 'c'", {"columns": ["a", "b", "c"]}),
        ("> columns: a\ncolumns: b", {"columns": ["a", "b"]}),
        ("There are max rows: none of these count as prose", {}),
        ("columns:", {}),
        ("http://columns: x", {}),
        ("", {}),
    ],
)
def test_rules_are_found_amid_prose(text: str, expected: dict[str, list[str]]) -> None:
    import hivemind_agent as agent

    assert agent.read_rules(text, ("max rows", "columns")) == expected


def test_the_helper_needs_nothing_but_the_standard_library() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(_SDK)!r})
import hivemind_agent
print([name for name, module in sys.modules.items() if "site-packages" in str(getattr(module, "__file__", ""))])
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
