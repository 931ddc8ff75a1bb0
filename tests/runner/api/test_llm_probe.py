"""GET /v1/admin/llm-probe: always a 200 that says what is wrong, and never a key."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import Client

from hivemind.kit import conf
from tests.factories import operator
from tests.factories.operator import OperatorBattery
from tests.runner.llm.fake_upstream import FakeUpstream, serving

PATH = "/v1/admin/llm-probe"
KEY = "sk-or-v1-0123456789abcdef"


class TestProbe(OperatorBattery):
    path = PATH
    most_queries = 0


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    """A provider on this machine, which the service has been told to use."""
    with ExitStack() as stack:
        fake = stack.enter_context(serving())
        stack.enter_context(conf.override("llm", base_url=fake.url, api_key=KEY, model="m/default"))
        yield fake


@pytest.fixture
def olga() -> Iterator[Client]:
    with operator.configured() as agent:
        yield agent


def probed(olga: Client, query: str = "") -> dict[str, Any]:
    response = olga.get(PATH + query)
    assert response.status_code == 200, response.content
    assert KEY not in response.content.decode()
    return dict(response.json())


def test_a_provider_that_answers(olga: Client, upstream: FakeUpstream) -> None:
    body = probed(olga)
    assert body == {
        "provider": "openrouter",
        "base_url": upstream.url,
        "model": "m/default",
        "api_key_configured": True,
        "timeout_seconds": 45,
        "status_code": 200,
        "elapsed_ms": body["elapsed_ms"],
        "body_head": body["body_head"],
    }
    assert upstream.seen[0].body["model"] == "m/default"


def test_a_model_is_asked_for_by_name(olga: Client, upstream: FakeUpstream) -> None:
    assert probed(olga, "?provider=%20OpenRouter%20&model=%20m/other")["model"] == "m/other"
    assert upstream.seen[0].body["model"] == "m/other"


def test_a_provider_that_refuses_the_key_and_repeats_it(olga: Client, upstream: FakeUpstream) -> None:
    upstream.answer({"error": f"Incorrect API key provided: {KEY}"}, status=401)
    body = probed(olga)
    assert body["status_code"] == 401 and "Incorrect API key" in body["body_head"]


def test_a_provider_that_is_switched_off_is_asked_all_the_same(olga: Client, upstream: FakeUpstream) -> None:
    with conf.override("llm", base_url=upstream.url, api_key=KEY, disabled_providers="openrouter"):
        assert probed(olga)["status_code"] == 200


def test_a_provider_without_a_key_is_not_asked(olga: Client, upstream: FakeUpstream) -> None:
    body = probed(olga, "?provider=tinfoil")
    assert (body["api_key_configured"], body["provider"]) == (False, "tinfoil")
    assert set(body) == {"provider", "base_url", "model", "api_key_configured", "timeout_seconds", "error"}
    assert upstream.seen == []


def test_an_unknown_provider_is_an_error_alone(olga: Client) -> None:
    assert set(probed(olga, "?provider=evil")) == {"error"}


def test_a_provider_that_is_not_there(olga: Client) -> None:
    with conf.override("llm", base_url="http://127.0.0.1:9/v1", api_key=KEY):
        body = probed(olga)
    assert body["error_class"] == "ConnectError" and body["error"] and "status_code" not in body


@pytest.mark.parametrize(
    "url", ["http://user:hunter2@host/v1", "ftp://x", "", "http://[::1", "http://host/v1?key=hunter2"]
)
@pytest.mark.parametrize("key", [KEY, ""])
def test_a_base_url_that_cannot_be_used_is_not_shown(olga: Client, url: str, key: str) -> None:
    with conf.override("llm", base_url=url, api_key=key):
        body = probed(olga)
    assert body["base_url"] == "" and "hunter2" not in str(body) and body["error"]


@pytest.mark.parametrize(
    "query", ["?provider=%00", "?model=%00", "?model=" + "x" * 201, "?provider=" + "x" * 65, "?limit=1"]
)
def test_an_odd_query_string_is_a_422(olga: Client, query: str) -> None:
    assert olga.get(PATH + query).status_code == 422
