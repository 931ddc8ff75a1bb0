"""What only the scope stage may ask."""

from __future__ import annotations

import pytest

from runner.bridge.sessions import SourceHidden

FILES = "/sandbox/agents/bob-agent/files"


class BobsFiles:
    def __init__(self, *, hidden: bool = False) -> None:
        self.hidden = hidden

    def list_files(self) -> list[dict]:
        return [{"path": "agent.py", "size_bytes": 9, "attestable": True}]

    def read_file(self, path: str) -> str | None:
        if self.hidden:
            raise SourceHidden
        return {"agent.py": "print(1)\n", "lib/a b.py": "x"}.get(path)


@pytest.fixture
def scope_room(open_room):
    def opener(**fields):
        values = {"role": "scope", "query_agent_id": "bob-agent", "query_files": BobsFiles(), **fields}
        return open_room(**values)

    return opener


def test_the_files_of_the_bound_agent_are_shown(scope_room):
    room = scope_room()
    assert room.client.get(FILES).json() == {"files": [{"path": "agent.py", "size_bytes": 9, "attestable": True}]}
    assert room.client.get(f"{FILES}/agent.py").json() == {"content": "print(1)\n"}
    assert room.client.get(f"{FILES}/lib/a%20b.py").json() == {"content": "x"}


def test_a_missing_file_is_not_found(scope_room):
    for path in ("none.py", "../../etc/passwd", "%2e%2e/secrets", "a" * 3000):
        answer = scope_room().client.get(f"{FILES}/{path}")
        assert answer.status_code == 404


def test_another_agent_is_forbidden(scope_room):
    room = scope_room()
    for path in ("/sandbox/agents/carols/files", "/sandbox/agents/carols/files/agent.py"):
        assert room.client.get(path).status_code == 403


def test_without_a_bound_agent_there_is_nothing_to_read(scope_room):
    assert scope_room(query_agent_id="", query_files=None).client.get(FILES).status_code == 400


def test_hidden_source_is_refused_plainly(scope_room):
    answer = scope_room(query_files=BobsFiles(hidden=True)).client.get(f"{FILES}/agent.py")
    assert answer.status_code == 403
    assert "detail" in answer.json()


@pytest.mark.parametrize("role", ["query", "mediator"])
def test_other_roles_do_not_have_these_endpoints(open_room, role):
    room = open_room(role=role, verify_scope=dict, query_agent_id="bob-agent", query_files=BobsFiles())
    assert room.client.get(FILES).status_code == 404
    assert room.client.get(f"{FILES}/agent.py").status_code == 404
    assert room.client.post("/sandbox/verify_scope_fn", json={"source": "x"}).status_code == 404


def test_a_scope_function_is_handed_over_with_its_tests(scope_room):
    asked = []
    verdict = {"compiles": True, "compile_error": None, "all_tests_passed": True, "results": []}
    room = scope_room(verify_scope=lambda body: asked.append(body) or verdict)
    test = {"sql": "SELECT 1", "rows": [{"a": 1}], "expect_allow": True, "surprise": 1}
    answer = room.client.post("/sandbox/verify_scope_fn", json={"source": "def scope(): ...", "tests": [test]})
    assert (answer.status_code, answer.json()) == (200, verdict)
    assert asked == [
        {
            "source": "def scope(): ...",
            "tests": [
                {
                    "sql": "SELECT 1",
                    "params": [],
                    "rows": [{"a": 1}],
                    "expect_allow": True,
                    "expect_min_rows": None,
                    "expect_rows": None,
                    "label": "",
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ["body", "source"]),
        ({"source": 5}, ["body", "source"]),
        ({"source": "x", "tests": {}}, ["body", "tests"]),
        ({"source": "x", "tests": [{}]}, ["body", "tests", 0, "sql"]),
        ({"source": "x", "tests": [{"sql": "s", "rows": [1]}]}, ["body", "tests", 0, "rows", 0]),
        ({"source": "x", "tests": [{"sql": "s", "expect_allow": "yes"}]}, ["body", "tests", 0, "expect_allow"]),
        ({"source": "x", "tests": [{"sql": "s"}] * 201}, ["body", "tests"]),
    ],
)
def test_a_malformed_verification_is_described(scope_room, body, loc):
    answer = scope_room(verify_scope=dict).client.post("/sandbox/verify_scope_fn", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == loc


def test_a_verifier_that_breaks_says_nothing_of_why(scope_room, caplog):
    def broken(_body):
        raise RuntimeError("row 4711 of alice")

    answer = scope_room(verify_scope=broken).client.post("/sandbox/verify_scope_fn", json={"source": "x"})
    assert answer.status_code == 500
    assert "4711" not in answer.text + caplog.text
