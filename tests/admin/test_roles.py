"""The truth table of the admin: which role opens which page and does which deed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.services import prices
from billing.services.prices import NewPrice
from hivemind.kit.admin.accounts import grantable
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.operated import Operates
from hivemind.kit.admin.superusers import SuperusersSee
from hivemind.kit.audit import Actor
from hivemind.kit.models import AuditEvent
from hivemind.models import Change
from hivemind.roles import ROLES
from runner.enums import RunStatus
from runner.models import Run
from tenants.models import Tenant
from tenants.services import tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

EVERY = ("viewer", "support", "finance", "admin")
SERVING = {"support", "admin"}
PAYING = {"finance", "admin"}
# Who may do what: every deed and page of every model, by its name.
DEEDS = {
    "tenants.tenant:suspend": SERVING,
    "tenants.tenant:resume": SERVING,
    "tenants.tenant:rename": SERVING,
    "tenants.tenant:reset_key": SERVING,
    "tenants.tenant:delete_tenant": {"admin"},
    "tenants.tenant:add": SERVING,
    "billing.account:grant": PAYING,
    "billing.account:debit": PAYING,
    "billing.account:refund": PAYING,
    "billing.account:statement": set(EVERY),
    "billing.creditcode:add": PAYING,
    "billing.creditcode:revoke_code": PAYING,
    "billing.price:add": PAYING,
    "billing.price:withdraw": PAYING,
    "billing.price:cancel": PAYING,
    "billing.spendtoken:revoke_token": PAYING,
    "agents.agent:sweep": SERVING,
    "agents.agent:space": set(EVERY),
    "attestation.seenbuild:evidence": set(EVERY),
    "rooms.room:revoke": SERVING,
    "rooms.room:by_build": set(EVERY),
    "runner.run:stop": SERVING,
}

# Done to no single row.
WIDE = {"add", "sweep", "space", "by_build", "evidence"}


def client_of(role: str) -> Client:
    """A person of `role`, who is logged in."""
    user = User.objects.create_user(f"{role}-person", password="a password of theirs", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def models() -> Iterator[tuple[str, Any]]:
    for model, shown in admin.site._registry.items():
        yield model._meta.label_lower, shown


def acts() -> set[str]:
    """Every deed that the admin knows, apart from those on accounts."""
    found = set()
    for label, shown in models():
        if isinstance(shown, SuperusersSee):
            continue
        if isinstance(shown, Operates):
            found |= {f"{label}:{act.name}" for act in (*shown.acts, *shown.whole)}
        if "add" in getattr(shown, "grants", ()):
            found.add(f"{label}:add")
    return found


def address_of(act: str, row: Any) -> str:
    label, _, name = act.partition(":")
    base = f"admin:{label.replace('.', '_')}"
    return reverse(f"{base}_{name}", args=[] if name in WIDE else [quote(row.pk)])


def first(label: str) -> Any:
    shown = dict(models())[label]
    return shown.model._default_manager.first()


def fitting(act: str) -> Any:
    """A row that the deed can be done to."""
    if act == "billing.price:cancel":
        wanted = NewPrice("openrouter", "to-come", 1, 2, effective_from=timezone.now() + timedelta(days=1))
        return prices.set_price(wanted, actor=Actor.operator("olga"))
    return first(act.partition(":")[0])


@pytest.fixture
def stocked(everything: tuple[Person, MadeRoom]) -> Tenant:
    """Rows of every kind, so that each deed has something to be done to."""
    Run.objects.exclude(status=RunStatus.PENDING).delete()
    return everything[0].tenant


def test_the_database_has_the_roles_of_the_table(db: None) -> None:
    stored = {
        group.name: {
            f"{app}.{name}" for app, name in group.permissions.values_list("content_type__app_label", "codename")
        }
        for group in Group.objects.all()
    }
    assert stored == {role: set(names) for role, names in ROLES.items()}


def test_roles_are_made_of_what_may_be_granted_one_by_one(db: None) -> None:
    # The page of a group keeps what it offers: what it did not offer would be lost when a role is saved there.
    offered = {f"{p.content_type.app_label}.{p.codename}" for p in grantable()}
    assert offered == set().union(*ROLES.values())


def test_every_deed_is_in_the_truth_table(db: None) -> None:
    assert acts() == set(DEEDS)


@pytest.mark.parametrize("role", EVERY)
def test_a_role_does_its_deeds_and_no_others(role: str, stocked: Tenant) -> None:
    client = client_of(role)
    for act, roles in DEEDS.items():
        label, _, name = act.partition(":")
        row = fitting(act)
        address = address_of(act, row)
        if name == "resume":
            Tenant.objects.update(suspended_at=stocked.created_at)
        expected = 200 if role in roles else 403
        assert client.get(address).status_code == expected, act
        assert client.post(address, {"reason": ""}).status_code == expected, act
        if name not in WIDE:
            page = client.get(reverse(f"admin:{label.replace('.', '_')}_change", args=[quote(row.pk)]))
            assert (address in page.content.decode()) == (role in roles), act
        else:
            listed = client.get(reverse(f"admin:{label.replace('.', '_')}_changelist"))
            assert (address in listed.content.decode()) == (role in roles), act
        Tenant.objects.update(suspended_at=None)


@pytest.mark.parametrize("role", EVERY)
def test_deeds_are_offered_for_several_rows_to_whom_they_are_allowed(role: str, stocked: Tenant) -> None:
    client = client_of(role)
    for label, shown in models():
        if isinstance(shown, SuperusersSee) or not isinstance(shown, Operates):
            continue
        base = f"admin:{label.replace('.', '_')}"
        offered = {deed.name for deed in shown.deeds if role in DEEDS[f"{label}:{deed.name}"]}
        chooser = client.get(reverse(f"{base}_changelist")).context["action_form"]
        named = {name for name, _ in chooser.fields["action"].choices if name} if chooser else set()
        assert named == offered, label
        for deed in shown.deeds:
            several = client.post(reverse(f"{base}_{deed.name}_several") + f"?pk={first(label).pk}", {"reason": ""})
            assert (several.status_code == 403) == (deed.name not in offered)


@pytest.mark.parametrize("role", EVERY)
def test_a_role_sees_every_list_but_not_the_accounts(role: str, stocked: Tenant) -> None:
    client = client_of(role)
    home = client.get("/admin/").content.decode()
    for label, shown in models():
        base = f"admin:{label.replace('.', '_')}"
        listed = reverse(f"{base}_changelist")
        mine = isinstance(shown, ShownAdmin) and not isinstance(shown, SuperusersSee)
        assert client.get(listed).status_code == (200 if mine else 403), label
        assert (f'href="{listed}"' in home) == mine, label
        rows = shown.model._default_manager.all()
        row = rows.filter(kind="tenant").first() if shown.model is Change else rows.first()
        if row is not None:
            page = client.get(reverse(f"{base}_change", args=[quote(row.pk)]))
            assert page.status_code == (200 if mine else 403), label


def test_who_may_do_nothing_gets_no_further_than_the_home_page(db: None) -> None:
    User.objects.create_user("nobody", password="a password of theirs", is_staff=True)
    client = Client()
    client.force_login(User.objects.get(username="nobody"))
    assert client.get("/admin/").status_code == 200
    for label, _ in models():
        assert client.get(reverse(f"admin:{label.replace('.', '_')}_changelist")).status_code == 403


@pytest.mark.parametrize("role", EVERY)
def test_an_operator_is_made_with_a_role(role: str, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_operator", name="ines", role=role)
    ines = User.objects.get(username="ines")
    assert [group.name for group in ines.groups.all()] == [role]
    assert ines.is_staff and not ines.is_superuser
    assert ines.get_all_permissions() == ROLES[role]
    event = AuditEvent.objects.get(subject="ines")
    assert (event.actor, event.action, event.details) == ("system:create_operator", "user.added", {"role": role})


def test_an_operator_without_a_role_may_do_everything(db: None) -> None:
    call_command("create_operator", name="ines")
    assert User.objects.get(username="ines").is_superuser


def test_a_role_that_is_gone_makes_no_account(db: None) -> None:
    Group.objects.filter(name="support").delete()
    with pytest.raises(CommandError, match="support is missing"):
        call_command("create_operator", name="ines", role="support")
    assert not User.objects.exists()


def test_deleting_a_tenant_wants_its_name_and_a_reason(stocked: Tenant) -> None:
    client, address = client_of("admin"), address_of("tenants.tenant:delete_tenant", stocked)
    text = " ".join(client.get(address).content.decode().split())
    assert "1 room with 1 vault item." in text and "2 agents: source and image." in text
    for sent in ({"name": "bob", "reason": "they asked"}, {"name": stocked.name, "reason": ""}):
        assert client.post(address, sent).status_code == 200
        assert Tenant.objects.filter(pk=stocked.pk).exists()


def test_a_tenant_is_deleted_for_good_and_the_trail_says_why(db: None) -> None:
    tenant = tenants.create("Meadow Clinic", actor=Actor.system("test")).tenant
    sent = {"name": "Meadow Clinic", "reason": "they asked"}
    answer = client_of("admin").post(address_of("tenants.tenant:delete_tenant", tenant), sent)
    assert answer["Location"] == reverse("admin:tenants_tenant_changelist")
    assert not Tenant.objects.exists()
    event = AuditEvent.objects.get(action="operator.delete")
    assert (event.actor, event.subject) == ("operator:admin-person", tenant.pk)
    assert event.details == {"reason": "they asked"}


def test_who_may_not_see_rows_does_nothing_to_them(stocked: Tenant) -> None:
    user = User.objects.create_user("odd", password="a password of theirs", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_tenant", "delete_tenant"]))
    client = Client()
    client.force_login(user)
    for name in ("suspend", "rename", "delete_tenant"):
        assert client.get(address_of(f"tenants.tenant:{name}", stocked)).status_code == 403
