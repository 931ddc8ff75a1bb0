"""Which stage may ask its bridge what: every endpoint of every kind of stage, and what each answers its holder.

An endpoint that the bridge has and that is not listed here fails a test.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runner.artifacts.desk import Kept, ReportKept
from runner.bridge.budget import Budget
from runner.bridge.sessions import Outcome, Rehearsal, StageSession
from tests.runner.bridge.conftest import Tools

AGENT, OTHER_AGENT = "0123456789ab", "ba9876543210"
SCOPE_FN = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': rows}"
_KEPT = Kept("a.txt", "text/plain", 1, "0" * 64, "a.txt", 60)


class _Files:
    def list_files(self) -> list[dict[str, Any]]:
        return []

    def read_file(self, path: str) -> str | None:
        return "text" if path == "agent.py" else None


class _Simulator:
    async def run(self, rehearsals: Sequence[Rehearsal]) -> Sequence[Outcome]:
        return [Outcome("answer") for _ in rehearsals]

    def stop(self) -> None:
        return None

    def usage(self) -> dict[str, Any]:
        return {}


class _Intake:
    def write(self, content: bytes) -> None:
        return None

    def finish(self, filename: str, *, content_type: str) -> Kept:
        return _KEPT


class _Desk:
    def begin(self) -> _Intake:
        return _Intake()

    def add_report(self, stem: str, *, markdown: str, with_pdf: bool) -> ReportKept:
        return ReportKept(_KEPT, None)


class _Judge:
    def listing(self) -> list[dict[str, Any]]:
        return []

    def withhold(self, filename: str) -> list[str]:
        return [filename]

    def replace(self, filename: str, *, text: str) -> list[dict[str, Any]]:
        return []


@dataclass(frozen=True)
class Endpoint:
    """One route: how the bridge writes its path down, how it is asked, and what its holder is answered."""

    method: str
    route: str
    path: str
    body: Any = None
    status: int = 200
    open: bool = False


_CHAT = {"messages": [{"role": "user", "content": "?"}]}
ENDPOINTS: Final = {
    "health": Endpoint("GET", "/health", "/health", open=True),
    "tools": Endpoint("GET", "/tools", "/tools"),
    "tool": Endpoint("POST", "/tools/{name}", "/tools/echo", {"arguments": {}}),
    # The stages of the matrix may call no model: there the answer is 403, whatever the room of another stage allows.
    "simple chat": Endpoint("POST", "/llm/chat", "/llm/chat", _CHAT, 403),
    "openai chat": Endpoint("POST", "/v1/chat/completions", "/v1/chat/completions", _CHAT, 403),
    "anthropic messages": Endpoint(
        "POST", "/v1/messages", "/v1/messages?beta=true", _CHAT | {"model": "m", "max_tokens": 9}, 403
    ),
    "anthropic count": Endpoint(
        "POST", "/v1/messages/count_tokens", "/v1/messages/count_tokens", _CHAT | {"model": "m", "max_tokens": 9}
    ),
    "models": Endpoint("GET", "/v1/models", "/v1/models"),
    "model": Endpoint("GET", "/v1/models/{name}", "/v1/models/room/model", status=404),
    "simulate": Endpoint(
        "POST",
        "/sandbox/simulate",
        "/sandbox/simulate",
        {"query_agent_id": AGENT, "prompt": "?", "scope_fn_source": SCOPE_FN},
    ),
    "simulate many": Endpoint(
        "POST",
        "/sandbox/simulate_batch",
        "/sandbox/simulate_batch",
        {"query_agent_id": AGENT, "prompt": "?", "candidates": [SCOPE_FN]},
    ),
    "verify function": Endpoint(
        "POST", "/sandbox/verify_scope_fn", "/sandbox/verify_scope_fn", {"source": SCOPE_FN, "tests": []}
    ),
    "verify policies": Endpoint("POST", "/sandbox/verify_row_policies", "/sandbox/verify_row_policies", {}),
    "source files": Endpoint("GET", "/sandbox/agents/{agent_id}/files", f"/sandbox/agents/{AGENT}/files"),
    "source file": Endpoint(
        "GET", "/sandbox/agents/{agent_id}/files/{path}", f"/sandbox/agents/{AGENT}/files/agent.py"
    ),
    "upload": Endpoint(
        "POST",
        "/sandbox/artifact-upload",
        "/sandbox/artifact-upload",
        {"filename": "a.txt", "content_base64": "eA=="},
    ),
    "report": Endpoint(
        "POST", "/sandbox/report-artifact", "/sandbox/report-artifact", {"markdown": "x", "include_pdf": False}
    ),
    "waiting files": Endpoint("GET", "/sandbox/artifacts", "/sandbox/artifacts"),
    "withhold": Endpoint("POST", "/sandbox/artifacts/{name}/withhold", "/sandbox/artifacts/a.txt/withhold", {}),
    "replace": Endpoint("POST", "/sandbox/artifacts/{name}/replace", "/sandbox/artifacts/a.txt/replace", {"text": "x"}),
}

_COMMON: Final = frozenset(
    {
        "health",
        "tools",
        "tool",
        "simple chat",
        "openai chat",
        "anthropic messages",
        "anthropic count",
        "models",
        "model",
    }
)
_SOURCES: Final = frozenset({"simulate", "simulate many", "source files", "source file"})


@dataclass(frozen=True)
class Kind:
    """A kind of stage: the rights that its session carries, and the endpoints that it has."""

    role: str
    rights: dict[str, Any] = field(default_factory=dict)
    extra: frozenset[str] = frozenset()

    @property
    def endpoints(self) -> frozenset[str]:
        """By their names in `ENDPOINTS`."""
        return _COMMON | self.extra

    def session(self, token: str) -> StageSession:
        """A session of this kind."""
        tools = Tools({} if self.role == "mediator" else {"echo": lambda text="": text})
        return StageSession(role=self.role, token=token, tools=tools, budget=Budget(20, 100_000), **self.rights)


_EVERYTHING: Final = {
    "verify_scope": lambda asked: {},
    "verify_policies": lambda asked: {},
    "query_files": _Files(),
    "query_agent_id": AGENT,
    "simulator": _Simulator(),
    "desk": _Desk(),
    "judge": _Judge(),
}


def _only(*names: str) -> dict[str, Any]:
    return {name: _EVERYTHING[name] for name in names}


KINDS: Final = {
    "scope": Kind(
        "scope",
        _only("verify_scope", "verify_policies", "query_files", "query_agent_id", "simulator"),
        _SOURCES | {"verify function", "verify policies"},
    ),
    "scope-without-checks": Kind("scope", _only("query_files", "query_agent_id", "simulator"), _SOURCES),
    "query": Kind("query"),
    "query-that-leaves-files": Kind("query", _only("desk"), frozenset({"upload", "report"})),
    "mediator": Kind("mediator"),
    "mediator-that-judges": Kind("mediator", _only("judge"), frozenset({"waiting files", "withhold", "replace"})),
    # Given by mistake what belongs to other roles: the role alone decides.
    "query-with-everything": Kind("query", dict(_EVERYTHING), frozenset({"upload", "report"})),
    "mediator-with-everything": Kind(
        "mediator", dict(_EVERYTHING), frozenset({"waiting files", "withhold", "replace"})
    ),
    "scope-with-everything": Kind("scope", dict(_EVERYTHING), _SOURCES | {"verify function", "verify policies"}),
}
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
# How somebody shows a token: the headers that he sends, by the stage's own token and that of its neighbour.
OWN, OTHER = "own-session-token-0123456789abcdef", "neighbours-session-token-0123456789"
SHOWN: Final[dict[str, dict[str, str]]] = {
    "its own": {"Authorization": f"Bearer {OWN}"},
    "its own as a key": {"x-api-key": OWN},
    "none": {},
    "another stage's": {"Authorization": f"Bearer {OTHER}"},
    "another stage's as a key": {"x-api-key": OTHER},
    "cut short": {"Authorization": f"Bearer {OWN[:-1]}"},
    "its own as a password": {"Authorization": f"Basic {OWN}"},
    "its own in a cookie": {"Cookie": f"token={OWN}; Authorization=Bearer {OWN}"},
    "its own in another header": {"Proxy-Authorization": f"Bearer {OWN}", "X-Authorization": f"Bearer {OWN}"},
}
AUTHENTIC: Final = frozenset({"its own", "its own as a key"})


def expected(kind: Kind, name: str, *, method: str, shown: str) -> int:
    """The status that a request has to get."""
    endpoint = ENDPOINTS[name]
    if name not in kind.endpoints and not _covered(kind, endpoint):
        return 404
    if name not in kind.endpoints or not (method == endpoint.method or (method, endpoint.method) == ("HEAD", "GET")):
        return 405
    if not endpoint.open and shown not in AUTHENTIC:
        return 401
    return endpoint.status


def _covered(kind: Kind, endpoint: Endpoint) -> bool:
    """Whether the path belongs to another of its routes, with another method."""
    return any(ENDPOINTS[other].route == endpoint.route for other in kind.endpoints)
