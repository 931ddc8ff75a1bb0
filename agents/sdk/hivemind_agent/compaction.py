"""Keeping a conversation with a model within bounds, without breaking its shape.

A tool's result must stay beside the call that asked for it, so nothing is removed: the oldest results are cut first,
then the oldest words of the model. The first messages, which say what the task is, stay whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .texts import clipped

KEPT_OF_AN_OLD_TEXT = 400
FIRST_KEPT = 2


def size_of(messages: Sequence[dict[str, Any]]) -> int:
    """Characters of a conversation, what the model's calls hold included."""
    return sum(len(_content(message)) + len(json.dumps(message.get("tool_calls") or "")) for message in messages)


def compacted(messages: Sequence[dict[str, Any]], *, most_chars: int, keep_last: int = 4) -> list[dict[str, Any]]:
    """The conversation in at most about ``most_chars``; the ``keep_last`` newest messages are cut last."""
    result = [dict(message) for message in messages]
    newest = max(len(result) - keep_last, FIRST_KEPT)
    for places in (range(FIRST_KEPT, newest), range(newest, len(result))):
        for role in ("tool", "assistant"):
            for place in places:
                if size_of(result) <= most_chars:
                    return result
                if result[place].get("role") == role:
                    result[place]["content"] = clipped(_content(result[place]), KEPT_OF_AN_OLD_TEXT)
    return result


def _content(message: dict[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""
