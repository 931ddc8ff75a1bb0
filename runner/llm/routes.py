"""Which provider and model a stage uses: decided by people before it starts, never by the agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runner.llm.errors import ProviderNotAllowed, ProviderNotConfigured, RouteDisabled
from runner.llm.providers import LlmRoute, Provider

DEFAULT_PROVIDER = "openrouter"


@dataclass(frozen=True)
class RouteRules:
    """What the operator has set: providers by name, models, and what is switched off."""

    providers: Mapping[str, Provider]
    global_model: str
    role_models: Mapping[str, str] = field(default_factory=dict)
    disabled_providers: frozenset[str] = frozenset()
    disabled_routes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class RouteRequest:
    """What the asker wants; empty means no wish."""

    provider: str = ""
    model: str = ""
    role_models: Mapping[str, str | None] = field(default_factory=dict)


def parse_disabled_routes(entries: Iterable[str]) -> frozenset[tuple[str, str]]:
    """`provider:model` texts as pairs; the model keeps its case and any further colon."""
    pairs = (entry.partition(":") for entry in entries if entry.strip())
    return frozenset((provider.strip().lower(), model.strip()) for provider, _, model in pairs)


def resolve_model(role: str, *, request: RouteRequest, rules: RouteRules) -> str:
    """The model of a role: its own override, the request's model, the role's setting, the global one."""
    wishes = (request.role_models.get(role), request.model, rules.role_models.get(role), rules.global_model)
    return next((wish.strip() for wish in wishes if wish and wish.strip()), "")


def resolve_provider_name(requested: str, *, allowed: Sequence[str]) -> str | None:
    """The provider's name within the room's list; None when the room allows no model at all.

    Raises `ProviderNotAllowed` when the asker names one that is not on the list.
    """
    names = [name.strip().lower() for name in allowed]
    wish = requested.strip().lower()
    if wish and wish not in names:
        raise ProviderNotAllowed("The room does not allow this provider.")
    if not names:
        return None
    return wish or (DEFAULT_PROVIDER if DEFAULT_PROVIDER in names else names[0])


def resolve_route(role: str, *, request: RouteRequest, allowed: Sequence[str], rules: RouteRules) -> LlmRoute | None:
    """The route of one stage, or None when the room lets no model be called.

    Raises `ProviderNotAllowed`, `ProviderNotConfigured` or `RouteDisabled`.
    """
    name = resolve_provider_name(request.provider, allowed=allowed)
    if name is None:
        return None
    model = resolve_model(role, request=request, rules=rules)
    disabled = {provider.lower() for provider in rules.disabled_providers}
    if name in disabled or (name, model) in rules.disabled_routes:
        raise RouteDisabled("The operator has switched this provider or model off.")
    provider = rules.providers.get(name)
    if provider is None or not model:
        raise ProviderNotConfigured("This provider is not set up here.")
    return LlmRoute(provider=provider, model=model)
