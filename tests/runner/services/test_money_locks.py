"""Rows are locked from a tenant over its runs down to accounts and tokens, so that no two deeds wait for each other."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections

from billing.services import checks, ledger, spend_tokens
from billing.services.ledger import Grant
from billing.services.spend_tokens import NewSpendToken
from hivemind.kit import states
from rooms.services import rooms as room_service
from runner.enums import FailureCode, RunStatus
from runner.models import Run
from runner.services import finish, reconcile, runs
from runner.services.requests import RunRequest
from tenants.services import api_keys, tenants
from tests.factories import paid_runs
from tests.factories import runs as factory
from tests.factories import tenants as cast
from tests.factories.paid_runs import OLGA, used
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 10
LOCKS = re.compile(r"^UPDATE|FOR NO KEY UPDATE|^INSERT INTO \"billing_entry|^DELETE")


@pytest.fixture(autouse=True)
def models() -> Iterator[None]:
    with paid_runs.priced_model():
        yield


class Scene:
    """Alice pays with a spend token for runs in her own room: two wait, the others are carried out."""

    def __init__(self) -> None:
        self.alice: Person = cast.with_database(cast.alice())
        self.room: MadeRoom = paid_runs.room_with_models(self.alice)
        worker = factory.living_worker()
        ledger.grant(self.alice.tenant.pk, Grant(100_000_000), actor=OLGA)
        self.token = spend_tokens.mint(NewSpendToken(100_000_000), owner=self.alice.owner)
        self.waiting = [self.ask()]
        running = [self.ask().pk for _ in range(WORKERS)]
        Run.objects.filter(pk__in=running).update(status=RunStatus.RUNNING, fence=1, worker_id=worker.worker_id)
        self.running = list(Run.objects.filter(pk__in=running).order_by("pk"))
        self.failures: list[BaseException] = []
        self.workers: list[threading.Thread] = []

    def ask(self) -> Run:
        headers = {"X-Hivemind-Api-Key": self.token.text}
        wanted = runs.Ask(self.room.guest, self.room.room_id, headers, None)
        return runs.submit(wanted, RunRequest(query=factory.QUESTION, max_tokens=1_000_000)).run

    def end(self, run: Run) -> None:
        """What a worker does when its run is over, unless somebody else ended it."""
        try:
            finish.end(run, finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(10, 20))), room_key=None)
        except states.StaleState:
            pass
        except Exception as error:
            self.failures.append(error)
        finally:
            connections.close_all()

    def interrupted(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Before a statement that locks, let one more worker end its run as far as it gets."""
        if LOCKS.search(sql) and len(self.workers) < WORKERS:
            worker = threading.Thread(target=self.end, args=(self.running[len(self.workers)],))
            self.workers.append(worker)
            worker.start()
            until_blocked(worker)
        return execute(sql, params, many, context)


def until_blocked(worker: threading.Thread) -> None:
    """Return when the worker waits for a lock, or is done."""
    other = connection.copy()
    with other.cursor() as cursor:
        while worker.is_alive():
            cursor.execute("SELECT FROM pg_locks WHERE NOT granted")
            if cursor.fetchall():
                break
            time.sleep(0.005)
    other.close()


DEEDS: dict[str, Callable[[Scene], object]] = {
    "suspending the payer": lambda scene: tenants.suspend(scene.alice.tenant.pk, actor=OLGA),
    "deleting the payer": lambda scene: cast.delete(scene.alice, actor=OLGA),
    "revoking the room": lambda scene: room_service.revoke(scene.alice.owner, scene.room.room_id),
    "resetting the key and revoking all": lambda scene: api_keys.reset(
        scene.alice.tenant.pk, actor=OLGA, clear_seal=False, revoke_capabilities=True
    ),
    "cancelling a run that waits": lambda scene: runs.cancel(scene.waiting[0], principal=scene.room.guest),
    "cancelling a run that is carried out": lambda scene: runs.cancel(scene.running[0], principal=scene.room.guest),
    "ending a run": lambda scene: scene.end(scene.running[-1]),
    "revoking the token": lambda scene: spend_tokens.revoke(
        scene.token.token.pk, tenant_id=scene.alice.tenant.pk, actor=OLGA
    ),
    "asking": lambda scene: scene.ask(),
    "reaping": lambda scene: reconcile.sweep(),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_and_the_ends_of_runs_do_not_stop_each_other(deed: str) -> None:
    scene = Scene()
    with connection.execute_wrapper(scene.interrupted):
        DEEDS[deed](scene)
    for worker in scene.workers:
        worker.join(60)
    assert scene.workers, "nothing was tried"
    assert not any(worker.is_alive() for worker in scene.workers)
    assert scene.failures == []
    assert checks.check() == []
