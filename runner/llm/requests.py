"""One model call, rebuilt from an allow-list of fields.

Nothing of an agent's body is forwarded as it came: the model comes from the stage's route, the token cap from
the stage's budget, the rest from the checked values below.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from runner.llm import messages as message_rules
from runner.llm import options as option_rules
from runner.llm import toolspecs
from runner.llm.problems import Fields, invalid

DEFAULT_MAX_TOKENS = 4096
CHARS_PER_TOKEN = 3

# Tool definitions and arguments up to this size ride along uncounted in the estimate of a prompt.
FREE_SIDE_CHARS = 96 * 1024

# What the beginning and the end of a message take, in characters, once there are more than any conversation has.
PART_CHARS = 12
FREE_PARTS = 256


@dataclass(frozen=True)
class ChatRequest:
    """A checked request of an agent; `max_tokens` is its wish, not yet what the budget allows."""

    messages: list[message_rules.Message]
    max_tokens: int = DEFAULT_MAX_TOKENS
    tools: list[dict[str, Any]] = field(default_factory=list)
    tool_choice: toolspecs.ToolChoice | None = None
    reasoning: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    weight: message_rules.Weight = field(default_factory=message_rules.Weight)

    @property
    def prompt_estimate(self) -> int:
        """About how many tokens the prompt has: a third of the characters of its messages, at least 1."""
        chars = self.weight.content_chars + max(self._side_chars - FREE_SIDE_CHARS, 0)
        return max(chars // CHARS_PER_TOKEN, 1)

    @property
    def prompt_weight(self) -> int:
        """About how many tokens the prompt has when nothing rides along, and other scripts count by their bytes."""
        chars = self.weight.content_chars + self.weight.extra_bytes + self._side_chars
        return max(chars // CHARS_PER_TOKEN, 1)

    @cached_property
    def _side_chars(self) -> int:
        beside = [value for value in (self.tools, self.tool_choice, self.options) if value]
        sizes = sum(len(json.dumps(value)) for value in beside)
        return self.weight.side_chars + PART_CHARS * max(self.weight.parts - FREE_PARTS, 0) + sizes

    def upstream_body(self, *, model: str, max_tokens: int, stream: bool) -> bytes:
        """The JSON that is sent upstream. Raises `RequestInvalid` when it has no JSON form."""
        body: dict[str, Any] = {**self.options, "model": model, "messages": self.messages}
        body["max_tokens"] = max_tokens
        if self.tools:
            body["tools"] = self.tools
        if self.tool_choice is not None:
            body["tool_choice"] = self.tool_choice
        if self.reasoning is not None:
            body["reasoning"] = _capped(self.reasoning, max_tokens)
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        try:
            text = json.dumps(body, ensure_ascii=False, allow_nan=False)
        except ValueError:
            raise invalid("value_error", ("body",), "Numbers have to be finite") from None
        return text.encode("utf-8", "replace")


def parse_openai_request(data: dict[str, Any]) -> ChatRequest:
    """A chat-completions body, with the allowed part of its `extra_body`. Raises `RequestInvalid`."""
    fields = Fields(data)
    weight = message_rules.Weight()
    messages = message_rules.rebuild_messages(fields.required_items("messages"), weight=weight)
    wished = Fields(option_rules.merged(data, fields.mapping("extra_body")))
    return ChatRequest(
        messages=messages,
        max_tokens=_wished_tokens(fields),
        tools=toolspecs.rebuild_tools(fields.items("tools") or []),
        tool_choice=toolspecs.rebuild_tool_choice(data.get("tool_choice")),
        reasoning=option_rules.collect_reasoning(wished),
        options=option_rules.collect_options(wished),
        weight=weight,
    )


def _wished_tokens(fields: Fields) -> int:
    wishes = [fields.integer("max_tokens"), fields.integer("max_completion_tokens")]
    return min((wish for wish in wishes if wish is not None), default=DEFAULT_MAX_TOKENS)


def _capped(reasoning: dict[str, Any], max_tokens: int) -> dict[str, Any]:
    if "max_tokens" not in reasoning:
        return reasoning
    return {**reasoning, "max_tokens": min(reasoning["max_tokens"], max_tokens)}
