"""Judging what a model wrote as an answer, without another model."""

from __future__ import annotations

import re

from hivemind_agent.texts import visible

_FAILURES = re.compile(
    r"\A\W*(?:traceback \(most recent|api error|internal server error|error:|budget exhausted|none\W*\Z|null\W*\Z)",
    re.IGNORECASE,
)
_PROGRESS = re.compile(
    r"\A\W*(?:let me|i'll|i will|i need to|i am going to|i'm going to|first, i|now i|next, i|one moment|working on)\b",
    re.IGNORECASE,
)
_CALL_IN_TEXT = re.compile(r"<tool_call|<function[=_]|\A\s*\{\s*\"(?:name|tool|sql)\"\s*:", re.IGNORECASE)
_REPORT = re.compile(r"\b(?:report|research|study|memo|analysis|write-?up|pdf)\b", re.IGNORECASE)
LONG_WORDS = 500


def cleaned(text: str) -> str:
    """The text as a reader sees it."""
    return visible(text).strip()


def is_usable(text: str) -> bool:
    """Whether the text can stand as an answer: neither empty, nor a failure, a plan, or a call written as text."""
    if not text or _FAILURES.search(text) or _CALL_IN_TEXT.search(text):
        return False
    return not (_PROGRESS.search(text) and len(text) < 400)


def wants_report(question: str) -> bool:
    """Whether the question asks for something long."""
    return bool(_REPORT.search(question))


def is_report(question: str, text: str) -> bool:
    """Whether the answer is worth keeping as a file of its own."""
    return wants_report(question) and len(text.split()) >= LONG_WORDS
