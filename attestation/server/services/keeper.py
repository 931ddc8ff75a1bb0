"""Evidence of this process: collected in the background at first use, renewed, and never waited for without bound.

Every process collects for itself, because a thread does not survive a fork; what they collect is the same.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn, Protocol

from attestation.evidence.bundle import Ready
from attestation.server.errors import (
    EvidenceBusy,
    EvidenceRefused,
    EvidenceStarting,
    EvidenceUnavailable,
    IdentityChanged,
)
from attestation.server.services import collecting
from attestation.server.services.collecting import Evidence, Identity, Kind, Source
from hivemind.kit import clock

log = logging.getLogger(__name__)
REFRESH_SECONDS: Final = 600.0
RETRY_SECONDS: Final = 5.0
REFUSED_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = 3.0  # of a request that comes before the first collection has ended
FRESH_AT_ONCE: Final = 2
SLOT_SECONDS: Final = 1.0
RETRY_AFTER_SECONDS: Final = 2
# An agent that is silent takes nothing back of what it proved; one that says something else does.
_TAKES_BACK: Final = (EvidenceRefused, IdentityChanged)
_witnesses: list["Witness"] = []


@dataclass(frozen=True)
class State:
    """How it stands with the evidence. `trouble` is why there is none, or why the last renewal failed; `collected_at`
    is when a collection last succeeded.
    """

    kind: Kind
    ready: bool
    trouble: str
    collected_at: datetime | None = None


class Witness(Protocol):
    """Somebody who is shown evidence each time that a process proved it. Neither raises nor holds anything up."""

    def __call__(self, kind: Kind, evidence: Evidence) -> None:
        """Look at it."""


def show(witness: Witness) -> None:
    """Show evidence to `witness` from now on."""
    _witnesses.append(witness)


class Keeper:
    """Collects from one source until it is closed. Safe to use from several threads."""

    def __init__(self, source: Source, *, retry_seconds: float = RETRY_SECONDS) -> None:
        self._source = source
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._settled, self._proven = threading.Event(), threading.Event()
        self._closed = threading.Event()
        self._slots = threading.BoundedSemaphore(FRESH_AT_ONCE)
        self._thread: threading.Thread | None = None
        self._evidence: Evidence | None = None
        self._identity: Identity | None = None
        self._trouble: EvidenceUnavailable | None = EvidenceStarting()
        self._began_at = 0.0
        self._collected_at: datetime | None = None
        self._booted_at = clock.now().timestamp()

    @property
    def kind(self) -> Kind:
        """What stands behind the evidence."""
        return self._source.kind

    def evidence(self) -> Evidence:
        """The latest evidence. Raises EvidenceUnavailable, within seconds."""
        self._start()
        self._settled.wait(PATIENCE_SECONDS)
        with self._lock:
            return self._evidence or _raise(self._trouble)

    def proven(self) -> Identity | None:
        """The proven signer and build. None: nothing is proven yet, which is known within seconds."""
        self._start()
        self._settled.wait(PATIENCE_SECONDS)
        return self._identity

    def identity(self, *, patience_seconds: float) -> Identity:
        """The proven signer and build; once proven they hold until the process ends.

        Waits for a collection to succeed, but not longer than `patience_seconds` after the very first need, so that
        a long outage does not hold up one thread after another. Raises EvidenceUnavailable.
        """
        self._start()
        self._proven.wait(max(0.0, self._began_at + patience_seconds - time.monotonic()))
        with self._lock:
            return self._identity or _raise(self._trouble)

    def fresh(self, nonce: bytes) -> tuple[Evidence, Ready]:
        """A bundle made for this nonce, with the evidence it goes with.

        Raises EvidenceUnavailable; EvidenceBusy when as many are being made as this process makes at a time.
        """
        known = self.evidence()
        if not self._slots.acquire(timeout=SLOT_SECONDS):
            raise EvidenceBusy
        try:
            return known, collecting.answer(self._source, known, nonce=nonce)
        finally:
            self._slots.release()

    def state(self) -> State:
        """How it stands, without waiting. The first look starts the collection."""
        self._start()
        with self._lock:
            return State(self.kind, self._evidence is not None, str(self._trouble or ""), self._collected_at)

    def close(self) -> None:
        """Stop renewing. What is under way ends by itself."""
        self._closed.set()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._began_at = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._renew()
            self._closed.wait(self._pause())
        self._source.agent.close()

    def _pause(self) -> float:
        if self._trouble is None:
            return REFRESH_SECONDS
        return REFUSED_SECONDS if isinstance(self._trouble, _TAKES_BACK) else self._retry_seconds

    def _renew(self) -> None:
        """Collect once and note how it went, also when it went wrong in an unforeseen way."""
        found: Evidence | None = None
        trouble: EvidenceUnavailable = EvidenceUnavailable()
        try:
            found = self._accepted(collecting.collect(self._source, booted_at=self._booted_at))
        except EvidenceUnavailable as error:
            trouble = error
        finally:
            self._note(found, None if found else trouble)

    def _accepted(self, found: Evidence) -> Evidence:
        known = self._identity
        if known is None:
            return found
        if (found.identity.compose_hash, found.identity.signer.public) != (known.compose_hash, known.signer.public):
            raise IdentityChanged
        before = self._evidence
        if before is not None and before.outlasts(found, at=int(clock.now().timestamp())):
            return before
        return found

    def _note(self, found: Evidence | None, trouble: EvidenceUnavailable | None) -> None:
        with self._lock:
            if _code(trouble) != _code(self._trouble):
                _tell(trouble)
            self._trouble = trouble
            if found is not None:
                self._evidence, self._identity = found, self._identity or found.identity
                self._collected_at = clock.now()
                self._proven.set()
            elif isinstance(trouble, _TAKES_BACK):
                self._evidence = None
        self._settled.set()
        if found is not None:
            for witness in _witnesses:
                witness(self.kind, found)


class Shared:
    """The one keeper of a process, made anew after a fork and when it should turn to another source."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._terms: object = None
        self._keeper: Keeper | None = None
        os.register_at_fork(after_in_child=self._forget)

    def get(self, terms: object, make: Callable[[], Keeper]) -> Keeper:
        """The keeper for these terms. `make` is called when they are not the last ones."""
        with self._lock:
            if self._keeper is None or terms != self._terms:
                self._drop()
                self._keeper, self._terms = make(), terms
            return self._keeper

    def drop(self) -> None:
        """Stop the keeper there is; the next one starts from nothing."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
        self._keeper = None

    def _forget(self) -> None:
        """In a child: the parent's thread does not run here, and its lock may be held by nobody."""
        self._lock, self._keeper = threading.Lock(), None


def _code(trouble: EvidenceUnavailable | None) -> str | None:
    """What the log says of it: two wordings of one code are one trouble to whoever reads there."""
    return None if trouble is None else trouble.code


def _tell(trouble: EvidenceUnavailable | None) -> None:
    if trouble is None:
        log.info("evidence is ready")
    else:
        log.warning("evidence could not be collected", extra={"code": trouble.code})


def _raise(trouble: EvidenceUnavailable | None) -> NoReturn:
    """A new instance for every caller: one exception cannot be raised in several threads."""
    raise EvidenceUnavailable() if trouble is None else type(trouble)(str(trouble))
