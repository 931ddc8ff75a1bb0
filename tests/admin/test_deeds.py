"""What the operator does to rows: asked about, explained, done by a service, recorded with its reason."""

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from hivemind.kit.audit import Actor
from hivemind.kit.errors import Unauthenticated
from hivemind.kit.models import AuditEvent
from rooms.models import Invite, Room
from runner.enums import RunStatus
from runner.models import Run
from tenants.credentials import registry
from tenants.models import Tenant
from tenants.services import tenants as tenant_services
from tests.admin import rows
from tests.factories import tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

WHY = {"reason": "a complaint"}
OLGA = "operator:olga"


def deed(row: object, name: str) -> str:
    """The address of a deed on the page of one row."""
    model = row._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_{name}", args=[quote(row.pk)])


def choose(client: Client, name: str, *chosen: object) -> HttpResponse:
    """Choose rows in their list, and a deed for them."""
    model = chosen[0]._meta
    sent = {"action": name, ACTION_CHECKBOX_NAME: [row.pk for row in chosen]}
    return client.post(reverse(f"admin:{model.app_label}_{model.model_name}_changelist"), sent)


def test_suspending_is_asked_about_first(olga: Client, alice: Person) -> None:
    text = olga.get(deed(alice.tenant, "suspend")).content.decode()
    assert "Every credential of the tenant is refused at once" in text
    olga.post(deed(alice.tenant, "suspend"), {"reason": ""})
    assert not Tenant.objects.get().suspended


def test_a_suspended_tenants_key_is_refused_until_it_is_resumed(olga: Client, alice: Person) -> None:
    assert olga.post(deed(alice.tenant, "suspend"), WHY).status_code == 302
    with pytest.raises(Unauthenticated):
        registry.resolve(alice.api_key)
    olga.post(deed(alice.tenant, "resume"), {"reason": "settled"})
    assert registry.resolve(alice.api_key)
    told = (
        AuditEvent.objects.filter(subject=alice.tenant.pk, actor=OLGA).order_by("id").values_list("action", flat=True)
    )
    assert list(told) == ["tenant.suspended", "operator.suspend", "tenant.resumed", "operator.resume"]
    assert AuditEvent.objects.get(action="operator.suspend").details == WHY


def test_a_reason_that_holds_a_key_is_not_recorded(olga: Client, alice: Person) -> None:
    answer = olga.post(deed(alice.tenant, "suspend"), {"reason": f"she lost {alice.api_key} again"})
    assert "forgets nothing" in answer.content.decode()
    assert not Tenant.objects.get().suspended and not AuditEvent.objects.filter(actor=OLGA).exists()


def test_only_the_deed_that_makes_sense_has_a_button(olga: Client, alice: Person) -> None:
    address = reverse("admin:tenants_tenant_change", args=[quote(alice.tenant.pk)])
    text = olga.get(address).content.decode()
    assert deed(alice.tenant, "suspend") in text and deed(alice.tenant, "resume") not in text
    tenant_services.suspend(alice.tenant.pk, actor=Actor.operator("olga"))
    text = olga.get(address).content.decode()
    assert deed(alice.tenant, "suspend") not in text and deed(alice.tenant, "resume") in text


def test_several_tenants_are_suspended_after_one_question(olga: Client, alice: Person) -> None:
    bob = tenants.bob()
    tenant_services.suspend(bob.tenant.pk, actor=Actor.system("test"))
    carol = tenants.carol()
    answer = choose(olga, "suspend", alice.tenant, bob.tenant, carol.tenant)
    assert answer.status_code == 302 and not Tenant.objects.get(pk=alice.tenant.pk).suspended
    text = olga.get(answer["Location"]).content.decode()
    assert "these 2 tenants" in text and "nothing to do for them: 1." in text
    olga.post(answer["Location"], WHY)
    assert Tenant.objects.filter(suspended_at=None).count() == 0


def test_what_is_already_so_is_not_done_again(olga: Client, alice: Person) -> None:
    answer = olga.post(deed(alice.tenant, "resume"), WHY, follow=True)
    assert "nothing to do" in answer.content.decode()
    assert not AuditEvent.objects.filter(actor=OLGA).exists()


def test_an_id_that_looks_quoted_finds_its_page(olga: Client, alice: Person) -> None:
    Tenant.objects.filter(pk=alice.tenant.pk).delete()
    tenant = Tenant.objects.create(
        id="t_22abcdef4f20", name="odd", db_name="odd", db_owner="odd", created_at=alice.tenant.created_at
    )
    for address in (f"/admin/tenants/tenant/{key}/change/" for key in (tenant.pk, quote(tenant.pk))):
        assert "odd" in olga.get(address).content.decode()


def test_a_run_is_told_to_stop_and_a_waiting_one_ends(
    olga: Client, everything: tuple[Person, MadeRoom], django_capture_on_commit_callbacks: Any
) -> None:
    waiting, going = (Run.objects.get(status=status) for status in (RunStatus.PENDING, RunStatus.RUNNING))
    answer = choose(olga, "stop", waiting, going)
    with django_capture_on_commit_callbacks(execute=True):
        olga.post(answer["Location"], WHY)
    waiting.refresh_from_db()
    going.refresh_from_db()
    assert waiting.status == RunStatus.CANCELLED and going.cancel_requested_at is not None
    assert AuditEvent.objects.filter(action="run.cancel", actor="operator:olga").count() == 2
    assert "stopping" in olga.get(reverse("admin:runner_run_change", args=[going.pk])).content.decode()


def test_an_ended_run_has_no_stop(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    done = Run.objects.get(status=RunStatus.COMPLETED)
    assert deed(done, "stop") not in olga.get(reverse("admin:runner_run_change", args=[done.pk])).content.decode()
    olga.post(deed(done, "stop"), WHY)
    assert not AuditEvent.objects.filter(action="run.cancel").exists()


def test_revoking_a_room_ends_its_bearers_and_its_runs(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    _, room = everything
    olga.post(deed(room.row, "revoke"), WHY)
    assert room.row.revoked_at is not None
    assert Invite.objects.filter(revoked_at=None).count() == 0
    assert not Run.objects.filter(ended_at=None, cancel_requested_at=None).exists()
    assert AuditEvent.objects.get(action="room.revoke").actor == "operator:olga"
    assert AuditEvent.objects.get(action="operator.revoke").details == WHY


def test_a_room_whose_envelope_was_damaged_is_shown_as_such_and_can_be_revoked(
    olga: Client, everything: tuple[Person, MadeRoom]
) -> None:
    _, room = everything
    Room.objects.update(
        envelope=room.row.envelope.replace("querier_only", "owner_and_querier").replace("pilot", "other")
    )
    text = olga.get(reverse("admin:rooms_room_change", args=[quote(room.room_id)])).content.decode()
    assert "The agreement does not verify" in text and "owner and querier" not in text
    olga.post(deed(room.row, "revoke"), WHY)
    assert room.row.revoked_at is not None


def test_who_only_looks_on_may_not_act_on_rooms_and_runs(
    vera: Client, olga: Client, everything: tuple[Person, MadeRoom]
) -> None:
    _, room = everything
    run = Run.objects.get(status=RunStatus.PENDING)
    for row, name in ((room.row, "revoke"), (run, "stop")):
        model = f"{row._meta.app_label}_{row._meta.model_name}"
        assert vera.post(deed(row, name), WHY).status_code == 403
        several = reverse(f"admin:{model}_{name}_several")
        assert vera.post(f"{several}?pk={row.pk}", WHY).status_code == 403
        choose(vera, name, row)
        text = vera.get(reverse(f"admin:{model}_change", args=[quote(row.pk)])).content.decode()
        assert deed(row, name) not in text
        listed = reverse(f"admin:{model}_changelist")
        assert ACTION_CHECKBOX_NAME in olga.get(listed).content.decode()
        assert ACTION_CHECKBOX_NAME not in vera.get(listed).content.decode()
    assert room.row.revoked_at is None
    assert Run.objects.get(pk=run.pk).cancel_requested_at is None


def test_more_than_a_hundred_rows_are_not_done_at_once(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    _, room = everything
    made = [rows.run(room.row, RunStatus.PENDING) for _ in range(101)]
    answer = choose(olga, "stop", *made)
    assert "do/stop" not in answer["Location"]
    assert not Run.objects.exclude(cancel_requested_at=None).exists()
