"""Texts of two collations can't be compared: Postgres says so only at a row, so such a condition is refused before."""

import pytest
from psycopg import errors

from runner.rowpolicies import conditions, policies, reader
from runner.rowpolicies.columns import Columns
from runner.rowpolicies.errors import PoliciesInvalid
from tests.runner.rowpolicies import places

SCHEMA = """
    CREATE TABLE t (id int, c text COLLATE "C", u text COLLATE ucs_basic, d text, e text COLLATE "C", n name);
    INSERT INTO t VALUES (1, 'x', 'x', 'x', 'x', 'x'), (2, 'y', 'z', 'z', 'z', 'z')
"""
CONFLICTING = (
    "c = u",
    "c < u",
    "c IN (u, 'x')",
    "c BETWEEN 'a' AND u",
    "starts_with(c, u)",
    "lower(c) = lower(u)",
    "left(c, 1) = u",
    "coalesce(c, u) = 'x'",
    "coalesce(c, u) ILIKE 'x'",
    "upper(coalesce(d, c, u)) = 'X'",
    "c IS NOT DISTINCT FROM u",
    "(c = u) IS NOT TRUE",
    "d = 'x' OR NOT (id = 1 AND lower(c) <> u)",
)
AGREEING = ("c = d", "c = e", "lower(c) = lower(d)", "c = 'x' AND u = 'x'", "c IN (d, e)", "id::text = c", "n = c")


@pytest.fixture(scope="module")
def home(prepared: None, django_db_blocker):
    with places.home(SCHEMA, ("t",)) as made:
        yield made


def in_force(home: places.Home, where: str):
    place = reader.Place(home.tenant, home.room_id, home.run_id, ("t",))
    return reader.make_reader(place, policies.parse({"t": {"columns": "*", "where": where}}))


@pytest.mark.parametrize("where", CONFLICTING)
def test_a_condition_that_compares_two_collations_is_refused(home: places.Home, where: str) -> None:
    with pytest.raises(PoliciesInvalid, match="its condition is not one"), in_force(home, where):
        pass


@pytest.mark.parametrize("where", AGREEING)
def test_columns_that_agree_and_those_of_the_databases_own_are_compared(home: places.Home, where: str) -> None:
    with in_force(home, where) as made, made.connect() as connection:
        assert connection.execute("SELECT count(*) FROM t WHERE id < 9").fetchone() is not None


def test_postgres_itself_would_have_failed_at_the_row(home: places.Home) -> None:
    with places.connect_factory(home)() as connection:
        assert connection.execute("SELECT 1 FROM t WHERE id = 3 AND lower(c) = u").fetchall() == []
        with pytest.raises(errors.IndeterminateCollation):
            connection.execute("SELECT 1 FROM t WHERE id = 2 AND lower(c) = u")


@pytest.mark.parametrize("where", ["d LIKE 'x'", "d NOT ILIKE 'x'", "starts_with(d, 'x')", "lower(d) LIKE 'x'"])
def test_no_pattern_is_looked_for_where_different_texts_are_equal(where: str) -> None:
    types = {"c": "text", "d": "text"}
    inexact = Columns("t", types, collations={"d": "loose"}, inexact={"d"})
    with pytest.raises(PoliciesInvalid):
        conditions.compiled(where, inexact)
    assert conditions.compiled("d = 'x' AND c LIKE 'x'", inexact)
    assert conditions.compiled(where, Columns("t", types, collations={"d": "strict"}))
