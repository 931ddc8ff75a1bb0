"""Putting row policies in force: a database reader that sees their views, for as long as a context lasts."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from runner.rowpolicies import views
from runner.rowpolicies.errors import PoliciesInvalid
from runner.rowpolicies.policies import RowPolicies
from tenants.databases import session
from tenants.databases.run_readers import RunView, ViewRefused
from tenants.errors import DatabaseBusy
from tenants.models import Tenant

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where policies are to hold: a run, its room, and the tables of the room as the database calls them."""

    tenant: Tenant
    room_id: str
    run_id: str
    tables: Sequence[str]


@dataclass(frozen=True)
class PolicyReader:
    """The way in. `tables` are the visible ones, `schema_rows` their visible columns as get_schema lists them."""

    connect: Callable[[], "psycopg.Connection[Any]"]
    tables: tuple[str, ...]
    schema_rows: tuple[dict[str, Any], ...]


@contextmanager
def make_reader(place: Place, policies: RowPolicies) -> Iterator[PolicyReader]:
    """Views that hold what `policies` permit, with a role that sees nothing else; both go at the end.

    The room's own reader must exist. Several may be there at once for one run. Raises PoliciesInvalid, DatabaseBusy and
    ReaderNotConfined.
    """
    made: list[RunView] = []

    def build(columns: list[dict[str, Any]]) -> list[RunView]:
        made.extend(views.build(policies, tables=place.tables, schema_rows=columns))
        return made

    try:
        role, columns = session.create_run_reader(place.tenant, place.room_id, place.run_id, build)
    except ViewRefused as error:
        raise PoliciesInvalid(
            f"table {error.view}: its policy does not fit its columns",
            detail=f"table {error.view}: {error.message}",
        ) from None
    except psycopg.OperationalError as error:
        raise DatabaseBusy from error
    try:
        names = tuple(view.name for view in made)
        yield PolicyReader(session.run_connection_factory(place.tenant, role), names, tuple(columns))
    finally:
        _drop(place, role)


def _drop(place: Place, role: str) -> None:
    """What can't be removed now is found and removed by the sweep, once the run is over."""
    try:
        session.drop_run_reader(place.tenant, role)
    except psycopg.Error as error:
        log.warning("the reader of a run stays for the sweep", extra={"run_id": place.run_id, "code": error.sqlstate})
