"""The life of a worker process: its identity, its heartbeat, and what it does at every beat.

Started by Celery's signals (see `hivemind.celery`). A worker whose row has gone has been declared dead; it publishes
itself anew with a fresh key pair, because whatever was sealed to the old one has been given up by others.
"""

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections
from django.db.utils import DatabaseError

from hivemind.kit.handoff import HEARTBEAT_SECONDS, WorkerIdentity

log = logging.getLogger(__name__)
TICK_SECONDS = 0.5

_lock = threading.Lock()
_identity: WorkerIdentity | None = None
_stop = threading.Event()
_watchers: list[Callable[[], None]] = []


class NotAWorker(RuntimeError):
    """This process was not started as a worker, so nothing can have been sealed to it."""


def start(*, queues: str) -> WorkerIdentity:
    """Make this process a worker: publish its key and start its heart. Idempotent."""
    global _identity
    with _lock:
        if _identity is None:
            _identity = WorkerIdentity(queues=queues)
            _identity.publish()
            _stop.clear()
            threading.Thread(target=_live, name="heartbeat", daemon=True).start()
            log.info("worker started", extra={"worker_id": _identity.worker_id})
        return _identity


def stop() -> None:
    """End the heartbeat and withdraw the key."""
    global _identity
    with _lock:
        _stop.set()
        if _identity is not None:
            _identity.retire()
            _identity = None


def identity() -> WorkerIdentity:
    """This process's identity. Raises NotAWorker in any other process."""
    if _identity is None:
        raise NotAWorker
    return _identity


def watch(watcher: Callable[[], None]) -> None:
    """Call `watcher` about twice a second while this worker lives. It must be quick and may use the database."""
    _watchers.append(watcher)


def _live() -> None:
    beats_between = max(1, round(HEARTBEAT_SECONDS / TICK_SECONDS))
    tick = 0
    while not _stop.wait(TICK_SECONDS):
        tick += 1
        try:
            if tick % beats_between == 0:
                _beat()
            for watcher in list(_watchers):
                watcher()
        except DatabaseError:
            log.exception("heartbeat failed; trying again")
        finally:
            close_old_connections()


def _beat() -> None:
    global _identity
    with _lock:
        if _identity is None or _identity.beat():
            return
        _identity = WorkerIdentity(queues=_identity.queues)
        _identity.publish()
        log.warning("worker had been declared dead; started anew", extra={"worker_id": _identity.worker_id})
