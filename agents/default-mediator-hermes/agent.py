"""The mediator that a room gets by default: one look of the room's model at the answer, and fixed sentences when that
fails.

What it prints is the answer of the run, so it ends well in every case, and lets nothing through unchecked.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from files import judge_files, withhold_files
from hivemind_agent import AgentError, Bridge, read_input
from hivemind_agent.texts import visible
from signs import has_secrets, is_diagnostic, without_secrets

FAILED = "The answer could not be checked against the room's rules, so it is not shown."
BROKEN = "The query agent failed before it could answer."
WITHHELD = "The room's rules do not allow an answer to this question."
CHARS_PER_TOKEN = 3
SPARE_TOKENS = 600


class NotChecked(Exception):
    """The model gave nothing that may count as a checked answer."""


def mediated(bridge: Bridge, policy: str, question: str, answer: str) -> str:
    """The answer as it may leave. Raises NotChecked and AgentError."""
    messages = [
        {"role": "system", "content": Path(__file__).with_name("prompt.md").read_text(encoding="utf-8")},
        {"role": "user", "content": material(policy, question, answer)},
    ]
    prompt_tokens = sum(len(message["content"]) for message in messages) // CHARS_PER_TOKEN
    left = bridge.budget().tokens - prompt_tokens
    needed = len(answer) // CHARS_PER_TOKEN + SPARE_TOKENS
    if left < needed:
        raise NotChecked("the answer is too long for what is left of the budget")
    # Thinking models spend tokens before the first word; what the answer does not need is for that.
    completion = bridge.complete(messages, max_tokens=min(left, 4 * needed), temperature=0)
    text = visible(completion.text).strip()
    if completion.tool_calls or not text or completion.finish_reason == "length":
        raise NotChecked("the model did not finish its answer")
    if len(text) > 2 * len(answer) + 2000:
        raise NotChecked("the model wrote more than there was to check")
    return WITHHELD if text.strip("`*\"' .") == "WITHHELD" else text


def material(policy: str, question: str, answer: str) -> str:
    """The three texts between markers that none of them can know."""
    mark = secrets.token_hex(8)
    parts = (("POLICY", policy or "(the owner stated none)"), ("QUESTION", question), ("ANSWER", answer))
    return "\n\n".join(f"<<<{name} {mark}>>>\n{text}\n<<<END {name} {mark}>>>" for name, text in parts)


def decide() -> str:
    """What to print. Raises NotChecked and AgentError."""
    answer = read_input("RAW_OUTPUT", "").strip()
    if is_diagnostic(answer):
        return BROKEN
    return checked(answer) if answer else ""


def checked(text: str) -> str:
    """The text as it may leave. Raises NotChecked and AgentError."""
    always = read_input("HIVEMIND_MEDIATOR_ALWAYS_LLM", "true").strip().lower() != "false"
    if not always and not has_secrets(text):
        return text
    bridge = Bridge.from_environment(timeout_seconds=240.0)
    policy, question = read_input("MEDIATION_POLICY", ""), read_input("QUERY_PROMPT", "")
    return without_secrets(mediated(bridge, policy, question, text))


def checked_file(text: str) -> str | None:
    """A file's text as it may leave, None when it may not."""
    try:
        result = checked(text)
    except (AgentError, NotChecked) as problem:
        print(f"A file was not checked: {problem}", file=sys.stderr)
        return None
    return None if result == WITHHELD else result


def main() -> int:
    """Print the checked answer, or a fixed sentence. What went wrong is said on stderr, without the answer.

    Files leave with the answer: they are judged after it, and when one can neither be checked nor kept back the run
    fails.
    """
    try:
        said = decide()
    except (AgentError, NotChecked) as problem:
        print(f"Not checked: {problem}", file=sys.stderr)
        said = FAILED
    except Exception as problem:  # noqa: BLE001 - whatever happens, nothing unchecked is printed
        print(f"Not checked: {type(problem).__name__}", file=sys.stderr)
        said = FAILED
    try:
        withhold_files() if said in (FAILED, BROKEN, WITHHELD) else judge_files(checked_file)
    except AgentError as problem:
        print(f"The files could not be judged: {problem}", file=sys.stderr)
        return 1
    print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
