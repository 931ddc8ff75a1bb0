"""Runs that read through views never keep the owner from changing tables."""

import pytest
from psycopg import errors

from runner.rowpolicies import policies, reader
from tenants.databases import session
from tenants.errors import SqlRefused
from tenants.services import sql
from tests.factories.tenants import Person, alice, with_database

ROOM, RUN = "room_0000000000ef", "0000000000ef"
STATED = policies.parse({"t": {"columns": ["a"], "where": "b = 'x'"}})


@pytest.fixture
def owner(db: None) -> Person:
    someone = with_database(alice())
    sql.run(someone.owner, "CREATE TABLE t (a int, b text, c int); INSERT INTO t VALUES (1, 'x', 2), (3, 'y', 4)")
    session.ensure_room_role(someone.tenant, ROOM, ["t"])
    yield someone
    session.drop_room_role(someone.tenant, ROOM)


def under_way(owner: Person):
    return reader.make_reader(reader.Place(owner.tenant, ROOM, RUN, ("t",)), STATED)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE t",
        "DROP TABLE t CASCADE",
        "ALTER TABLE t DROP COLUMN b",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t ALTER COLUMN a TYPE bigint",
        "CREATE TABLE other (a int); DROP TABLE t; CREATE TABLE t (a int)",
    ],
)
def test_what_a_view_would_stand_in_the_way_of_is_done_and_the_run_reads_nothing_more(
    owner: Person, statement: str
) -> None:
    with under_way(owner) as made:
        sql.run(owner.owner, statement)
        with made.connect() as connection, pytest.raises(errors.UndefinedTable):
            connection.execute("SELECT a FROM t")
    assert session.run_readers_left() == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("INSERT INTO t VALUES (5, 'x', 6)", [(1,), (5,)]),
        ("ALTER TABLE t ADD COLUMN d int", [(1,)]),
        ("ALTER TABLE t DROP COLUMN c", [(1,)]),
        ("ALTER TABLE t RENAME COLUMN b TO z", [(1,)]),
        ("ALTER TABLE t RENAME TO u", [(1,)]),
        ("TRUNCATE t", []),
    ],
)
def test_what_a_view_can_live_with_leaves_it_in_force(owner: Person, statement: str, expected: list[tuple]) -> None:
    with under_way(owner) as made:
        sql.run(owner.owner, statement)
        with made.connect() as connection:
            assert connection.execute("SELECT a FROM t ORDER BY a").fetchall() == expected


def test_views_of_the_owner_still_stand_in_the_owners_way(owner: Person) -> None:
    sql.run(owner.owner, "CREATE VIEW mine AS SELECT a FROM t")
    with under_way(owner), pytest.raises(SqlRefused, match="mine"):
        sql.run(owner.owner, "DROP TABLE t")
    with pytest.raises(SqlRefused, match="mine"):
        sql.run(owner.owner, "DROP TABLE t")
    assert sql.run(owner.owner, "SELECT count(*) AS n FROM t").rows == [{"n": 2}]


def test_a_new_table_of_the_same_name_is_not_shown_to_the_run(owner: Person) -> None:
    with under_way(owner) as made:
        sql.run(owner.owner, "DROP TABLE t; CREATE TABLE t (a int, b text); INSERT INTO t VALUES (9, 'x')")
        session.ensure_room_role(owner.tenant, ROOM, ["t"])
        with made.connect() as connection, pytest.raises(errors.UndefinedTable):
            connection.execute("SELECT * FROM t")


def test_the_owner_sees_no_trace_of_runs_among_the_tables(owner: Person) -> None:
    with under_way(owner):
        assert session.table_names(owner.tenant) == ["t"]
        assert {row["table_name"] for row in session.schema_rows(owner.tenant)} == {"t"}
