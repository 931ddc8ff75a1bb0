"""The sampling options that an agent may set; every other field of its request is left behind.

Left behind is what would choose a model, provider, route or plug-in, lift a limit, multiply the cost or mark
the request: `model`, `models`, `provider`, `route`, `plugins`, `transforms`, `n`, `user` and whatever else is
not named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.llm.problems import Fields, invalid

NUMBERS = ("temperature", "top_p", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty")
INTEGERS = ("seed", "top_k")
FLAGS = ("parallel_tool_calls", "include_reasoning")
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
TEMPLATE_FLAGS = ("enable_thinking", "thinking")
RESPONSE_FORMATS = frozenset({"text", "json_object", "json_schema"})
MAX_STOPS = 16
LOWEST_INTEGER = -(2**63)


def collect_options(fields: Fields) -> dict[str, Any]:
    """The allowed options among `fields`, checked. Raises `RequestInvalid` for a value of the wrong kind."""
    found: dict[str, Any] = {name: fields.number(name) for name in NUMBERS}
    found |= {name: fields.integer(name, minimum=LOWEST_INTEGER, maximum=2**63 - 1) for name in INTEGERS}
    found |= {name: fields.flag(name) for name in FLAGS}
    found["stop"] = _stop(fields)
    found["response_format"] = _response_format(fields)
    found["reasoning_effort"] = _effort(fields, "reasoning_effort")
    found["chat_template_kwargs"] = _template_flags(fields)
    return {name: value for name, value in found.items() if value is not None}


def collect_reasoning(fields: Fields) -> dict[str, Any] | None:
    """The `reasoning` object, reduced to the keys that only say how much to think."""
    value = fields.mapping("reasoning")
    if value is None:
        return None
    source = Fields(value, loc=fields.at("reasoning"))
    found = {
        "enabled": source.flag("enabled"),
        "exclude": source.flag("exclude"),
        "effort": _effort(source, "effort"),
        "max_tokens": source.integer("max_tokens", minimum=0),
    }
    return {name: item for name, item in found.items() if item is not None}


def merged(data: Mapping[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """The request with its `extra_body` laid over it, as clients of this dialect expect of an option."""
    return {**data, **{name: value for name, value in (extra or {}).items() if value is not None}}


def _stop(fields: Fields) -> str | list[str] | None:
    value = fields.data.get("stop")
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and len(value) <= MAX_STOPS and all(isinstance(item, str) for item in value):
        return list(value)
    raise invalid("string_type", fields.at("stop"), "Input should be a string or a short list of strings")


def _response_format(fields: Fields) -> dict[str, Any] | None:
    value = fields.mapping("response_format")
    if value is None:
        return None
    source = Fields(value, loc=fields.at("response_format"))
    kind = source.required_text("type")
    if kind not in RESPONSE_FORMATS:
        raise invalid("literal_error", source.at("type"), "Input should be text, json_object or json_schema")
    schema = source.mapping("json_schema")
    return {"type": kind} if schema is None else {"type": kind, "json_schema": schema}


def _effort(fields: Fields, name: str) -> str | None:
    value = fields.text(name)
    if value is not None and value not in EFFORTS:
        raise invalid("literal_error", fields.at(name), "Input should be a known effort")
    return value


def _template_flags(fields: Fields) -> dict[str, bool] | None:
    value = fields.mapping("chat_template_kwargs")
    if value is None:
        return None
    source = Fields(value, loc=fields.at("chat_template_kwargs"))
    found = {name: source.flag(name) for name in TEMPLATE_FLAGS}
    return {name: flag for name, flag in found.items() if flag is not None} or None
