"""What model SDKs read of a refusal, beside the frozen body that all agents know."""

from __future__ import annotations

import pytest

ASK = {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
SDK_PATHS = ["/v1/chat/completions", "/v1/messages"]


@pytest.mark.parametrize("path", [*SDK_PATHS, "/llm/chat"])
def test_a_used_up_budget_keeps_its_words_and_is_not_worth_another_try(open_room, upstream, path):
    answer = open_room(upstream=upstream, calls=0).client.post(path, json=ASK)
    assert answer.status_code == 429
    assert answer.json()["detail"].startswith("Budget exhausted: ")
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("path", SDK_PATHS)
def test_an_sdk_finds_the_same_words_where_it_looks(open_room, upstream, path):
    body = open_room(upstream=upstream, calls=0).client.post(path, json=ASK).json()
    assert body["type"] == "error"
    assert body["error"] == {
        "type": "rate_limit_error",
        "message": body["detail"],
        "code": "budget_exhausted",
        "param": None,
    }


@pytest.mark.parametrize("path", SDK_PATHS)
@pytest.mark.parametrize(("status", "final"), [(400, True), (503, False)])
def test_only_what_may_pass_is_worth_another_try(open_room, upstream, path, status, final):
    for _ in range(3):
        upstream.answer({"error": {"message": "secret upstream words"}}, status=status)
    answer = open_room(upstream=upstream).client.post(path, json=ASK)
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "api_error")
    assert ("x-should-retry" in answer.headers) is final
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", SDK_PATHS)
def test_a_room_without_models_says_so_as_a_permission(open_room, path):
    answer = open_room().client.post(path, json=ASK)
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "permission_error")
    assert answer.json()["detail"] == answer.json()["error"]["message"]


@pytest.mark.parametrize("path", SDK_PATHS)
def test_every_problem_of_a_body_is_in_the_message_without_its_value(open_room, upstream, path):
    body = {**ASK, "messages": [{"role": "user", "content": 7, "row": "secret"}]}
    answer = open_room(upstream=upstream).client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "messages", 0, "content"]
    assert answer.json()["error"]["message"].startswith("body.messages.0.content: ")
    assert "secret" not in answer.text


def test_other_paths_answer_as_they_always_did(open_room, upstream):
    body = open_room(upstream=upstream, calls=0).client.post("/llm/chat", json=ASK).json()
    assert set(body) == {"detail", "code"}
