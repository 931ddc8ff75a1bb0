"""A tenant's database whose room has row policies in force, and its twin that truly holds nothing but permitted rows.

Whatever is asked of both must be answered alike. The twin's rows are made here, in Python, from the same rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from hivemind.kit import ids
from runner.rowpolicies import policies, reader
from tenants.databases import names, provision, server, session
from tenants.models import Tenant

CANARY = "canary"
TABLES = ("sales", "teams", "payroll", "Mixed Case")
SCHEMA = """
    CREATE TABLE sales (id int PRIMARY KEY, day date, region text, customer text, amount numeric, units int,
                        note text, secret text, sold_at timestamptz, tags jsonb, score float8 DEFAULT 0.5);
    CREATE TABLE teams (id int, name text, region text, lead text);
    CREATE TABLE payroll (person text, salary int);
    CREATE TABLE "Mixed Case" (id int, "Weird ""Column" text);
    CREATE TABLE outside (word text);
"""
POLICIES = {
    "sales": {
        "columns": ["id", "day", "region", "customer", "amount", "units", "note", "sold_at", "tags"],
        # The condition on notes costs more than what an asker would have tried before it.
        "where": "region IN ('EU', 'UK') AND amount < 1000 AND secret IS NOT NULL"
        " AND NOT (lower(trim(coalesce(note, upper(lower(upper(customer))), ''))) LIKE 'canary%')",
        "masks": {
            "customer": {"left": 2},
            "units": {"bucket": 10},
            "day": {"trunc": "month"},
            "sold_at": {"trunc": "day"},
        },
    },
    "teams": {"columns": ["id", "name", "region"], "where": "name <> 'canary team'"},
    "Mixed Case": {"columns": "*", "where": '"Weird ""Column" IS DISTINCT FROM \'canary\''},
}
_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def sales() -> list[tuple[Any, ...]]:
    """All rows of the table, hidden ones too: about half are."""
    rows: list[tuple[Any, ...]] = []
    for n in range(1, 121):
        hidden = n % 5 == 0
        rows.append(
            (
                n,
                date(2024, 1, 1) + timedelta(days=n),
                ("EU", "US", "UK")[n % 3],
                f"{CANARY}-{n}" if n % 3 == 1 else f"customer {n % 7}",
                Decimal(666) if n % 10 == 5 else Decimal(n * 11) / 2 if n % 4 else Decimal(5000 + n),
                n * 3 % 97,
                f"{CANARY} {n}" if hidden else f"note {n % 4}",
                None if n % 11 == 0 else f"{CANARY} of {n}",
                _BEGAN + timedelta(hours=n * 5),
                {"n": n, "kind": "a" if n % 2 else "b"},
                n / 3,
            )
        )
    return rows


def permitted(row: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """What may be seen of a row of `sales`: its visible columns, masked; None for nothing."""
    number, day, region, customer, amount, units, note, secret, sold_at, tags, _ = row
    if region not in ("EU", "UK") or amount >= 1000 or note.startswith(CANARY) or secret is None:
        return None
    return (
        number,
        day.replace(day=1),
        region,
        customer[:2],
        amount,
        Decimal(units // 10 * 10),
        note,
        sold_at.replace(hour=0, minute=0),
        tags,
    )


TEAMS = [(1, "north", "EU", "ann"), (2, "south", "UK", "bo"), (3, "canary team", "EU", CANARY), (4, "west", "US", "cy")]
MIXED = [(1, "plain"), (2, CANARY), (3, None)]
TWIN = """
    CREATE TABLE sales (id int, day date, region text, customer text, amount numeric, units numeric, note text,
                        sold_at timestamptz, tags jsonb);
    CREATE TABLE teams (id int, name text, region text);
    CREATE TABLE "Mixed Case" (id int, "Weird ""Column" text);
"""


@dataclass(frozen=True)
class Home:
    """One tenant's database with the reader of one room in it."""

    tenant: Tenant
    room_id: str
    run_id: str = field(default_factory=ids.run_id)

    @property
    def place(self) -> reader.Place:
        """Where policies are put in force."""
        return reader.Place(self.tenant, self.room_id, self.run_id, TABLES)

    def as_owner(self, statement: str) -> None:
        """Run a statement as the owner of the tables."""
        with session.owner_connection(self.tenant) as connection:
            connection.execute(statement)


@contextmanager
def home(schema: str, tables: tuple[str, ...]) -> Iterator[Home]:
    """A database with these tables and a reader of them; removed at the end."""
    tenant_id = ids.tenant_id()
    tenant = Tenant(id=tenant_id, db_name=names.database(tenant_id), db_owner=names.owner_role(tenant_id))
    made = Home(tenant, ids.room_id())
    provision.create(tenant_id)
    try:
        made.as_owner(schema)
        session.ensure_room_role(tenant, made.room_id, tables)
        yield made
    finally:
        provision.drop(tenant_id)


def fill(home: Home, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows as the owner."""
    with session.owner_connection(home.tenant) as connection, connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(rows[0]))
        plain = [tuple(Jsonb(value) if isinstance(value, dict) else value for value in row) for row in rows]
        cursor.executemany(f'INSERT INTO "{table}" VALUES ({marks})', plain)


@contextmanager
def filled() -> Iterator[Home]:
    """The database with everything in it."""
    with home(SCHEMA, TABLES) as made:
        fill(made, "sales", sales())
        fill(made, "teams", TEAMS)
        fill(made, "Mixed Case", MIXED)
        fill(made, "payroll", [(CANARY, 100), ("dee", 200)])
        fill(made, "outside", [(CANARY,)])
        made.as_owner("ANALYZE")
        yield made


@contextmanager
def twin() -> Iterator[Home]:
    """The database that holds only what may be seen."""
    with home(TWIN, ("sales", "teams", "Mixed Case")) as made:
        fill(made, "sales", [seen for row in sales() if (seen := permitted(row)) is not None])
        fill(made, "teams", [row[:3] for row in TEAMS if row[1] != "canary team"])
        fill(made, "Mixed Case", [row for row in MIXED if row[1] != CANARY])
        made.as_owner("ANALYZE")
        yield made


@contextmanager
def in_force(home: Home, stated: object = POLICIES) -> Iterator[reader.PolicyReader]:
    """The policies in force in that database."""
    with reader.make_reader(home.place, policies.parse(stated)) as made:
        yield made


def connect_factory(home: Home) -> Any:
    """How to enter as the reader of the room."""
    return session.room_connection_factory(home.tenant, home.room_id)


def schemas_of(home: Home) -> list[str]:
    """The schemas of runs in the home's database."""
    with server.service_connection(home.tenant.db_name) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'q\\_%' ORDER BY 1").fetchall()
    return [str(row[0]) for row in rows]
