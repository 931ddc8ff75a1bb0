"""What a worker that died leaves in the databases goes once its run is over."""

import pytest

from runner.enums import FailureCode
from runner.models import Run
from runner.rowpolicies import policies
from runner.rowpolicies.views import build
from runner.services import finish, leftovers, reconcile
from tenants.databases import names, session
from tests.factories import runs
from tests.factories.tenants import Person, alice, with_database


@pytest.fixture
def owner(db: None) -> Person:
    someone = with_database(alice())
    with session.owner_connection(someone.tenant) as connection:
        connection.execute("CREATE TABLE t (a int)")
    return someone


def left_by(owner: Person, room_id: str, run_id: str) -> str:
    """A reader whose worker is gone."""
    views = build(policies.parse({"t": {"columns": "*"}}), tables=["t"], schema_rows=session.schema_rows(owner.tenant))
    return session.create_run_reader(owner.tenant, room_id, run_id, lambda _: views)[0]


def run_of(owner: Person, key: str = "") -> Run:
    room = runs.room_with_agents(owner, allowed_tables=("t",))
    runs.living_worker()
    return runs.ask(room.guest, room, payer=owner, key=key or None)


def test_a_reader_stays_while_its_run_may_need_it_and_goes_after(owner: Person) -> None:
    run = run_of(owner)
    role = left_by(owner, run.room_id, run.id)
    leftovers.remove()
    assert role in session.run_readers_left()
    finish.end(run, finish.failed(FailureCode.WORKER_LOST), room_key=None)
    leftovers.remove()
    assert role not in session.run_readers_left()


def test_a_long_run_id_is_known_by_its_beginning(owner: Person) -> None:
    run = run_of(owner, key="ab" * 32)
    role = left_by(owner, run.room_id, run.id)
    assert names.run_id_of(role) == "ab" * 20
    finish.end(run, finish.failed(FailureCode.WORKER_LOST), room_key=None)
    leftovers.remove()
    assert role not in session.run_readers_left()


def test_the_reader_of_a_run_that_nobody_here_knows_is_left_to_whom_it_belongs(owner: Person) -> None:
    run = run_of(owner)
    role = left_by(owner, run.room_id, "f" * 12)
    leftovers.remove()
    assert role in session.run_readers_left()
    session.drop_run_reader(owner.tenant, role)


def test_the_sweep_of_runs_removes_them(owner: Person) -> None:
    run = run_of(owner)
    role = left_by(owner, run.room_id, run.id)
    finish.end(run, finish.failed(FailureCode.CANCELLED), room_key=None)
    reconcile.sweep()
    assert role not in session.run_readers_left()
