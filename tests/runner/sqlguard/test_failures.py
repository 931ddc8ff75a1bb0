"""What a filtered reader is told of a failure: what is wrong with its statement, never what is in a row."""

import pytest

from runner.sqlguard.failures import ReadFailed
from runner.sqlguard.session import RoomSession
from tests.runner.sqlguard.places import reading

# Each makes Postgres quote a value in a message whose code is that of a mistake in a statement.
QUOTING = (
    "('a ' || title || ' (')::tsquery",
    "to_tsquery('simple', title || ' (')",
    "(title || ':x')::tsvector",
    "ts_headline('simple', 'x', 'a'::tsquery, title)",
    "title::jsonpath",
    "title::regtype",
    "pg_input_is_valid('1', title)",
    *(
        f"{name}::{kind}"
        for name in ("replace(title, ' ', '_')", "('title_1.' || replace(title, ' ', '_'))")
        for kind in ("regclass", "regproc", "regtype", "regrole", "regnamespace", "regconfig", "regcollation")
    ),
    "to_tsvector(replace(title, ' ', '_')::regconfig, 'x')",
    "replace(title, ' ', '_')::aclitem",
    "(replace(title, ' ', '_') || '=r/x')::aclitem",
    "(title || repeat('x', 3000 + id))::tsvector",
)

# What an agent needs to hear to send a better statement, and who may hear it is not the question.
TOLD = {
    "SELECT nope FROM many": 'column "nope" does not exist',
    "SELECT nope(id) FROM many": r"function nope\(integer\) does not exist",
    "SELECT id FROM": "syntax error at or near",
    "SELECT id, count(*) FROM many": "must appear in the GROUP BY clause or be used in an aggregate function$",
    "SELECT id FROM many WHERE name = 5": r"operator does not exist: text = integer",
    "SELECT id FROM many, teams t, many": 'table name "many" specified more than once',
    "SELECT CASE WHEN true THEN 1 ELSE now() END": "CASE types timestamp with time zone and integer cannot be matched",
    "SELECT 1 UNION SELECT 1, 2": "each UNION query must have the same number of columns",
    "SELECT * FROM secrets": "permission denied for table secrets",
}


@pytest.mark.parametrize("expression", QUOTING)
def test_a_message_about_a_value_is_not_told_whatever_its_code(room_session: RoomSession, expression: str) -> None:
    with pytest.raises(ReadFailed) as failure:
        reading(room_session, f"SELECT {expression} FROM watch_history WHERE id = 1")
    assert "title" not in failure.value.reason
    assert "30" not in failure.value.reason
    assert failure.value.reason.startswith("the query failed (")


def test_who_may_read_everything_is_told_the_message(room_session: RoomSession) -> None:
    with pytest.raises(ReadFailed) as failure:
        reading(room_session, "SELECT (title || ':x')::tsvector FROM watch_history WHERE id = 1")
    assert 'syntax error in tsvector: "title 1:x"' in failure.value.detail


@pytest.mark.parametrize("statement", TOLD)
def test_what_is_wrong_with_the_statement_is_told(room_session: RoomSession, statement: str) -> None:
    with pytest.raises(ReadFailed, match=TOLD[statement]):
        reading(room_session, statement)
