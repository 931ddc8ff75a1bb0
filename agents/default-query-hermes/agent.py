"""The query agent that a room gets by default: the room's model, the stage's tools, a polite sentence when it fails.

It ends well in every case: what it prints is the answer of the run, and a run that failed would tell nobody why.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from answers import cleaned, is_report, is_usable, wants_report
from hivemind_agent import AgentError, Bridge, BridgeRefused, BudgetExhausted, Limits, ToolLoop, read_input
from hivemind_agent.texts import clipped
from tools import bounded_tools

NO_QUESTION = "No question provided."
NO_MODEL = "I could not answer this question, because this room lets its agents use no model."
NO_BUDGET = "I could not answer this question within the budget that was given for it."
NO_ANSWER = "I could not answer this question. Asking again, or asking more simply, may help."
FINISH = "Write the finished answer to the question now, from the results above. Do not call a tool."
AGAIN = (
    "That is not an answer that can be shown to the person who asked. Write the finished answer now; where the data do"
    " not tell, say so."
)
MOST_SCHEMA_CHARS = 12_000
MOST_SOURCE_CHARS = 6_000
MOST_QUESTION_CHARS = 60_000


def number(name: str, default: int) -> int:
    """A whole number from the environment."""
    value = os.environ.get(name, "").strip()
    return int(value) if value.isdigit() else default


def limits_for(question: str, calls: int) -> Limits:
    """Turns and tokens for this question; two calls are kept for writing and for writing once more."""
    report = wants_report(question)
    turns = number("HIVEMIND_QUERY_MAX_TOOL_TURNS", 7 if report else 5)
    return Limits(
        turns=max(min(turns, calls - 2), 0),
        turn_tokens=4096,
        final_tokens=12_288 if report else 6144,
        result_chars=20_000,
        context_chars=120_000,
    )


def task(bridge: Bridge, question: str) -> str:
    """What the model is told about this question."""
    parts = [f"QUESTION\n{clipped(question, MOST_QUESTION_CHARS)}"]
    source = read_input("SCOPE_FN_SOURCE", "")
    if source:
        parts.insert(0, f"FILTER ON EVERY RESULT (Python)\n{clipped(source, MOST_SOURCE_CHARS)}")
    try:
        schema = bridge.call_tool("get_schema")
    except AgentError as problem:
        print(f"The schema could not be read: {problem}", file=sys.stderr)
    else:
        parts.insert(0, f"COLUMNS OF THE TABLES\n{clipped(schema, MOST_SCHEMA_CHARS)}")
    return "\n\n".join(parts)


def answer(bridge: Bridge, question: str) -> str:
    """The model's answer, or the sentence that stands for it. Raises AgentError."""
    limits = limits_for(question, bridge.budget().calls)
    most_reads = number("HIVEMIND_QUERY_MAX_SQL_CALLS", 8 if wants_report(question) else 6)
    loop = ToolLoop(bridge, bounded_tools(bridge, most_reads=most_reads), limits=limits)
    instructions = Path(__file__).with_name("prompt.md").read_text(encoding="utf-8")
    messages = [{"role": "system", "content": instructions}, {"role": "user", "content": task(bridge, question)}]
    outcome = loop.run(messages, ask=FINISH)
    text = cleaned(outcome.text)
    if not is_usable(text) and outcome.ended != "budget":
        text = cleaned(retried(bridge, outcome.messages, limits))
    if is_usable(text):
        return text
    return NO_BUDGET if outcome.ended == "budget" else NO_ANSWER


def retried(bridge: Bridge, messages: list[dict[str, object]], limits: Limits) -> str:
    """One more try at the answer, without tools."""
    told = [*messages, {"role": "user", "content": AGAIN}]
    try:
        left = bridge.budget()
        return bridge.complete(told, max_tokens=left.completion_cap(limits.final_tokens)).text
    except BudgetExhausted:
        return ""


def keep_report(bridge: Bridge, question: str, text: str) -> None:
    """Leave a long report as a file as well, where the room takes files. Its failure changes nothing."""
    allowed = read_input("HIVEMIND_QUERY_UPLOAD_ARTIFACTS", "").strip().lower() == "true"
    if not (allowed and is_report(question, text)):
        return
    try:
        bridge.upload_report(text)
    except AgentError as problem:
        print(f"The report was not kept as a file: {problem}", file=sys.stderr)


def main() -> int:
    """Print the answer."""
    question = read_input("QUERY_PROMPT", "").strip()
    if not question:
        print(NO_QUESTION)
        return 0
    try:
        bridge = Bridge.from_environment(timeout_seconds=240.0)
        text = answer(bridge, question)
        keep_report(bridge, question, text)
    except BudgetExhausted:
        text = NO_BUDGET
    except BridgeRefused as refusal:
        print(f"Not answered: {refusal}", file=sys.stderr)
        text = NO_MODEL if refusal.status == 403 else NO_ANSWER
    except Exception as problem:  # noqa: BLE001 - the one who asked gets a sentence in any case
        print(f"Not answered: {type(problem).__name__}: {problem}", file=sys.stderr)
        text = NO_ANSWER
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
