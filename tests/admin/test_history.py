"""The history of rows: written by the database whoever changes them, never changed itself, and free of secrets."""

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from hivemind import admin_changes
from hivemind.celery import app
from hivemind.kit import acting, clock
from hivemind.kit.access.attribution import actor_of
from hivemind.kit.audit import Actor
from hivemind.models import Change
from hivemind.models.history import EVENTS, OF_ACCESS, TRACKED, Tracked
from rooms.models import Room
from tenants.models import Tenant
from tenants.services import tenants as tenant_services
from tests.admin.rows import CANARY
from tests.admin.test_secrets import secret_columns
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

LIST = "/admin/hivemind/change/"


def changes(kind: str, subject: str = "", act: str = "") -> list[Change]:
    """The newest first."""
    asked = {name: value for name, value in (("subject", subject), ("act", act)) if value}
    return list(Change.objects.filter(kind=kind, **asked))


def change_page(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(row.pk)])


def test_a_rename_is_told_with_both_names_and_whose_it_was(olga: Client, alice: Person) -> None:
    page = reverse("admin:tenants_tenant_rename", args=[quote(alice.tenant.pk)])
    olga.post(f"{page}?secret=in-the-question", {"name": "Alder"})
    [update] = changes("tenant", alice.tenant.pk, "update")
    assert admin_changes.differences(update) == [("name", "alice", "Alder")]
    assert update.context == {"actor": "operator:olga", "path": page}
    text = " ".join(olga.get(change_page(alice.tenant)).content.decode().split())
    assert "<b>name</b> alice → Alder" in text and "operator olga" in text


def test_what_changes_rows_behind_our_back_is_told_too(alice: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_tenant SET name = 'by hand'")
    [update] = changes("tenant", alice.tenant.pk, "update")
    assert update.context is None and admin_changes.who(update) == "not known"
    assert admin_changes.differences(update) == [("name", "alice", "by hand")]


def test_an_update_that_changes_nothing_shown_is_not_told(everything: tuple[Person, MadeRoom]) -> None:
    _, room = everything
    before = len(changes("room", room.room_id))
    Room.objects.update(vault_index=b"another", key_id="another")
    Tenant.objects.update(name=models.F("name"))
    assert len(changes("room", room.room_id)) == before
    assert not changes("tenant", act="update")


def test_a_row_that_goes_leaves_its_history(alice: Person) -> None:
    Tenant.objects.all().delete()
    newest, first = changes("tenant", alice.tenant.pk)
    assert (newest.act, first.act) == ("delete", "insert")
    assert ("name", "alice", "-") in admin_changes.differences(newest)
    assert ("name", "-", "alice") in admin_changes.differences(first)


def test_changes_over_http_are_attributed_to_the_bearer(everything: tuple[Person, MadeRoom]) -> None:
    # The middleware asks at each change; by then the view has resolved the bearer.
    request = RequestFactory().post("/v1/rooms")
    assert actor_of(request) == ""
    owner, room = everything
    request.user = owner.owner
    assert actor_of(request) == f"owner:{owner.owner.key.token_id}"
    assert actor_of(RequestFactory().post("/v1/admin/tenants")) == "operator:admin key"
    headers = {"Authorization": f"Bearer {owner.api_key}"}
    assert Client().delete(f"/v1/rooms/{room.room_id}", headers=headers).status_code == 200
    [update] = changes("room", room.room_id, "update")
    assert update.context == {"actor": owner.owner.actor.name, "path": f"/v1/rooms/{room.room_id}"}
    assert [name for name, _, _ in admin_changes.differences(update)] == ["revoked"]


def test_quotes_and_percent_signs_do_not_confuse_the_attribution(alice: Person) -> None:
    odd = "100 % 'Alder' %s \\ \" ; --"
    with acting.on_behalf(lambda: {"actor": odd}):
        tenant_services.rename(alice.tenant.pk, odd, actor=alice.owner.actor)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE \"tenants_tenant\" SET name = '50 %'")
    second, first = changes("tenant", alice.tenant.pk, "update")
    assert first.context == second.context == {"actor": odd}
    assert (first.after["name"], second.after["name"]) == (odd, "50 %")


def test_what_a_task_changes_is_changed_by_the_platform(alice: Person, olga: Client) -> None:
    @app.task(name="tests.tasks.rename_everybody")
    def rename_everybody() -> None:
        Tenant.objects.update(name="renamed")

    rename_everybody.apply()
    assert changes("tenant", act="update")[0].context == {"actor": "system:rename_everybody"}
    assert not connection.execute_wrappers
    with acting.on_behalf(lambda: {"actor": "operator:olga"}):
        Tenant.objects.update(name="again")
        rename_everybody.apply()  # a request that carries a task out at once
    assert [change.context["actor"] for change in changes("tenant", act="update")][:2] == ["operator:olga"] * 2


def test_an_attribution_ends_with_its_request(olga: Client, alice: Person) -> None:
    olga.post(reverse("admin:tenants_tenant_rename", args=[quote(alice.tenant.pk)]), {"name": "Alder"})
    assert not connection.execute_wrappers
    with transaction.atomic():
        with acting.on_behalf(lambda: {"actor": 'x\' || "%s" %'}):
            Tenant.objects.update(name="first")
        assert changes("tenant", act="update")[0].context == {"actor": 'x\' || "%s" %'}


@pytest.mark.parametrize("tracked", TRACKED, ids=lambda tracked: tracked.kind)
def test_no_secret_column_is_copied(tracked: Tracked) -> None:
    columns = {tracked.model._meta.get_field(name).name for name in tracked.columns}
    assert not columns & secret_columns(tracked.model)
    stored = {field.column for field in EVENTS[tracked.kind]._meta.concrete_fields if not field.name.startswith("pgh_")}
    assert stored == {tracked.model._meta.get_field(name).column for name in tracked.columns}


def test_nothing_secret_is_in_any_history(everything: tuple[Person, MadeRoom]) -> None:
    user = User.objects.create_user("inga", password="a password of hers")
    hashed = user.password
    user.set_password("another password")
    user.save()
    text = str(list(Change.objects.values()))
    assert CANARY not in text and hashed not in text and user.password not in text and "md5" not in text
    assert [change.act for change in changes("operator", str(user.pk))] == ["password", "insert"]


@pytest.mark.parametrize("kind", sorted(EVENTS))
@pytest.mark.parametrize("act", ["UPDATE {} SET pgh_label = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_no_history_can_be_rewritten(everything: tuple[Person, MadeRoom], olga: Client, kind: str, act: str) -> None:
    User.objects.get(username="olga").groups.add(Group.objects.first())
    User.objects.get(username="olga").user_permissions.add(Permission.objects.first())
    table = EVENTS[kind]._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL hivemind.may_empty_the_books = 'off'")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(act.format(table))


def test_groups_and_permissions_that_come_and_go_are_told(olga: Client, vera: Client) -> None:
    person, group = User.objects.get(username="vera"), Group.objects.get(name="support")
    sent = {"username": "vera", "is_active": "on", "is_staff": "on", "groups": [group.pk]}
    olga.post(change_page(person), sent)
    given = changes("operator_group", str(person.pk))[0]
    assert (given.act, given.after["group"], given.context["actor"]) == ("insert", "support", "operator:olga")
    taken = changes("operator_permission", str(person.pk), "delete")
    assert {change.after["permission"] for change in taken} >= {"tenants.view_tenant"}
    text = olga.get(change_page(person)).content.decode()
    assert "taken away" in text and "support" in text
    group.permissions.clear()
    assert "tenants.change_tenant" in str([c.after for c in changes("group_permission", str(group.pk), "delete")])
    assert "taken away" in olga.get(change_page(group)).content.decode()


def test_only_superusers_see_the_changes_of_operators(olga: Client, vera: Client, alice: Person) -> None:
    tenant_services.suspend(alice.tenant.pk, actor=Actor.operator("olga"))
    for client, sees in ((olga, True), (vera, False)):
        kinds = {row.kind for row in client.get(LIST).context["cl"].result_list}
        assert bool(kinds & OF_ACCESS) == sees
        assert {row.kind for row in client.get(LIST, {"of": "tenant"}).context["cl"].result_list} == {"tenant"}
        operators = client.get(LIST, {"of": sorted(OF_ACCESS)[0]}).context["cl"].result_list
        assert bool(operators) == sees
        one = changes("operator")[0]
        answer = client.get(reverse("admin:hivemind_change_change", args=[quote(one.key)]))
        assert answer.status_code == (200 if sees else 302)
    assert "Changes" in vera.get(change_page(alice.tenant)).content.decode()


def test_who_may_not_see_changes_sees_no_panel(everything: tuple[Person, MadeRoom]) -> None:
    user = User.objects.create_user("ida", password="a password of hers", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_tenant"))
    ida = Client()
    ida.force_login(user)
    assert "all its changes" not in ida.get(change_page(everything[0].tenant)).content.decode()
    assert ida.get(LIST).status_code == 403


def asked(client: Client, **question: str) -> set[tuple[str, str]]:
    answer = client.get(LIST, question)
    assert answer.status_code == 200
    return {(row.kind, row.act) for row in answer.context["cl"].result_list}


def test_the_questions_about_changes_are_answered(olga: Client, alice: Person) -> None:
    olga.post(reverse("admin:tenants_tenant_rename", args=[quote(alice.tenant.pk)]), {"name": "Alder"})
    assert asked(olga, of="tenant") == {("tenant", "insert"), ("tenant", "update")}
    assert asked(olga, of="tenant", how="update") == {("tenant", "update")}
    assert asked(olga, who="operator") == {("tenant", "update"), ("account", "update")}
    assert asked(olga, who="share") == set()
    assert ("tenant", "update") in asked(olga, when="hour")
    assert {kind for kind, _ in asked(olga, q=alice.tenant.pk)} == {"tenant", "account"}
    assert asked(olga, q="t_nothing") == set()


def test_a_change_has_a_page_of_its_own(olga: Client, alice: Person) -> None:
    olga.post(reverse("admin:tenants_tenant_suspend", args=[quote(alice.tenant.pk)]), {"reason": "a complaint"})
    [update] = changes("tenant", alice.tenant.pk, "update")
    text = olga.get(reverse("admin:hivemind_change_change", args=[quote(update.key)])).content.decode()
    assert "suspended" in text and f"{clock.now():%Y-%m-%d}" in text and "/suspend/" in text
    for odd in ("tenant-", "tenant-x", "nothing-1", "tenant-999999", f"tenant-{'9' * 30}", "1"):
        assert olga.get(reverse("admin:hivemind_change_change", args=[quote(odd)])).status_code == 302


def test_a_key_in_a_name_is_struck_out(olga: Client, alice: Person) -> None:
    Tenant.objects.update(name=f"lost {alice.api_key}")
    text = olga.get(LIST).content.decode()
    assert alice.api_key not in text and "lost (a token)" in text


def test_every_kind_has_words_and_a_page(db: None) -> None:
    assert set(admin_changes.KINDS) == set(EVENTS)
    labels = {tracked.model._meta.label_lower for tracked in TRACKED if not tracked.model._meta.auto_created}
    assert set(admin_changes.PAGES) == labels


def test_the_triggers_are_those_of_the_migrations(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_trigger_is_in_the_database(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
        )
        there = set(cursor.fetchall())
    for tracked in TRACKED:
        table = tracked.model._meta.db_table
        names = {name.split("_")[1] for relation, name in there if relation == table and name.startswith("pgtrigger_")}
        assert names >= {"insert", "delete"}, table
        assert (EVENTS[tracked.kind]._meta.db_table, "history_is_append_only") in there
