"""Reading a request of the Anthropic shape into the shape that goes upstream."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from runner.llm.messages import Weight, rebuild_messages
from runner.llm.problems import Fields, Location, as_object, invalid
from runner.llm.requests import ChatRequest
from runner.llm.toolspecs import ToolChoice, rebuild_tools

SYSTEM_JOINT = "\n\n"
TEXT_JOINT = "\n"


def parse_anthropic_request(data: dict[str, Any]) -> ChatRequest:
    """A messages body. Raises `RequestInvalid`."""
    fields = Fields(data)
    fields.required_text("model")
    fields.require("max_tokens")
    max_tokens = fields.integer("max_tokens")
    if max_tokens is None:
        raise invalid("int_type", fields.at("max_tokens"), "Input should be a valid integer")
    choice = fields.data.get("tool_choice")
    options: dict[str, Any] = {name: fields.number(name) for name in ("temperature", "top_p")}
    options["parallel_tool_calls"] = _parallel(choice)
    return replace(
        parse_prompt(data),
        max_tokens=max_tokens,
        tool_choice=_tool_choice(choice),
        options={name: value for name, value in options.items() if value is not None},
    )


def parse_prompt(data: dict[str, Any]) -> ChatRequest:
    """Only what is said and which tools there are, as bodies whose tokens are counted have it.

    Raises `RequestInvalid`.
    """
    fields = Fields(data)
    fields.required_text("model")
    weight = Weight()
    return ChatRequest(
        messages=rebuild_messages(_messages(fields), weight=weight),
        tools=rebuild_tools(_tools(fields)),
        weight=weight,
    )


def _messages(fields: Fields) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    system = _texts(fields.data.get("system"), joint=SYSTEM_JOINT)
    if system:
        found.append({"role": "system", "content": system})
    loc = fields.at("messages")
    for index, item in enumerate(fields.required_items("messages")):
        found.extend(_turn(item, (*loc, index)))
    return found


def _turn(item: object, loc: Location) -> list[dict[str, Any]]:
    fields = Fields(as_object(item, loc=loc), loc=loc)
    role = fields.required_text("role")
    content = fields.data.get("content")
    if role not in {"user", "assistant"}:
        raise invalid("literal_error", fields.at("role"), "Input should be user or assistant")
    if not isinstance(content, str | list):
        raise invalid("string_type", fields.at("content"), "Input should be a valid string or list of blocks")
    if isinstance(content, str):
        return [{"role": role, "content": content}]
    blocks = [as_object(block, loc=(*loc, "content", i)) for i, block in enumerate(content)]
    return [_assistant(blocks)] if role == "assistant" else _user(blocks)


def _assistant(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    calls = [_call(block) for block in blocks if block.get("type") == "tool_use"]
    text = _texts(blocks, joint=TEXT_JOINT)
    message: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else "")}
    return {**message, "tool_calls": calls} if calls else message


def _user(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    results = [block for block in blocks if block.get("type") == "tool_result"]
    if not results:
        return [{"role": "user", "content": _said(blocks)}]
    # Agents built for this protocol rely on a turn with results holding nothing else.
    return [
        {
            "role": "tool",
            "tool_call_id": block.get("tool_use_id"),
            "content": _texts(block.get("content"), joint=TEXT_JOINT),
        }
        for block in results
    ]


def _said(blocks: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """The texts as one, or, where a picture comes along, texts and pictures in their order."""
    parts = [part for part in map(_part, blocks) if part is not None]
    if all(part["type"] == "text" for part in parts):
        return _texts(blocks, joint=TEXT_JOINT)
    return parts


def _part(block: dict[str, Any]) -> dict[str, Any] | None:
    """A block as a part of a message; None for one that has no counterpart: a thought, a document, an address."""
    source, text = block.get("source"), block.get("text")
    if block.get("type") == "text" and isinstance(text, str):
        return {"type": "text", "text": text}
    if block.get("type") == "image" and isinstance(source, dict) and source.get("type") == "base64":
        return {
            "type": "image_url",
            "image_url": {"url": f"data:{source.get('media_type')};base64,{source.get('data')}"},
        }
    return None


def _call(block: dict[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(block.get("input") or {})
    return {
        "id": block.get("id"),
        "type": "function",
        "function": {"name": block.get("name"), "arguments": arguments},
    }


def _texts(content: object, *, joint: str) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    blocks = [block for block in content if isinstance(block, dict) and block.get("type") == "text"]
    texts = [block.get("text") for block in blocks]
    return joint.join(text for text in texts if isinstance(text, str))


def _tools(fields: Fields) -> list[dict[str, Any]]:
    tools = [tool for tool in fields.items("tools") or [] if isinstance(tool, dict)]
    return [
        {
            "type": "function",
            "function": {
                "name": tool.get("name"),
                "description": tool.get("description"),
                "parameters": tool["input_schema"],
            },
        }
        for tool in tools
        if "input_schema" in tool
    ]


def _tool_choice(choice: object) -> ToolChoice | None:
    if not isinstance(choice, dict):
        return None
    match choice.get("type"):
        case "auto":
            return "auto"
        case "any":
            return "required"
        case "none":
            return "none"
        case "tool" if isinstance(choice.get("name"), str):
            return {"type": "function", "function": {"name": choice["name"]}}
    return None


def _parallel(choice: object) -> bool | None:
    """False when the model may ask for one tool at a time only."""
    return False if isinstance(choice, dict) and choice.get("disable_parallel_tool_use") is True else None
