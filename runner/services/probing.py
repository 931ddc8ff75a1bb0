"""Whether a provider of models answers, as the operator is told."""

from typing import Any

from hivemind.kit.conf import conf
from runner.llm import probe as llm_probe
from runner.llm.providers import LlmRoute, Provider
from runner.llm.routes import DEFAULT_PROVIDER
from runner.services import model_routes


def probe(provider: str, model: str) -> dict[str, Any]:
    """Ask a provider for a few tokens; empty texts mean the defaults. Whatever is wrong is part of the answer.

    A provider or model that is switched off is asked all the same: that is how an operator learns that it is back.
    """
    name = provider.strip().lower() or DEFAULT_PROVIDER
    slot = model_routes.slots().get(name)
    if slot is None:
        return {"error": f"unknown provider; known are {', '.join(model_routes.slots())}"}
    found: dict[str, Any] = {
        "provider": name,
        "base_url": "",
        "model": model.strip() or conf.llm.model,
        "api_key_configured": bool(slot.api_key),
        "timeout_seconds": conf.llm.timeout_seconds,
    }
    try:
        usable = Provider(name, slot.base_url, slot.api_key)
    except ValueError:  # which may be because of a password in it
        return found | {"error": "the base URL of this provider is not one that can be used"}
    found["base_url"] = usable.base_url
    if not usable.api_key:
        return found | {"error": "no API key is configured for this provider"}
    return found | _told(llm_probe.probe(LlmRoute(usable, found["model"])))


def _told(done: llm_probe.Probe) -> dict[str, Any]:
    if done.status_code is None:
        return {"error_class": done.error_class, "error": done.error, "elapsed_ms": done.elapsed_ms}
    return {"status_code": done.status_code, "elapsed_ms": done.elapsed_ms, "body_head": done.body_head}
