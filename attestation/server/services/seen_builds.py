"""Noting which builds of the service ran: whenever a process has proved one, beside the work and never in its way."""

import logging
import os
import threading
import time
from dataclasses import asdict, dataclass
from typing import Final

from django.db import Error, connections

from attestation.server.models import SeenBuild
from attestation.server.services.collecting import Evidence, Kind
from hivemind.kit import clock

log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 1_800.0


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a verified quote said about the machine of this process, by the columns of the table."""

    compose_hash: str
    app_id: str
    instance_id: str
    app_version: str
    kind: Kind
    run_signer_pubkey_b64: str

    @classmethod
    def proven(cls, kind: Kind, evidence: Evidence) -> "Build":
        """The build of this evidence."""
        bundle = evidence.bundle
        return cls(
            compose_hash=evidence.identity.compose_hash,
            app_id=bundle.app_id,
            instance_id=bundle.instance_id,
            app_version=bundle.hivemind_version,
            kind=kind,
            run_signer_pubkey_b64=evidence.identity.signer.public_b64,
        )


class Noting:
    """Writes down each build of this process when it is new, and that it still runs now and then.

    The writing is done in a thread of its own, one at a time: a database that is slow or away costs nobody anything,
    and the next proof tries again.
    """

    def __init__(self, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._every_seconds = every_seconds
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Begin anew: in a child the parent's thread does not run, and its lock may be held by nobody."""
        self._lock = threading.Lock()
        self._writing = False
        self._noted: tuple[Build, float] | None = None

    def __call__(self, kind: Kind, evidence: Evidence) -> None:
        """Start writing unless that was done lately or is being done."""
        build = Build.proven(kind, evidence)
        with self._lock:
            if self._writing or self._is_recent(build):
                return
            self._writing = True
        try:
            threading.Thread(target=self._write, args=(build,), name="seen-build", daemon=True).start()
        except RuntimeError:  # no thread is to be had: the next proof tries again
            self._done(None)

    def _is_recent(self, build: Build) -> bool:
        if self._noted is None:
            return False
        noted, at = self._noted
        return noted == build and time.monotonic() - at < self._every_seconds

    def _write(self, build: Build) -> None:
        noted: Build | None = None
        try:
            _record(build)
            noted = build
        except Error as error:
            log.warning("the running build could not be noted", extra={"code": type(error).__name__})
        finally:
            connections.close_all()
            self._done(noted)

    def _done(self, noted: Build | None) -> None:
        with self._lock:
            self._writing = False
            if noted is not None:
                self._noted = (noted, time.monotonic())


def _record(build: Build) -> None:
    """One row for each build, whichever of many processes sees it first."""
    names, now = asdict(build), clock.now()
    row = SeenBuild(**names, first_seen_at=now, last_seen_at=now)
    SeenBuild.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=list(names), update_fields=["last_seen_at"]
    )
