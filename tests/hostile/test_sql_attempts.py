"""Every attempt on the table guard fails on a real Postgres: as an agent makes it, and again with the guard away."""

import json
import time
from collections.abc import Iterator

import psycopg
import pytest

from runner.scopefn.fullread import FullRead
from runner.sqlguard.failures import ReadFailed
from runner.sqlguard.session import RoomSession
from runner.sqlguard.verdicts import Refusal
from runner.tools.sql import SqlTool
from tests.hostile import sql_attempts
from tests.runner.sqlguard.places import ROOM_TABLES, Place, reading

ATTEMPTS = [
    pytest.param(text, id=f"{kind.replace(' ', '-')}-{number:02}")
    for kind, texts in sql_attempts.ALL.items()
    for number, text in enumerate(texts)
]
SECRET = "the-secret-word"


@pytest.fixture(scope="module")
def tool(place: Place) -> Iterator[SqlTool]:
    """The tool as the most trusted stage has it: no scope function stands behind the guard."""
    made = SqlTool(place.connect, allowed_tables=ROOM_TABLES, view=FullRead())
    yield made
    made.close()


def test_there_are_enough_attempts_and_none_twice() -> None:
    texts = [text for group in sql_attempts.ALL.values() for text in group]
    assert len(texts) >= 150
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_agent_gets_an_error(tool: SqlTool, attempt: str) -> None:
    began_at = time.monotonic()
    answer = tool.call({"sql": attempt, "params": []})
    assert json.loads(answer).keys() == {"error"}
    assert SECRET not in answer
    assert time.monotonic() - began_at < 10


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_postgres_alone_refuses_it_too(room_session: RoomSession, attempt: str) -> None:
    with pytest.raises((ReadFailed, Refusal)) as refused:
        reading(room_session, attempt)
    assert SECRET not in str(refused.value)


def test_nothing_changed_after_all_of_them(place: Place, tool: SqlTool) -> None:
    for texts in sql_attempts.ALL.values():
        for text in texts:
            tool.call({"sql": text, "params": []})
    with place.owner() as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM many), (SELECT count(*) FROM watch_history),"
            " (SELECT last_value FROM counter), to_regclass('stolen') IS NULL,"
            " (SELECT count(*) FROM pg_largeobject_metadata)"
        ).fetchone()
    assert found == (20_000, 100, 1, True, 0)


@pytest.mark.parametrize("word", sql_attempts.WORDS)
def test_even_names_are_not_told(tool: SqlTool, word: str) -> None:
    assert json.loads(tool.call({"sql": word, "params": []})).keys() == {"error"}


def test_the_secret_is_there_and_its_reader_is_shut_out(place: Place) -> None:
    with place.owner() as connection:
        assert connection.execute("SELECT word FROM secrets").fetchone() == (SECRET,)
    with place.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT word FROM public.secrets")
