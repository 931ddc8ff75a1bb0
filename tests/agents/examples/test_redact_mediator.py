"""The mediator blacks out what must not leave, and leaves everything else alone."""

import time
from pathlib import Path

import pytest

from tests.agents.examples.bridge import EXAMPLES, run_agent

_AGENT = EXAMPLES / "redact-mediator"


def _redacted(text: str, policy: str = "") -> str:
    done = run_agent(_AGENT, RAW_OUTPUT=text, MEDIATION_POLICY=policy)
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


_SECRETS = {
    "an e-mail address": ("write to bob.smith+x@mail.example.org today", "bob.smith"),
    "one in angle brackets": ("Bob <bob@example.org>", "bob@"),
    "one spelled out": ("bob (at) example (dot) org", "example"),
    "one with spaces": ("bob @ example.org", "example"),
    "one hidden by invisible characters": ("bo\u200bb@exa\u00admple.org", "mple"),
    "a telephone number": ("call +49 (0)170 123 45 67 now", "170"),
    "one without plus": ("call 0170/1234567", "1234567"),
    "an owner's key": ("key hmk_AbCdEf0123456789xyz", "AbCdEf"),
    "an invite": ("hmroom://host/r/1?token=hmq_abcdefgh12345678", "hmq_"),
    "a credit code": ("HMCC_ABCDEFGH12345678", "ABCDEFGH"),
    "a model key": ("sk-proj-abcdefghijklmnop", "proj"),
    "a signed token": ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc", "eyJ"),
    "a private key": ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc", "MIIE"),
    "a bearer": ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
    "a password": ("password = hunter2", "hunter2"),
    "a user's id in JSON": ('{"user_id": "alice-the-first", "n": 1}', "alice"),
    "a numeric user's id": ('{"user_id": 42, "n": 1}', "42"),
    "a user's id in a sentence": ("the user id is 42", "42"),
    "a named id": ("viewer_17 and user-99 watched", "17"),
    "a uuid": ("4f9c1c1e-6d5a-4f5e-9f3c-2b1a0c9d8e7f", "4f9c"),
    "a long number": ("account 123456789012", "123456789012"),
}


@pytest.mark.parametrize(("text", "secret"), _SECRETS.values(), ids=_SECRETS)
def test_what_identifies_or_opens_something_does_not_leave(text: str, secret: str) -> None:
    redacted = _redacted(text)
    assert secret not in redacted
    assert "[redacted" in redacted


@pytest.mark.parametrize(
    "text",
    [
        "Highest: drama with 1,234,567 minutes on 2026-01-31.",
        "| month | minutes |\n| --- | --- |\n| 2026-01 | 12,345,678,901 |",
        "Compared 2023 2024 2025, at 2026-01-31 10:30:00+00:00.",
        "average 1234.56789012345, share 12.5%, v1.2.3, 99 entries",
        "Emoji \U0001f469\u200d\U0001f680, Persian \u0645\u06cc\u200c\u062e\u0648, quotes \u201cok\u201d.",
        "apples @ 5.00 each",
        "The token budget was not used up; the user watched a lot.",
        "(Agent produced no output)",
        "",
    ],
)
def test_everything_else_is_passed_on_unchanged(text: str) -> None:
    assert _redacted(text) == text


def test_a_column_that_names_people_is_blacked_out_in_a_table() -> None:
    table = "| User ID | minutes |\n| --- | ---: |\n| alice | 5 |\n| bob | 7 |\n"
    other = "\n| a | b |\n| --- | --- |\n| x | y |"
    redacted = "| User ID | minutes |\n| --- | ---: |\n| [redacted] | 5 |\n| [redacted] | 7 |\n"
    assert _redacted(table + other) == redacted + other


def test_forbidden_words_go_in_any_case_and_spelling_but_not_inside_others() -> None:
    policy = "Be kind.\n- Forbidden words: Project Nightfall, `acme`\n"
    text = "project-nightfall, PROJECT  NIGHTFALL and Acme, but acmeology stays."
    assert _redacted(text, policy) == "[redacted], [redacted] and [redacted], but acmeology stays."


def test_denied_columns_of_the_rules_are_values_that_do_not_leave() -> None:
    assert _redacted("title: The Long Night, minutes: 5", "deny columns: title") == "title: [redacted], minutes: 5"


def test_a_large_answer_arrives_as_a_file(tmp_path: Path) -> None:
    path = EXAMPLES / "redact-mediator"
    large = tmp_path / "RAW_OUTPUT"
    large.write_text("line bob@example.org\n" * 20_000)
    done = run_agent(path, RAW_OUTPUT_FILE=str(large))
    assert done.stdout == "line [redacted e-mail]\n" * 20_000 + "\n"


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "1 " * 50_000, "@" * 100_000, "a@" * 50_000, "a.b@c." * 20_000, "|" * 100_000]
)
def test_no_text_makes_it_slow(text: str) -> None:
    began = time.monotonic()
    _redacted(text)
    assert time.monotonic() - began < 5


def test_without_an_answer_nothing_leaves() -> None:
    done = run_agent(_AGENT, MEDIATION_POLICY="")
    assert (done.returncode, done.stdout) == (1, "")
