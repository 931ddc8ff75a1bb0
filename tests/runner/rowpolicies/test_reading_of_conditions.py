"""A condition means what Postgres would take it to mean, however few parentheses it has."""

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.rowpolicies import conditions
from runner.rowpolicies.columns import Columns
from runner.rowpolicies.errors import PoliciesInvalid
from tenants.databases import session
from tests.runner.rowpolicies.places import Home

COLUMNS = Columns("t", {"id": "integer", "p": "boolean", "q": "boolean", "a": "integer", "b": "integer", "s": "text"})
# Every combination of values, null too.
ROWS = """
    CREATE TEMP TABLE t AS SELECT row_number() OVER ()::int AS id, * FROM
    (VALUES (true), (false), (null)) AS p (p), (VALUES (true), (false), (null)) AS q (q),
    (VALUES (1), (2), (null)) AS a (a), (VALUES (1), (3)) AS b (b), (VALUES ('x'), ('y'), (null)) AS s (s)
"""
ATOMS = ("p", "q", "p", "q", "a", "b", "s", "TRUE", "FALSE", "1", "2", "-1", "'x'", "'y'", "lower(s)", "s::text")
BETWEEN_THEM = (
    *("=", "<>", "<", "<=", ">", ">=", "AND", "OR", "AND", "OR", "= NOT", "AND NOT", "OR NOT"),
    *("IS DISTINCT FROM", "IS NOT DISTINCT FROM", "LIKE", "NOT LIKE", "ILIKE"),
    *("BETWEEN 1 AND", "NOT BETWEEN 1 AND", "BETWEEN a AND"),
)
AFTER = (
    *("IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "ISNULL", "NOTNULL"),
    *("IN (1, 2)", "NOT IN (1)", "IN ('x')", "IN (TRUE)", "LIKE 'x'", "NOT LIKE 'y%'", "BETWEEN 1 AND 2", "::text"),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Operands with operators before, between and after them, as they come."""
    words: list[str] = []
    for index in range(draw(st.integers(1, 5))):
        if index:
            words.append(draw(st.sampled_from(BETWEEN_THEM)))
        if draw(st.integers(0, 5)) == 0:
            words.append("NOT")
        words.append(draw(st.sampled_from(ATOMS)))
        if draw(st.booleans()):
            words.append(draw(st.sampled_from(AFTER)))
    return " ".join(words)


def seen(connection: psycopg.Connection, condition: str) -> list[int] | None:
    """The rows for which it is true; None where Postgres can't read or carry it out."""
    try:
        rows = connection.execute(f"SELECT id FROM t WHERE {condition} ORDER BY id").fetchall()
    except psycopg.Error:
        return None
    return [row[0] for row in rows]


def test_a_condition_means_what_postgres_takes_it_to_mean(filled: Home) -> None:
    compared = 0
    with session.owner_connection(filled.tenant, options="") as connection:
        connection.autocommit = True
        connection.execute(ROWS)

        @settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
        @given(texts())
        def compare(text: str) -> None:
            nonlocal compared
            try:
                written = conditions.compiled(text, COLUMNS).as_string(connection)
            except PoliciesInvalid:
                return
            meant = seen(connection, text)
            if meant is not None:
                compared += 1
                assert seen(connection, written) == meant, written

        compare()
    assert compared > 60
