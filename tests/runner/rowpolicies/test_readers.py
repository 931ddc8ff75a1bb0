"""Readers of runs: what they are, how they come and go, and that they stand in nobody's way."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from runner.rowpolicies import policies, reader
from runner.rowpolicies.errors import PoliciesInvalid
from runner.rowpolicies.reader import PolicyReader
from tenants.databases import names, provision, server, session, upkeep
from tenants.errors import DatabaseBusy
from tests.runner.rowpolicies import places
from tests.runner.rowpolicies.places import Home

ALL = {"t": {"columns": "*"}}
SCHEMA = """
    CREATE TABLE t (a int, b text, owner_only text DEFAULT 'x');
    INSERT INTO t SELECT n, 'name ' || n % 3 FROM generate_series(1, 10) n;
    CREATE TABLE other (a int)
"""


@pytest.fixture
def home(prepared: None, django_db_blocker) -> Iterator[Home]:
    with places.home(SCHEMA, ("t", "other")) as made:
        yield made


def make(home: Home, stated: object = ALL, run_id: str = ""):
    place = reader.Place(home.tenant, home.room_id, run_id or home.run_id, ("t", "other"))
    return reader.make_reader(place, policies.parse(stated))


def rows(made: PolicyReader, statement: str = "SELECT count(*) FROM t") -> list[tuple]:
    with made.connect() as connection:
        return connection.execute(statement).fetchall()


def roles_like(run_id: str) -> list[str]:
    return [role for role in session.run_readers_left() if names.run_id_of(role) == run_id]


def test_everything_goes_with_the_context_even_while_a_read_runs(home: Home) -> None:
    with make(home) as made:
        busy = made.connect()
        busy.execute("BEGIN")
        assert busy.execute("SELECT count(*) FROM t").fetchone() == (10,)
        assert places.schemas_of(home) == roles_like(home.run_id) != []
    assert places.schemas_of(home) == roles_like(home.run_id) == []
    with pytest.raises(psycopg.Error):
        busy.execute("SELECT 1")
    busy.close()
    with pytest.raises(DatabaseBusy):
        made.connect()


def test_it_goes_when_the_work_fails_and_going_twice_is_fine(home: Home) -> None:
    with pytest.raises(ZeroDivisionError), make(home):
        (role,) = roles_like(home.run_id)
        session.drop_run_reader(home.tenant, role)
        raise ZeroDivisionError
    assert roles_like(home.run_id) == []


def test_one_run_may_have_several_that_see_different_things(home: Home) -> None:
    with make(home) as one, make(home, {"t": {"columns": ["a"], "where": "a > 8"}}) as two:
        assert rows(one) == [(10,)] and rows(two) == [(2,)]
        (first, _second) = sorted(roles_like(home.run_id))
        with one.connect() as connection, pytest.raises(errors.InsufficientPrivilege):
            others = next(role for role in roles_like(home.run_id) if role != connection.info.user)
            connection.execute(f"SELECT * FROM {others}.t")
        assert first != others or len(roles_like(home.run_id)) == 2


def test_many_come_and_go_at_once(home: Home) -> None:
    together = threading.Barrier(6)

    def visit(number: int) -> int:
        together.wait(timeout=30)
        with make(home, {"t": {"columns": ["a"], "where": f"a <= {number}"}}, run_id=f"{number:012x}") as made:
            return int(rows(made)[0][0])

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(visit, range(6))) == list(range(6))
    assert places.schemas_of(home) == []


def test_a_run_id_of_any_length_fits_into_a_name(home: Home) -> None:
    with make(home, run_id="ab" * 32) as made:
        assert rows(made) == [(10,)]
        (role,) = roles_like("ab" * 20)
        assert len(role) <= 63


def test_its_role_can_do_nothing_but_read(home: Home) -> None:
    with make(home) as made, made.connect() as connection:
        connection.autocommit = True
        state = connection.execute("SHOW default_transaction_read_only").fetchone()
        assert state == ("on",)
        connection.execute("SET default_transaction_read_only = off")
        for statement in (
            "CREATE TABLE x (a int)",
            "CREATE TEMP TABLE x (a int)",
            "CREATE SCHEMA x",
            "INSERT INTO t VALUES (1)",
            "SELECT * FROM public.t",
            "SELECT * FROM public.other",
            f"SET ROLE {names.room_role(home.room_id)}",
            f"SET ROLE {home.tenant.db_owner}",
            f"ALTER SCHEMA {connection.info.user} RENAME TO x",
            "ALTER VIEW t SET (security_barrier = off)",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_rooms_reader_may_not_enter_the_schema_and_keeps_its_rights(home: Home) -> None:
    with make(home):
        (role,) = roles_like(home.run_id)
        session.ensure_room_role(home.tenant, home.room_id, ("t", "other"))
        with places.connect_factory(home)() as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (10,)
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {role}.t")


def test_rows_that_the_owner_hides_from_the_room_stay_hidden(home: Home) -> None:
    room = names.room_role(home.room_id)
    home.as_owner(f"ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON t TO {room} USING (a <= 3)")
    with make(home) as made:
        assert rows(made) == [(3,)]


def test_hashes_join_within_a_run_and_mean_nothing_in_another(home: Home) -> None:
    hashed = {"t": {"columns": ["a", "b"], "masks": {"b": "hash"}}}
    distinct = "SELECT DISTINCT b FROM t ORDER BY b"
    with make(home, hashed) as one, make(home, hashed) as two:
        first, second = rows(one, distinct), rows(two, distinct)
        assert len(first) == len(second) == 3 and set(first).isdisjoint(second)
        assert all(len(value) == 32 and "name" not in value for (value,) in first)
        assert rows(one, "SELECT count(*) FROM t x JOIN t y USING (b)") == [(34,)]
        for statement in ('SELECT * FROM "hivemind run key"', "SELECT pg_get_viewdef('t'::regclass)"):
            with pytest.raises(errors.InsufficientPrivilege):
                rows(one, statement)


MASKS = {
    "n": ({"constant": 7}, [7, 7, 7]),
    "f": ({"bucket": 5}, [-5, 0, None]),
    "d": ({"trunc": "quarter"}, ["2024-04-01", None, None]),
    "ts": ({"trunc": "hour"}, ["2024-05-06 07:00:00", None, None]),
    "tz": ({"trunc": "week"}, ["2024-05-06 00:00:00+00", None, None]),
    "b": ({"constant": True}, [True, True, True]),
    "c": ({"constant": "secret"}, ["secret", "secret", "secret"]),
    "j": ({"left": 3}, ['{"k', "[1,", None]),
    "x": ("null", [None, None, None]),
}


def test_masks_show_what_they_say_and_never_fail(home: Home) -> None:
    home.as_owner(
        "CREATE TABLE m (n int, f float8, d date, ts timestamp, tz timestamptz, b bool, c char(9), j jsonb, x uuid);"
        "INSERT INTO m VALUES (1, -0.5, '2024-05-06', '2024-05-06 07:08', '2024-05-06 07:08+00', false, 'a',"
        "  '{\"k\": 1}', gen_random_uuid()),"
        " (2, 4.9, 'infinity', '-infinity', '4713-01-01 00:00+00 BC', true, 'b', '[1, 2]', NULL),"
        " (NULL, NULL, '5874897-12-31', NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    session.ensure_room_role(home.tenant, home.room_id, ("t", "other", "m"))
    place = reader.Place(home.tenant, home.room_id, home.run_id, ("t", "other", "m"))
    stated = {"m": {"columns": "*", "masks": {column: mask for column, (mask, _) in MASKS.items()}}}
    with reader.make_reader(place, policies.parse(stated)) as made, made.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        for column, (_, expected) in MASKS.items():
            text = column in ("d", "ts", "tz", "c")
            wanted = f"rtrim({column}::text)" if text else column
            assert [row[0] for row in connection.execute(f"SELECT {wanted} FROM m")] == expected, column


def test_only_the_number_of_rows_is_visible_without_columns(home: Home) -> None:
    with make(home, {"t": {"columns": [], "where": "a > 4"}}) as made:
        assert rows(made) == [(6,)]
        assert made.schema_rows == ()
        with pytest.raises(errors.UndefinedColumn):
            rows(made, "SELECT a FROM t")


def test_the_visible_columns_are_listed_without_defaults(home: Home) -> None:
    with make(home, {"T": {"columns": ["b", "owner_only"]}}) as made:
        assert made.tables == ("t",)
        assert [(row["column_name"], row["column_default"]) for row in made.schema_rows] == [
            ("b", None),
            ("owner_only", None),
        ]


@pytest.mark.parametrize(
    "stated",
    [
        {"absent": {"columns": "*"}},
        {"pg_class": {"columns": "*"}},
        {"t": {"columns": ["absent"]}},
        {"t": {"columns": "*", "masks": {"absent": "null"}}},
        {"t": {"columns": "*", "where": "a = 'canary'"}},
        {"t": {"columns": "*", "where": "a LIKE 'canary%'"}},
        {"t": {"columns": "*", "where": "a"}},
        {"t": {"columns": "*", "masks": {"b": {"bucket": 5}}}},
        {"t": {"columns": "*", "masks": {"b": {"trunc": "day"}}}},
        {"t": {"columns": "*", "masks": {"a": {"constant": "canary"}}}},
        {"t": {"columns": "*"}, "T": {"columns": "*"}},
    ],
)
def test_what_does_not_fit_the_tables_is_refused_and_leaves_nothing(home: Home, stated: object) -> None:
    with pytest.raises(PoliciesInvalid) as refused, make(home, stated):
        pass
    assert "canary" not in refused.value.reason
    assert places.schemas_of(home) == roles_like(home.run_id) == []


def test_repairing_a_database_leaves_runs_alone(home: Home) -> None:
    with make(home) as made:
        upkeep.repair(home.tenant.db_name, home.tenant.id)
        assert rows(made) == [(10,)]
    assert places.schemas_of(home) == []


def test_ending_the_room_ends_its_views_and_the_reader_can_still_be_removed(home: Home) -> None:
    with make(home) as made:
        session.drop_room_role(home.tenant, home.room_id)
        with pytest.raises(psycopg.Error):
            rows(made)
    assert roles_like(home.run_id) == []


def test_deleting_the_tenant_takes_the_readers_of_its_runs_along(prepared: None, django_db_blocker) -> None:
    with places.home(SCHEMA, ("t", "other")) as doomed, make(doomed) as made:
        provision.drop(doomed.tenant.id)
        assert roles_like(doomed.run_id) == []
        with pytest.raises(DatabaseBusy):
            made.connect()
    with server.service_connection() as connection:
        assert connection.execute("SELECT FROM pg_database WHERE datname = %s", [doomed.tenant.db_name]).rowcount == 0
