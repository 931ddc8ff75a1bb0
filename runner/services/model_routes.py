"""The operator's model services and rules, read from the settings, and the route of each stage."""

from contextlib import suppress
from dataclasses import dataclass, field

from hivemind.kit.conf import conf
from runner import errors
from runner.llm import errors as llm_errors
from runner.llm import routes
from runner.llm.providers import LlmRoute, Provider
from runner.llm.routes import RouteRequest, RouteRules
from runner.services.requests import RunRequest
from runner.terms import RunTerms, StageTerms


@dataclass(frozen=True)
class Slot:
    """Where a provider is and the key to it, empty when the operator has not set it up."""

    base_url: str
    api_key: str = field(repr=False)


def slots() -> dict[str, Slot]:
    """Every provider that a room can name."""
    llm = conf.llm
    return {
        "openrouter": Slot(llm.base_url, llm.api_key),
        "tinfoil": Slot(llm.tinfoil_base_url, llm.tinfoil_api_key),
    }


def rules() -> RouteRules:
    """What the operator has set up and switched off."""
    llm = conf.llm
    return RouteRules(
        providers=_providers(),
        global_model=llm.model,
        role_models={"scope": llm.scope_model, "query": llm.query_model, "mediator": llm.mediator_model},
        disabled_providers=frozenset(_words(llm.disabled_providers)),
        disabled_routes=routes.parse_disabled_routes(llm.disabled_routes.split(",")),
    )


def wish(request: RunRequest) -> RouteRequest:
    """What the asker said about models."""
    by_role = {"scope": request.scope_model, "query": request.query_model, "mediator": request.mediator_model}
    return RouteRequest(provider=request.provider or "", model=request.model or "", role_models=by_role)


def provider_name(request: RunRequest, *, allowed: tuple[str, ...]) -> str:
    """The provider of the whole run, empty when the room allows none. Raises ProviderNotAllowed."""
    try:
        return routes.resolve_provider_name(request.provider or "", allowed=allowed) or ""
    except llm_errors.ProviderNotAllowed as error:
        raise errors.ProviderNotAllowed from error


def model_of(role: str, request: RunRequest, *, allowed: tuple[str, ...]) -> str:
    """The model of one stage. Raises RouteDisabled when the operator forbids it or has no key for its provider."""
    operator = rules()
    try:
        routes.resolve_route(role, request=wish(request), allowed=allowed, rules=operator)
    except llm_errors.ProviderNotConfigured as error:
        raise errors.RouteDisabled(
            "That LLM provider has no key on this service: it counts as disabled by operator"
        ) from error
    except llm_errors.RouteDisabled as error:
        raise errors.RouteDisabled from error
    return routes.resolve_model(role, request=wish(request), rules=operator)


def route_of(terms: RunTerms, stage: StageTerms) -> LlmRoute | None:
    """The frozen route of one stage, looked up again when it runs; None when the room allows no model.

    Raises RouteDisabled when the operator has switched it off since.
    """
    if not terms.provider:
        return None
    operator = rules()
    provider = operator.providers.get(terms.provider)
    gone = terms.provider in operator.disabled_providers or (terms.provider, stage.model) in operator.disabled_routes
    if provider is None or gone:
        raise errors.RouteDisabled
    return LlmRoute(provider=provider, model=stage.model)


def _providers() -> dict[str, Provider]:
    """The providers that can be asked. One whose address is none is left out, as one without a key is."""
    timeout = float(conf.llm.timeout_seconds)
    found = {}
    for name, slot in slots().items():
        if slot.api_key:
            with suppress(ValueError):
                found[name] = Provider(name, slot.base_url, slot.api_key, timeout)
    return found


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(",") if word.strip()]
