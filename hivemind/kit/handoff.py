"""How a key travels to a worker: sealed to the public keys of the workers that are alive, and readable by no one else.

A worker makes a key pair when it starts, publishes the public half with its heartbeat, and forgets the private half
when it ends. So neither the broker nor the database ever holds a usable key, and a restarted worker cannot read what
was sealed to its predecessor.
"""

import json
import os
import secrets
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from attestation.encoding import b64, unb64
from attestation.errors import SealError
from attestation.sealing.context import handoff_context
from attestation.sealing.handoff import WorkerKey as PrivateKey
from attestation.sealing.handoff import seal_to
from hivemind.kit import clock
from hivemind.kit.errors import Unavailable
from hivemind.kit.models import WorkerKey

HEARTBEAT_SECONDS = 3
ALIVE_SECONDS = 15


class NoWorker(Unavailable):
    """No worker process is alive that could carry this out."""

    code = "no_worker"
    sentence = "No worker is running at the moment; try again shortly"


class HandoffLost(Exception):
    """What was sealed for this worker is not there or does not open: its key died with another process."""


class WorkerIdentity:
    """The key pair of this process. One per worker process; printed never."""

    def __init__(self, *, queues: str) -> None:
        self.worker_id = f"{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(4)}"
        self.queues = queues
        self._private = PrivateKey.generate()

    def publish(self) -> None:
        """Insert this worker's row. Raises on a database error: a worker nobody can seal to must not start."""
        now = clock.now()
        WorkerKey.objects.create(
            worker_id=self.worker_id,
            public_key=self._private.public_bytes,
            queues=self.queues,
            started_at=now,
            heartbeat_at=now,
        )

    def beat(self) -> bool:
        """Say that this worker lives. False when its row is gone: somebody declared it dead."""
        return WorkerKey.objects.filter(worker_id=self.worker_id).update(heartbeat_at=clock.now()) == 1

    def retire(self) -> None:
        """Remove the row, so that nothing more is sealed to this process."""
        WorkerKey.objects.filter(worker_id=self.worker_id).delete()

    def open(self, envelopes: Mapping[str, str], *, subject: str) -> dict[str, Any]:
        """The secrets sealed for `subject`. Raises HandoffLost when this worker is not among the recipients."""
        sealed = envelopes.get(self.worker_id)
        if sealed is None:
            raise HandoffLost(subject)
        try:
            plain = self._private.open(unb64(sealed), context=handoff_context(subject, worker_id=self.worker_id))
        except SealError as error:
            raise HandoffLost(subject) from error
        secrets_of_subject: dict[str, Any] = json.loads(plain)
        return secrets_of_subject


def living(queue: str) -> list[WorkerKey]:
    """Workers whose heartbeat is recent and that take `queue`, newest heartbeat first."""
    since = clock.now() - timedelta(seconds=ALIVE_SECONDS)
    recent = WorkerKey.objects.filter(heartbeat_at__gte=since)
    return [worker for worker in recent if queue in worker.queues.split(",")]


def seal(payload: Mapping[str, Any], *, subject: str, queue: str) -> dict[str, str]:
    """Seal `payload` to every living worker of `queue`: {worker id: sealed bytes, base64}.

    Raises NoWorker when none is alive. `subject` (a run's or a build's id) is bound, so that a sealed payload cannot be
    moved to another row.
    """
    workers = living(queue)
    if not workers:
        raise NoWorker
    plain = json.dumps(dict(payload)).encode()
    return {
        w.worker_id: b64(seal_to(bytes(w.public_key), plain, context=handoff_context(subject, worker_id=w.worker_id)))
        for w in workers
    }
