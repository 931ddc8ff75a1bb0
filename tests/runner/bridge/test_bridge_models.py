"""`/v1/models`: one entry for the stage's model, in the shapes of both SDKs."""

from __future__ import annotations


def test_the_list_holds_the_model_of_the_stage_and_no_other(open_room, upstream):
    listed = open_room(upstream=upstream).client.get("/v1/models?limit=20").json()
    assert [model["id"] for model in listed["data"]] == ["room/model"]
    assert (listed["object"], listed["has_more"]) == ("list", False)
    assert (listed["first_id"], listed["last_id"]) == ("room/model", "room/model")
    assert upstream.seen == []


def test_the_model_can_be_asked_for_by_its_name_encoded_or_not(open_room, upstream):
    client = open_room(upstream=upstream).client
    for path in ("/v1/models/room/model", "/v1/models/room%2Fmodel"):
        assert client.get(path).json() == {
            "id": "room/model",
            "object": "model",
            "created": 0,
            "owned_by": "openrouter",
            "type": "model",
            "display_name": "room/model",
            "created_at": "1970-01-01T00:00:00Z",
        }


def test_another_model_is_not_found_whatever_upstream_has(open_room, upstream):
    answer = open_room(upstream=upstream).client.get("/v1/models/gpt-4o")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
    assert upstream.seen == []


def test_where_no_model_may_be_called_the_list_is_empty(open_room):
    client = open_room().client
    listed = client.get("/v1/models").json()
    assert (listed["data"], listed["first_id"], listed["last_id"]) == ([], None, None)
    assert client.get("/v1/models/room/model").status_code == 404
