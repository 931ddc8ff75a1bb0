"""Chat messages rebuilt from what an agent sent: known roles, known keys, nothing that makes a provider act.

A provider would fetch an image or a file that is named by an address, and the address alone could carry
private rows out of the room; so pictures are accepted only as data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from runner.llm.problems import Fields, Location, as_object, invalid

Message = dict[str, Any]

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
IMAGE_DETAILS = frozenset({"auto", "low", "high"})

# What a picture is taken to weigh when a prompt is estimated, in characters.
IMAGE_CHARS = 4_500


@dataclass
class Weight:
    """How much text a request holds: what people and tools said, and everything sent beside it.

    `extra_bytes` is what the former has in UTF-8 beyond a byte for each character: scripts other than Latin take
    about a token for three bytes, and so up to three times as many for their characters. `parts` are the messages and
    the parts of messages, each of which has a beginning and an end upstream, however empty it is.
    """

    content_chars: int = 0
    extra_bytes: int = 0
    side_chars: int = 0
    parts: int = 0

    def add_content(self, text: str) -> None:
        """Count what somebody said."""
        self.content_chars += len(text)
        if not text.isascii():
            self.extra_bytes += len(text.encode("utf-8", "replace")) - len(text)


def rebuild_messages(items: list[Any], *, weight: Weight, loc: Location = ("body", "messages")) -> list[Message]:
    """The messages as they go upstream; adds to `weight`. Raises `RequestInvalid`."""
    return [_message(item, weight, (*loc, index)) for index, item in enumerate(items)]


def _message(item: object, weight: Weight, loc: Location) -> Message:
    fields = Fields(as_object(item, loc=loc), loc=loc)
    weight.parts += 1
    role = fields.required_text("role")
    if role not in ROLES:
        raise invalid("literal_error", fields.at("role"), "Input should be a known role")
    message: Message = {"role": role, "content": _content(fields, weight)}
    for name in ("name", "tool_call_id"):
        if (value := fields.text(name)) is not None:
            message[name] = value
            weight.side_chars += len(value)
    if role == "assistant":
        _assistant_parts(fields, message, weight)
    return message


def _content(fields: Fields, weight: Weight) -> str | list[dict[str, Any]] | None:
    value = fields.data.get("content")
    if value is None:
        return None
    if isinstance(value, str):
        weight.add_content(value)
        return value
    if not isinstance(value, list):
        raise invalid("string_type", fields.at("content"), "Input should be a valid string or list of parts")
    loc = fields.at("content")
    weight.parts += len(value)
    return [_part(part, weight, (*loc, index)) for index, part in enumerate(value)]


def _part(item: object, weight: Weight, loc: Location) -> dict[str, Any]:
    fields = Fields(as_object(item, loc=loc), loc=loc)
    kind = fields.required_text("type")
    if kind == "text":
        text = fields.required_text("text")
        weight.add_content(text)
        return {"type": "text", "text": text}
    if kind == "image_url":
        weight.content_chars += IMAGE_CHARS
        return {"type": "image_url", "image_url": _image(fields)}
    raise invalid("literal_error", fields.at("type"), "Only text and inline images can be sent")


def _image(fields: Fields) -> dict[str, str]:
    image = Fields(fields.mapping("image_url") or {}, loc=fields.at("image_url"))
    url = image.required_text("url")
    if not url[:11].lower().startswith("data:image/"):
        raise invalid("value_error", image.at("url"), "An image has to be sent inline, as a data: URL")
    detail = image.text("detail")
    return {"url": url, "detail": detail} if detail in IMAGE_DETAILS else {"url": url}


def _assistant_parts(fields: Fields, message: Message, weight: Weight) -> None:
    for name in ("reasoning", "reasoning_content"):
        if (text := fields.text(name)) is not None:
            message[name] = text
            weight.side_chars += len(text)
    if details := fields.items("reasoning_details"):
        loc = fields.at("reasoning_details")
        message["reasoning_details"] = [as_object(item, loc=(*loc, i)) for i, item in enumerate(details)]
        weight.side_chars += len(json.dumps(details))
    if calls := fields.items("tool_calls"):
        loc = fields.at("tool_calls")
        message["tool_calls"] = [_tool_call(call, weight, (*loc, i)) for i, call in enumerate(calls)]


def _tool_call(item: object, weight: Weight, loc: Location) -> dict[str, Any]:
    fields = Fields(as_object(item, loc=loc), loc=loc)
    function = Fields(fields.mapping("function") or {}, loc=fields.at("function"))
    arguments = function.data.get("arguments")
    if isinstance(arguments, dict):
        arguments = json.dumps(arguments)
    if not isinstance(arguments, str):
        raise invalid("string_type", function.at("arguments"), "Input should be a valid string")
    name, call_id = function.required_text("name"), fields.text("id") or ""
    weight.side_chars += len(arguments) + len(name) + len(call_id)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
