"""Which model services there are and what is switched off, as the settings say."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hivemind.kit.conf import override
from runner import errors
from runner.services import model_routes
from runner.services.requests import RunRequest
from runner.terms import RunTerms, StageTerms

STAGE = StageTerms("a" * 12, "", "", "", timeout_seconds=60, max_llm_calls=5, memory_mb=256, model="m/x")
KEYS = {"api_key": "sk-or", "tinfoil_api_key": "sk-tin", "model": "m/default"}


def terms(provider: str) -> RunTerms:
    """A run that is to use this provider."""
    return RunTerms(
        room_id="room",
        tenant_id="t_alice",
        manifest_hash="",
        policy="",
        scope=STAGE,
        query=STAGE,
        mediator=None,
        allowed_tables=(),
        llm_providers=("openrouter", "tinfoil"),
        provider=provider,
        query_visibility="inspectable",
        output_visibility="querier",
        allow_artifacts=False,
        max_tokens=1000,
        scope_mode="fast",
        scope_mode_reason="",
    )


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    with override("llm", **KEYS):
        yield


def test_each_provider_goes_to_its_own_address_with_its_own_key() -> None:
    with override("llm", base_url="http://10.0.0.5:8000/v1", tinfoil_base_url="https://t.example/v1"):
        first = model_routes.route_of(terms("openrouter"), STAGE)
        second = model_routes.route_of(terms("tinfoil"), STAGE)
    assert first is not None
    assert second is not None
    assert (first.provider.chat_url, first.provider.api_key) == ("http://10.0.0.5:8000/v1/chat/completions", "sk-or")
    assert (second.provider.chat_url, second.provider.api_key) == ("https://t.example/v1/chat/completions", "sk-tin")
    assert (first.model, second.model) == ("m/x", "m/x")
    assert "sk-or" not in repr(first)


def test_a_run_without_a_provider_has_no_route() -> None:
    assert model_routes.route_of(terms(""), STAGE) is None


@pytest.mark.parametrize(
    "switched",
    [
        {"disabled_providers": "tinfoil, OpenRouter"},
        {"disabled_routes": "tinfoil:m/x, OPENROUTER:m/x"},
        {"api_key": ""},
        {"base_url": "openrouter.ai/api/v1"},
        {"base_url": "https://user:password@h/v1"},
    ],
)
def test_what_is_switched_off_after_the_question_was_asked_is_off_for_the_stage(switched: dict[str, str]) -> None:
    with override("llm", **switched), pytest.raises(errors.RouteDisabled):
        model_routes.route_of(terms("openrouter"), STAGE)


def test_another_model_of_a_provider_stays_on() -> None:
    with override("llm", disabled_routes="openrouter:m/y"):
        assert model_routes.route_of(terms("openrouter"), STAGE) is not None
        with pytest.raises(errors.RouteDisabled):
            model_routes.route_of(terms("openrouter"), replace(STAGE, model="m/y"))


@pytest.mark.parametrize(
    "switched", [{"disabled_providers": "openrouter"}, {"disabled_routes": "openrouter:m/default"}, {"base_url": "h"}]
)
def test_what_is_switched_off_is_refused_when_a_question_is_asked(switched: dict[str, str]) -> None:
    asked, allowed = RunRequest(query="x"), ("openrouter",)
    assert model_routes.model_of("query", asked, allowed=allowed) == "m/default"
    with override("llm", **switched), pytest.raises(errors.RouteDisabled):
        model_routes.model_of("query", asked, allowed=allowed)
