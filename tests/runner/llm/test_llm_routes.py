"""Which provider and model a stage gets."""

from __future__ import annotations

import pytest

from runner.llm.errors import ProviderNotAllowed, ProviderNotConfigured, RouteDisabled
from runner.llm.providers import Provider
from runner.llm.routes import RouteRequest, RouteRules, parse_disabled_routes, resolve_model, resolve_route

OPENROUTER = Provider("openrouter", "https://openrouter.ai/api/v1/", "sk-secret")
TINFOIL = Provider("tinfoil", "https://inference.tinfoil.sh/v1", "tk-secret")
RULES = RouteRules(
    providers={"openrouter": OPENROUTER, "tinfoil": TINFOIL},
    global_model="global",
    role_models={"scope": "scope-setting", "query": ""},
)


@pytest.mark.parametrize(
    ("role", "request_", "model"),
    [
        ("query", RouteRequest(), "global"),
        ("scope", RouteRequest(), "scope-setting"),
        ("scope", RouteRequest(model="asked"), "asked"),
        ("scope", RouteRequest(model="asked", role_models={"scope": "override"}), "override"),
        ("query", RouteRequest(model="asked", role_models={"scope": "override", "query": None}), "asked"),
        ("mediator", RouteRequest(model="  ", role_models={"mediator": " "}), "global"),
    ],
)
def test_the_nearest_wish_decides_the_model(role, request_, model):
    assert resolve_model(role, request=request_, rules=RULES) == model


@pytest.mark.parametrize(
    ("asked", "allowed", "provider"),
    [
        ("", ["tinfoil", "openrouter"], "openrouter"),
        ("", ["tinfoil"], "tinfoil"),
        ("tinfoil", ["openrouter", "tinfoil"], "tinfoil"),
        ("OpenRouter", ["openrouter"], "openrouter"),
    ],
)
def test_the_provider_is_one_that_the_room_allows(asked, allowed, provider):
    route = resolve_route("query", request=RouteRequest(provider=asked), allowed=allowed, rules=RULES)
    assert route is not None
    assert route.provider.name == provider


def test_a_room_without_providers_has_no_route():
    assert resolve_route("query", request=RouteRequest(), allowed=[], rules=RULES) is None


@pytest.mark.parametrize("allowed", [[], ["tinfoil"]])
def test_a_provider_outside_the_rooms_list_is_refused(allowed):
    with pytest.raises(ProviderNotAllowed):
        resolve_route("query", request=RouteRequest(provider="openrouter"), allowed=allowed, rules=RULES)


def test_a_provider_that_is_not_set_up_is_refused():
    rules = RouteRules(providers={"openrouter": OPENROUTER}, global_model="global")
    with pytest.raises(ProviderNotConfigured):
        resolve_route("query", request=RouteRequest(), allowed=["tinfoil"], rules=rules)


def test_no_model_at_all_is_refused():
    rules = RouteRules(providers={"openrouter": OPENROUTER}, global_model="")
    with pytest.raises(ProviderNotConfigured):
        resolve_route("query", request=RouteRequest(), allowed=["openrouter"], rules=rules)


def test_a_switched_off_provider_or_route_is_refused():
    off = RouteRules(
        providers={"openrouter": OPENROUTER, "tinfoil": TINFOIL},
        global_model="global",
        disabled_providers=frozenset({"Tinfoil"}),
        disabled_routes=parse_disabled_routes(["OpenRouter: z-ai/glm-5:free", " ", ""]),
    )
    for asked in (RouteRequest(provider="tinfoil"), RouteRequest(model="z-ai/glm-5:free")):
        with pytest.raises(RouteDisabled):
            resolve_route("query", request=asked, allowed=["openrouter", "tinfoil"], rules=off)
    route = resolve_route("query", request=RouteRequest(model="z-ai/glm-5"), allowed=["openrouter"], rules=off)
    assert route is not None


def test_a_provider_does_not_print_its_key():
    assert "sk-secret" not in repr(OPENROUTER) + str(OPENROUTER)
    assert OPENROUTER.chat_url == "https://openrouter.ai/api/v1/chat/completions"


@pytest.mark.parametrize(
    "url", ["", "openrouter.ai", "ftp://x/v1", "https://user:pw@x/v1", "https://x/v1?a=1", "https:///v1"]
)
def test_a_base_url_of_another_kind_is_refused_without_being_repeated(url):
    with pytest.raises(ValueError, match="provider p") as refusal:
        Provider("p", url, "k")
    assert "pw" not in str(refusal.value)
