"""Finding JSON and code in what a model wrote, in bounded time, and keeping conversations short."""

import json
import time

import pytest


def test_the_last_object_with_the_key_wins_and_inner_ones_count() -> None:
    from hivemind_agent.texts import last_object_with

    text = 'I think {"a": 1} {not json} {"x": [{"a": {"b": 2}}]} then ```json\n{"c": "}{"}\n``` end {'
    assert last_object_with(text, "a") == {"a": {"b": 2}}
    assert last_object_with(text, "c") == {"c": "}{"}
    assert last_object_with(text, "d") is None


@pytest.mark.parametrize(
    "text", ["{" * 400_000, '{"a":' * 100_000, '{"a": [' * 50_000, '{"a": "' * 60_000, "[" * 10**6]
)
def test_no_text_keeps_an_agent_busy(text: str) -> None:
    from hivemind_agent.texts import find_function, last_object_with

    started = time.monotonic()
    assert last_object_with(text, "zz") is None
    assert find_function(text, "scope") is None
    assert time.monotonic() - started < 10


def test_a_function_is_found_in_fences_and_amid_prose() -> None:
    from hivemind_agent.texts import find_function

    source = "def scope(sql, params, rows):\n    return helper(rows)\n\n\ndef helper(rows):\n    return rows\n"
    assert find_function(f"Sure:\n```python\n{source}```\nbye", "scope") == source
    assert find_function(f"Sure.\n\n{source}\nThat is all.", "scope") == source
    assert find_function("no function here, only def scope", "scope") is None


def test_characters_that_show_nothing_are_removed() -> None:
    from hivemind_agent.texts import visible

    assert visible("a\u200bb\u202e\U000e0041\x1b[31m\tc\n") == "ab[31m\tc\n"


def test_a_conversation_is_shortened_from_its_oldest_results_on() -> None:
    from hivemind_agent.compaction import compacted, size_of

    messages = [{"role": "system", "content": "s" * 5000}, {"role": "user", "content": "q" * 5000}]
    for turn in range(6):
        call = {"id": f"c{turn}", "type": "function", "function": {"name": "t", "arguments": "{}"}}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{turn}", "content": f"{turn}" * 10_000})
    short = compacted(messages, most_chars=40_000)
    assert size_of(short) <= 40_000
    assert [m["role"] for m in short] == [m["role"] for m in messages]
    assert short[:2] == messages[:2]
    assert short[-1] == messages[-1]
    assert "[cut: " in short[3]["content"]
    assert size_of(compacted(messages, most_chars=1)) < 20_000
    json.dumps(short)
