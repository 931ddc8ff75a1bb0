"""A tenant's database with one room's reader, made once per session, and ways to enter it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from hivemind.kit import ids
from runner.sqlguard import binding
from runner.sqlguard.session import ReadLimits, RoomSession
from tenants.databases import names, provision, roles, server

TABLES = """
    CREATE TABLE watch_history (id serial PRIMARY KEY, title text, team text, seen_at timestamptz,
                                price numeric, tags jsonb, raw bytea, score float8);
    INSERT INTO watch_history (title, team, seen_at, price, tags, raw, score)
    SELECT 'title ' || n, CASE WHEN n % 2 = 0 THEN 'alpha' ELSE 'beta' END,
           timestamptz '2024-01-01 00:00+00' + n * interval '1 hour', n * 1.10, jsonb_build_object('n', n),
           '\\x00ff', n / 2.0
    FROM generate_series(1, 100) n;
    CREATE TABLE secrets (word text);
    INSERT INTO secrets VALUES ('the-secret-word');
    CREATE TABLE many AS SELECT n AS id, 'row ' || n AS name FROM generate_series(1, 20000) n;
    CREATE VIEW teams AS SELECT DISTINCT team FROM watch_history;
    CREATE FUNCTION spill() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT word FROM secrets';
    CREATE SEQUENCE counter;
    GRANT SELECT ON secrets TO PUBLIC;
"""
ROOM_TABLES = ["watch_history", "many", "teams"]


@dataclass(frozen=True)
class Place:
    """One tenant's database and the reader of one room in it."""

    tenant_id: str
    role: str

    def connect(self) -> psycopg.Connection:
        """Log in as the room's reader."""
        return server.open_connection(
            names.database(self.tenant_id), user=self.role, password=names.password(self.role), options=""
        )

    def owner(self) -> psycopg.Connection:
        """Log in as the owner of the tables."""
        owner = names.owner_role(self.tenant_id)
        return server.open_connection(
            names.database(self.tenant_id), user=owner, password=names.password(owner), options="", autocommit=True
        )

    def enter_database(self, dbname: str) -> psycopg.Connection:
        """Log in to another database as the room's reader."""
        return server.open_connection(dbname, user=self.role, password=names.password(self.role), options="")


@contextmanager
def made() -> Iterator[Place]:
    """Make the database, fill it as its owner, let the room's reader in; remove it all at the end."""
    tenant_id, room_id = ids.tenant_id(), ids.room_id()
    place = Place(tenant_id, names.room_role(room_id))
    provision.create(tenant_id)
    try:
        with place.owner() as connection:
            connection.execute(TABLES)
        reader = roles.Reader(place.role, names.owner_role(tenant_id), names.password(place.role))
        with server.service_connection(names.database(tenant_id)) as connection:
            roles.ensure_room_role(connection, reader, tables=ROOM_TABLES)
        yield place
    finally:
        provision.drop(tenant_id)


def reading(session: RoomSession, sql: str, *params: object) -> list[tuple]:
    """Read without the parser: whatever is refused, Postgres refuses."""
    return session.read(binding.bind(sql, params)).rows


def session_of(place: Place, **limits: int) -> RoomSession:
    """A room's session with these limits."""
    return RoomSession(place.connect, limits=ReadLimits(**limits))
