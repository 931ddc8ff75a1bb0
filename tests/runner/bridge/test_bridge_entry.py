"""Who is let in, and what the open endpoints say."""

from __future__ import annotations

import httpx
import pytest

REFUSED = {"detail": "Invalid session token"}
GUARDED = [
    ("GET", "/tools"),
    ("POST", "/tools/echo"),
    ("POST", "/llm/chat"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/messages"),
    ("POST", "/v1/messages/count_tokens"),
    ("POST", "/sandbox/verify_scope_fn"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/room/model"),
    ("GET", "/sandbox/agents/bob-agent/files"),
    ("GET", "/sandbox/agents/bob-agent/files/a.py"),
]


def _worded(path, body, kind):
    """The frozen body, and on the paths of model SDKs what they read beside it."""
    if not path.startswith("/v1/"):
        return body
    error = {"type": kind, "message": body["detail"], "code": None, "param": None}
    return {**body, "type": "error", "error": error}


@pytest.fixture
def scope_room(open_room):
    return open_room(role="scope", verify_scope=lambda asked: {}, query_agent_id="bob-agent")


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong-token-0123456789abcdef-wrong"},
        {"Authorization": "Basic alice-session-token-0123456789abcdef"},
        {"Authorization": "alice-session-token-0123456789abcdef"},
        {"x-api-key": ""},
        {"x-api-key": "alice-session-token-0123456789abcde"},
        {"Authorization": "Bearer \xfc\xff"},
    ],
)
def test_without_the_token_nothing_is_answered(scope_room, method, path, headers):
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = httpx.request(
        method, f"http://127.0.0.1:{scope_room.port}{path}", headers=encoded, trust_env=False, verify=False
    )
    assert (answer.status_code, answer.json()) == (401, _worded(path, REFUSED, "authentication_error"))


def test_the_token_is_taken_from_either_header(open_room):
    room = open_room()
    url = f"http://127.0.0.1:{room.port}/tools"
    for headers in (
        {"Authorization": f"Bearer {room.session.token}"},
        {"authorization": f"bearer {room.session.token}"},
        {"x-api-key": room.session.token},
        {"Authorization": "Bearer none", "X-Api-Key": room.session.token},
    ):
        assert httpx.get(url, headers=headers, trust_env=False, verify=False).status_code == 200


def test_one_stages_token_does_not_open_another_stages_socket(open_room):
    alices = open_room()
    bobs = open_room(token="bobs-session-token-0123456789abcdef")
    answer = httpx.get(
        f"http://127.0.0.1:{bobs.port}/tools",
        headers={"Authorization": f"Bearer {alices.session.token}"},
        trust_env=False,
        verify=False,
    )
    assert answer.status_code == 401


def test_a_refused_token_is_told_before_the_body_is_read(open_room):
    room = open_room()
    answer = httpx.post(
        f"http://127.0.0.1:{room.port}/llm/chat", content=b"{" * 9_000_000, trust_env=False, verify=False
    )
    assert answer.status_code == 401


def test_health_needs_no_token_and_shows_the_budget(open_room):
    room = open_room(calls=7, tokens=900)
    answer = httpx.get(f"http://127.0.0.1:{room.port}/health", trust_env=False, verify=False)
    assert answer.json() == {
        "status": "ok",
        "budget": {
            "calls": 0,
            "max_calls": 7,
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "total_tokens": 0,
            "max_tokens": 900,
        },
    }


@pytest.mark.parametrize("path", ["/", "/v1/responses", "/v1/embeddings", "/sandbox/simulations", "/docs"])
def test_an_unknown_path_is_not_found(scope_room, path):
    answer = scope_room.client.post(path, json={})
    assert (answer.status_code, answer.json()) == (404, _worded(path, {"detail": "Not Found"}, "not_found_error"))


@pytest.mark.parametrize("path", ["/sandbox/artifact-upload", "/sandbox/report-artifact"])
def test_artifacts_have_no_endpoint_unless_a_stage_has_the_right(open_room, path):
    assert open_room().client.post(path, json={}).status_code == 404


def test_a_wrong_method_is_answered_in_json(open_room):
    answer = open_room().client.get("/llm/chat")
    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})


def test_a_session_does_not_print_its_secrets(open_room, upstream):
    room = open_room(upstream=upstream)
    assert room.session.token not in repr(room.session)
    assert "sk-operator-secret" not in repr(room.session)
