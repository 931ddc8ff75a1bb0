"""Making, suspending, renaming and removing tenants."""

import pytest
from django.db import connection

from attestation.keys import derive_room_signing_key
from billing.models import Account
from hivemind.kit.audit import Actor
from hivemind.kit.errors import Unauthenticated
from hivemind.kit.models import AuditEvent
from tenants import hooks
from tenants.credentials import registry
from tenants.databases import names, provision, server
from tenants.errors import BlankName, DatabaseRemains, DuplicateName, ProvisioningFailed, TenantNotFound
from tenants.models import ApiKey, Tenant, TenantSecret
from tenants.services import seals, tenants
from tests.factories.tenants import alice

OLGA = Actor.operator("olga")


def on_server(tenant_id: str) -> tuple[bool, bool]:
    """Whether the server has the tenant's database, and its role."""
    with server.service_connection() as service:
        database = service.execute("SELECT 1 FROM pg_database WHERE datname = %s", [names.database(tenant_id)])
        role = service.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [names.owner_role(tenant_id)])
        return bool(database.fetchall()), bool(role.fetchall())


@pytest.fixture
def made(db: None):
    """A tenant made in full; its database goes with the test."""
    new = tenants.create("Ana", actor=OLGA)
    yield new
    provision.drop(new.tenant.id)


def test_a_new_tenant_has_a_database_a_key_and_a_seal(made):
    tenant = made.tenant
    assert on_server(tenant.id) == (True, True)
    assert tenant.db_name == f"tenant_{tenant.id}" and tenant.db_owner == f"o_{tenant.id[2:]}"
    owner = registry.resolve(made.api_key)
    assert owner.tenant == tenant
    assert len(seals.open_root(owner)) == 32
    assert TenantSecret.objects.filter(tenant=tenant).count() == 2
    assert AuditEvent.objects.filter(action="tenant.created", subject=tenant.id, actor="operator:olga").exists()


def test_the_room_signing_key_is_the_one_published_clients_derive(made):
    key = seals.signing_key(registry.resolve(made.api_key))
    assert key.public_b64 == made.tenant.signing_pubkey_b64
    assert key.public == derive_room_signing_key(made.api_key, tenant_id=made.tenant.id).public


def test_an_owner_key_has_the_published_form_and_is_nowhere_in_the_database(made):
    assert made.api_key.startswith("hmk_") and len(made.api_key) == 47
    key = ApiKey.objects.get(tenant=made.tenant)
    assert key.token_id == key.token_hash[:12]
    with connection.cursor() as cursor:
        for table in ("tenants_apikey", "tenants_tenant", "tenants_tenantsecret", "kit_auditevent"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert made.api_key not in str(cursor.fetchall())


def test_a_new_key_does_not_print(made):
    assert made.api_key not in repr(made)
    assert made.api_key not in repr(registry.resolve(made.api_key))


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\0b", "\ud800"])
def test_a_name_must_be_usable(db, name):
    with pytest.raises(BlankName):
        tenants.create(name, actor=OLGA)


def test_a_name_is_taken_in_any_case(db):
    alice()
    with pytest.raises(DuplicateName, match="already exists"):
        tenants.create(" ALICE ", actor=OLGA)
    assert Tenant.objects.count() == 1


def test_when_writing_the_rows_fails_neither_database_nor_role_remains(db, monkeypatch):
    seen = []

    def fail(*args, **kwargs):
        seen.append(args[1])
        if args[1] == "tenant.created":
            raise RuntimeError("disk full")

    before = _databases()
    monkeypatch.setattr("tenants.services.tenants.audit.record", lambda *a, **k: fail(*a))
    with pytest.raises(RuntimeError):
        tenants.create("Ana", actor=OLGA)
    assert seen == ["account.opened", "tenant.created"]
    assert _databases() == before
    assert not Tenant.objects.exists()
    assert not Account.objects.exists()


@pytest.mark.parametrize("statement", ["CREATE DATABASE", "GRANT USAGE, CREATE ON SCHEMA"])
def test_when_provisioning_fails_halfway_nothing_of_it_remains(db, monkeypatch, statement):
    before = _databases()
    real = server.psycopg.Connection.execute

    def execute(self, query, *args, **kwargs):
        text = query if isinstance(query, str) else query.as_string(self)
        if text.startswith(statement):
            raise server.psycopg.OperationalError("no space left on device")
        return real(self, query, *args, **kwargs)

    monkeypatch.setattr(server.psycopg.Connection, "execute", execute)
    with pytest.raises(ProvisioningFailed) as failure:
        tenants.create("Ana", actor=OLGA)
    assert "space" not in str(failure.value)
    monkeypatch.undo()
    assert _databases() == before
    assert not Tenant.objects.exists()


def test_a_suspended_tenant_is_refused_and_comes_back(db):
    person = alice()
    tenants.suspend(person.tenant.id, actor=OLGA)
    with pytest.raises(Unauthenticated):
        registry.resolve(person.api_key)
    assert person.client.get("/v1/whoami").status_code == 401
    tenants.resume(person.tenant.id, actor=OLGA)
    assert registry.resolve(person.api_key).tenant == person.tenant


def test_suspending_stops_running_work_once(db, monkeypatch):
    stopped = []
    monkeypatch.setattr(hooks, "_stoppers", [lambda tenant, actor: stopped.append((tenant.id, actor))])
    person = alice()
    tenants.suspend(person.tenant.id, actor=OLGA)
    tenants.suspend(person.tenant.id, actor=OLGA)
    assert stopped == [(person.tenant.id, OLGA)]


def test_renaming_to_the_same_name_changes_nothing(db):
    person = alice()
    assert tenants.rename(person.tenant.id, "alice", actor=OLGA).name == "alice"
    assert not AuditEvent.objects.filter(action="tenant.renamed").exists()
    assert tenants.rename(person.tenant.id, "Alice", actor=OLGA).name == "Alice"
    assert AuditEvent.objects.filter(action="tenant.renamed").count() == 1


def test_deleting_takes_database_roles_and_rows(made):
    tenants.delete(made.tenant.id, actor=OLGA)
    assert on_server(made.tenant.id) == (False, False)
    assert not Tenant.objects.filter(pk=made.tenant.id).exists()
    assert AuditEvent.objects.filter(action="tenant.deleted", subject=made.tenant.id).exists()
    with pytest.raises(TenantNotFound):
        tenants.delete(made.tenant.id, actor=OLGA)


def test_a_tenant_whose_database_cannot_be_dropped_stays_suspended(made, monkeypatch):
    def fail(tenant_id, *, database):
        raise server.psycopg.OperationalError("is being accessed")

    monkeypatch.setattr(provision, "drop", fail)
    with pytest.raises(DatabaseRemains):
        tenants.delete(made.tenant.id, actor=OLGA)
    assert Tenant.objects.get(pk=made.tenant.id).suspended
    monkeypatch.undo()
    tenants.delete(made.tenant.id, actor=OLGA)
    assert not Tenant.objects.filter(pk=made.tenant.id).exists()


def _databases() -> list[tuple]:
    with server.service_connection() as service:
        found = service.execute("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles ORDER BY 1")
        return found.fetchall()
