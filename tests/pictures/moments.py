"""Things that happened a while ago: the service's clock set back, and the history of rows with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.db import connection

from hivemind.kit import acting, clock
from hivemind.kit.audit import Actor

NOW = datetime.now(UTC)
OLGA, SAM, FRIDA = (Actor.operator(name) for name in ("olga", "sam", "frida"))


def ago(**length: float) -> datetime:
    """A moment before the pictures are made."""
    return NOW - timedelta(**length)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the service's clock stand at `moment`."""
    with patch.object(clock, "now", lambda: moment):
        yield


@contextmanager
def done_by(actor: Actor, moment: datetime) -> Iterator[None]:
    """What `actor` changed at `moment`, so that the history of rows says it too."""
    began = datetime.now(UTC)
    with at(moment), acting.on_behalf(lambda: {"actor": actor.name, "path": "/admin/"}):
        yield
    date_history(since=began, as_of=moment)


def date_history(*, since: datetime, as_of: datetime) -> None:
    """Say of changes written since a moment that they happened at another; the database itself dates the history."""
    with connection.cursor() as cursor:
        cursor.execute(r"SELECT tablename FROM pg_tables WHERE tablename LIKE 'hivemind\_%%event'", [])
        for (table,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
            cursor.execute(
                f'UPDATE "{table}" SET pgh_created_at = %s WHERE pgh_created_at >= %s',
                [as_of, since],
            )
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
