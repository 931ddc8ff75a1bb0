"""What the database itself keeps of pins and builds, whoever writes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from attestation.server.models import ComposePin, SeenBuild
from hivemind.kit import clock
from tests.factories import tenants

NOW = clock.now()


def pin(**changes: Any) -> ComposePin:
    tenant = tenants.alice().tenant
    values = {"pin_id": "ab" * 6, "envelope": "{}", "signer_pubkey_b64": "key", "issued_at": NOW, "created_at": NOW}
    return ComposePin.objects.create(tenant=tenant, **(values | changes))


def build(**changes: Any) -> SeenBuild:
    values = {"compose_hash": "ab" * 32, "app_id": "cd" * 20, "instance_id": "", "app_version": "1", "kind": "dstack"}
    dates = {"first_seen_at": NOW, "last_seen_at": NOW}
    return SeenBuild.objects.create(**({"run_signer_pubkey_b64": "key"} | values | dates | changes))


@pytest.fixture(autouse=True)
def database(db: None) -> Iterator[None]:
    yield


def refused(words: str) -> Any:
    return pytest.raises(DatabaseError, match=words)


@pytest.mark.parametrize("column", ["envelope", "pin_id", "scope_agent_id", "signer_pubkey_b64"])
def test_nothing_of_a_pin_changes(column: str) -> None:
    row = pin()
    with refused("never changes"), transaction.atomic():
        ComposePin.objects.filter(pk=row.pk).update(**{column: "cd" * 6})


@pytest.mark.parametrize("column", ["issued_at", "expires_at", "created_at"])
def test_no_date_of_a_pin_changes(column: str) -> None:
    row = pin()
    with refused("never changes"), transaction.atomic():
        ComposePin.objects.filter(pk=row.pk).update(**{column: NOW + timedelta(days=1)})


@pytest.mark.parametrize("later", [None, NOW + timedelta(days=1)])
def test_a_pin_is_revoked_once(later: Any) -> None:
    row = ComposePin.objects.filter(pk=pin().pk)
    row.update(revoked_at=NOW)
    with refused("revoked once"), transaction.atomic():
        row.update(revoked_at=later)
    assert row.get().revoked_at == NOW


def test_a_pin_stays_as_long_as_its_tenant() -> None:
    row = pin()
    with refused("only with its tenant"), transaction.atomic():
        row.delete()
        connection.check_constraints()
    row.tenant.delete()
    connection.check_constraints()
    assert not ComposePin.objects.exists()


def test_a_pin_without_signature_or_of_another_form_is_not_taken() -> None:
    for changes in ({"pin_id": "x" * 12}, {"envelope": ""}, {"signer_pubkey_b64": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            pin(**changes)


@pytest.mark.parametrize("column", ["compose_hash", "app_id", "instance_id", "app_version", "run_signer_pubkey_b64"])
def test_nothing_of_a_build_changes(column: str) -> None:
    row = build()
    with refused("never changes"), transaction.atomic():
        SeenBuild.objects.filter(pk=row.pk).update(**{column: "ee" * 16})


def test_a_build_is_not_forgotten_and_was_never_seen_earlier() -> None:
    row = build()
    with refused("not forgotten"), transaction.atomic():
        row.delete()
    with refused("never changes"), transaction.atomic():
        SeenBuild.objects.update(first_seen_at=NOW - timedelta(days=1))
    SeenBuild.objects.update(last_seen_at=NOW + timedelta(hours=1))
    SeenBuild.objects.update(last_seen_at=NOW)
    row.refresh_from_db()
    assert row.last_seen_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("changes", [{"compose_hash": "AB" * 32}, {"compose_hash": ""}, {"kind": "hearsay"}])
def test_a_build_of_another_form_is_not_taken(changes: dict[str, str]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        build(**changes)
