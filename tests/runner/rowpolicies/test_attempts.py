"""Row policies hold against every attempt: answers are those of a database without the hidden rows, or refusals."""

import json

import psycopg
import pytest

from runner.rowpolicies.reader import PolicyReader
from runner.sqlguard import binding
from runner.sqlguard.failures import ReadFailed
from runner.sqlguard.session import RoomSession
from runner.sqlguard.verdicts import Refusal
from runner.tools.sql import SqlTool
from tests.hostile import row_attempts
from tests.runner.rowpolicies.places import CANARY

SAME = [
    pytest.param(text, id=f"{kind.replace(' ', '-')}-{number:02}")
    for kind, texts in row_attempts.SAME.items()
    for number, text in enumerate(texts)
]


def asked(tool: SqlTool, text: str) -> object:
    """The answer, its rows in an order of their own where the statement orders none."""
    answer = json.loads(tool.call({"sql": text, "params": []}))
    if isinstance(answer, list) and "ORDER BY" not in text:
        answer.sort(key=lambda row: json.dumps(row, sort_keys=True))
    return answer


def raw(reader: PolicyReader, text: str) -> str:
    """The same without the guard: as the role, by Postgres alone."""
    session = RoomSession(reader.connect)
    try:
        return str(session.read(binding.bind(text, ())).rows)
    finally:
        session.close()


def test_there_are_enough_attempts_and_none_twice() -> None:
    texts = [text for group in row_attempts.SAME.values() for text in group]
    assert len(texts) + len(row_attempts.REFUSED) >= 130
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("attempt", SAME)
def test_the_answer_is_that_of_the_permitted_rows(seeing: SqlTool, knowing: SqlTool, attempt: str) -> None:
    answer = asked(seeing, attempt)
    assert CANARY not in json.dumps(answer).replace(attempt, "") or "does not exist" in json.dumps(answer)
    assert answer == asked(knowing, attempt)


@pytest.mark.parametrize("attempt", row_attempts.REFUSED)
def test_what_looks_behind_a_view_is_refused(seeing: SqlTool, attempt: str) -> None:
    answer = json.loads(seeing.call({"sql": attempt, "params": []}))
    assert answer.keys() == {"error"}
    assert CANARY not in answer["error"]


@pytest.mark.parametrize("attempt", [*row_attempts.REFUSED, *row_attempts.SAME["hidden tables"]])
def test_postgres_alone_refuses_it_too(policy_reader: PolicyReader, attempt: str) -> None:
    with pytest.raises((ReadFailed, Refusal)) as refused:
        raw(policy_reader, attempt)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("attempt", SAME[:90])
def test_postgres_alone_shows_nothing_hidden(policy_reader: PolicyReader, attempt: str) -> None:
    try:
        shown = raw(policy_reader, attempt)
    except (ReadFailed, Refusal) as error:
        shown = error.reason if isinstance(error, ReadFailed) else str(error)
    assert f"{CANARY} " not in shown.replace("canary team", "")


def test_the_hidden_rows_are_there(filled, policy_reader: PolicyReader) -> None:
    with policy_reader.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT 1 FROM public.sales")
    with policy_reader.connect() as connection:
        visible = connection.execute("SELECT count(*) FROM sales").fetchone()
    assert visible is not None and 20 < visible[0] < 120
