"""How a stage's tools are listed and how calls are answered."""

from collections.abc import Mapping
from typing import Any

import pytest

from runner.tools.registry import ToolRegistry


class Echo:
    """Answers with what it got."""

    name = "echo"
    description = "Say it again."
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {"text": {"type": "string"}, "items": {"type": "array", "items": {}}},
        "required": ["text"],
    }

    def call(self, arguments: Mapping[str, Any]) -> str:
        return f"{arguments['text']} {arguments.get('items')}"


class Broken(Echo):
    name = "broken"

    def call(self, arguments: Mapping[str, Any]) -> str:
        raise RuntimeError("postgresql://secret")


TOOLS = ToolRegistry([Echo(), Broken()])


def test_tools_are_listed_as_functions() -> None:
    assert TOOLS.list_openai()[0] == {
        "type": "function",
        "function": {"name": "echo", "description": "Say it again.", "parameters": Echo.parameters},
    }
    assert ToolRegistry([]).list_openai() == []


def test_a_call_answers_with_text_and_no_error() -> None:
    assert TOOLS.call("echo", {"text": "hi", "items": [1]}) == {"result": "hi [1]", "error": None}
    assert TOOLS.call("echo", {"text": "hi", "items": None}) == {"result": "hi None", "error": None}


def test_an_unknown_tool_is_an_answer_that_names_the_others() -> None:
    answer = TOOLS.call("drop_everything", {})
    assert answer["result"] == ""
    assert "echo, broken" in answer["error"]
    assert "none" in ToolRegistry([]).call("x", {})["error"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({}, "missing argument 'text'"),
        ({"text": None}, "missing argument 'text'"),
        ({"text": "x", "other": 1}, "unexpected argument 'other'"),
        ({"text": 5}, "of type string"),
        ({"text": "x", "items": "y"}, "of type array"),
    ],
)
def test_arguments_that_do_not_fit_are_an_answer(arguments: dict, word: str) -> None:
    answer = TOOLS.call("echo", arguments)
    assert answer["result"] == "" and word in answer["error"]


def test_what_a_tool_raises_is_not_put_into_an_answer() -> None:
    with pytest.raises(RuntimeError):
        TOOLS.call("broken", {"text": "x"})
