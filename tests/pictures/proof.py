"""Builds that ran in a month, the pins of careful owners, and a stand-in for the machine's guest agent."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from attestation.keys import derive_room_signing_key
from attestation.manifests.compose_pin import ComposePin as Statement
from attestation.manifests.compose_pin import sign_pin
from attestation.server.models import SeenBuild
from attestation.server.services import pins, sources
from attestation.server.services.claims import app_version
from attestation.server.standin.machine import DevelopmentMachine
from attestation.server.standin.server import StandInServer, answers
from runner.models import Run
from tests.factories.tenants import Person
from tests.pictures.moments import NOW, ago, at

SEED = hashlib.sha256(b"the machine of the pictures").digest()


def _hash(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


OLD, NEW = _hash("build of last month"), DevelopmentMachine(SEED, app_version()).facts.compose_hash


def builds() -> None:
    """Two builds on two machines, one after the other; and runs that name them."""
    for compose_hash, version, first, last in ((OLD, "0.3.6", 34, 9), (NEW, "0.3.7", 9, 0)):
        for machine in ("one", "two"):
            SeenBuild.objects.create(
                compose_hash=compose_hash,
                app_id=_hash("app")[:40],
                instance_id=_hash(machine)[:40],
                app_version=version,
                kind="dstack",
                run_signer_pubkey_b64="1Ym6Ed5oKx0b2f3S0v9Tq8Xr4uZp7wHcLJk5nBvAeGs=",
                first_seen_at=ago(days=first),
                last_seen_at=max(ago(days=last), ago(days=33)) if last else NOW - timedelta(minutes=4),
            )
    signed = Run.objects.exclude(receipt="")
    for compose_hash, runs in ((OLD, signed.filter(created_at__lt=ago(days=9))), (NEW, signed.filter(compose_hash=""))):
        body = f'"compose_hash":"{compose_hash}","container_runtime":"runsc","signer_kind":"development"'
        runs.update(receipt=f'{{"body":{{{body}}}}}')


def pinned(alice: Person, nordlicht: Person, *, agent_id: str) -> None:
    """One pin that was replaced, one in force, and one that expired."""
    _pin(alice, (OLD,), days=33)
    replaced = _pin(alice, (OLD, NEW), days=20)
    with at(ago(days=9)):
        pins.revoke(alice.owner, replaced)
    _pin(alice, (NEW,), days=9, scope_agent_id=agent_id)
    _pin(nordlicht, (OLD,), days=30, valid_days=20)


def _pin(person: Person, composes: tuple[str, ...], *, days: int, scope_agent_id: str = "", valid_days: int = 0) -> str:
    made_at = ago(days=days)
    issued_at = int(made_at.timestamp())
    statement = Statement(
        tenant_id=person.tenant.pk,
        allowed_composes=composes,
        scope_agent_id=scope_agent_id,
        attested_files_digest=_hash("files") if scope_agent_id else "",
        issued_at=issued_at,
        exp=issued_at + valid_days * 86_400 if valid_days else 0,
    )
    key = derive_room_signing_key(person.api_key, tenant_id=person.tenant.pk)
    with at(made_at):
        return pins.store(person.owner, sign_pin(statement, key=key)).pin_id


@contextmanager
def guest_agent() -> Iterator[None]:
    """A stand-in where the service looks for it."""
    with StandInServer(sources.development_socket(), answers(DevelopmentMachine(SEED, app_version()))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
