"""Making tenants and resetting keys: the key is in one answer and nowhere else."""

import logging
import re
from collections.abc import Iterator

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from hivemind.kit.errors import TenantSealed, Unauthenticated
from hivemind.kit.models import AuditEvent
from rooms.models import Invite
from tenants.credentials import registry
from tenants.databases import provision
from tenants.models import Tenant
from tenants.services import seals
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

KEY = re.compile(r"hmk_[A-Za-z0-9_-]{43}")
ADD = "/admin/tenants/tenant/add/"


def page(tenant: Tenant, name: str = "change") -> str:
    return reverse(f"admin:tenants_tenant_{name}", args=[quote(tenant.pk)])


def key_in(answer: HttpResponse) -> str:
    found = set(KEY.findall(answer.content.decode()))
    assert len(found) == 1
    return found.pop()


def reset(client: Client, tenant: Tenant, **chosen: str) -> HttpResponse:
    """Send the form as a browser would: with the id of the key that the page speaks of."""
    living = tenant.api_keys.get(retired_at=None).token_id
    sent = {"replaces": living, "reason": "lost with a laptop", "understood": "on"} | chosen
    return client.post(page(tenant, "reset_key"), sent)


@pytest.fixture
def made(olga: Client) -> Iterator[HttpResponse]:
    """The answer to the form for a new tenant."""
    yield olga.post(ADD, {"name": "Meadow Clinic"})
    for tenant in Tenant.objects.all():
        provision.drop(tenant.pk)


def test_a_new_tenants_key_is_shown_and_works(made: HttpResponse) -> None:
    tenant = Tenant.objects.get(name="Meadow Clinic")
    assert registry.resolve(key_in(made)).tenant == tenant
    assert "never again" in made.content.decode()
    event = AuditEvent.objects.get(action="tenant.created", subject=tenant.pk)
    assert event.actor == "operator:olga"


def test_the_answer_with_the_key_is_stored_by_no_browser_or_proxy(made: HttpResponse) -> None:
    assert "no-store" in made["Cache-Control"]
    assert made["Referrer-Policy"] == "same-origin"  # without any, a browser's next form from here would be refused


def test_the_key_is_kept_nowhere(made: HttpResponse, olga: Client, caplog: pytest.LogCaptureFixture) -> None:
    key = key_in(made)
    tenant = Tenant.objects.get()
    for address in (
        ADD,
        page(tenant),
        page(tenant, "reset_key"),
        "/admin/",
        reverse("admin:tenants_tenant_changelist"),
    ):
        assert "hmk_" not in olga.get(address).content.decode()
    stored = [*Session.objects.all(), *AuditEvent.objects.all(), *LogEntry.objects.all()]
    kept = [str(session.get_decoded()) if isinstance(session, Session) else str(vars(session)) for session in stored]
    assert not [text for text in kept if key in text]
    assert key not in str(olga.cookies) + caplog.text


def test_sending_the_form_twice_makes_one_tenant(made: HttpResponse, olga: Client) -> None:
    again = olga.post(ADD, {"name": "meadow clinic"})
    assert "already exists" in again.content.decode()
    assert not KEY.search(again.content.decode())
    assert Tenant.objects.count() == 1


def test_a_blank_name_is_refused_on_the_form(olga: Client) -> None:
    answer = olga.post(ADD, {"name": "   "})
    assert answer.status_code == 200 and Tenant.objects.count() == 0


def test_a_tenant_is_renamed_and_the_trail_knows_both_names(olga: Client, alice: Person) -> None:
    answer = olga.post(page(alice.tenant, "rename"), {"name": "Alder"})
    assert answer.status_code == 302
    assert Tenant.objects.get().name == "Alder"
    event = AuditEvent.objects.get(action="tenant.renamed")
    assert (event.actor, event.details) == ("operator:olga", {"before": "alice", "after": "Alder"})


def test_a_reset_page_says_what_would_be_lost(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    alice, _ = everything
    text = " ".join(olga.get(page(alice.tenant, "reset_key")).content.decode().split())
    assert alice.owner.key.token_id in text
    assert "The source of 2 agents" in text
    assert "into 1 room with 1 vault item" in text
    assert "1 invite and 1 share link." in text


def test_a_reset_page_of_a_tenant_that_has_nothing_says_so(olga: Client, alice: Person) -> None:
    assert olga.get(page(alice.tenant, "reset_key")).content.decode().count("nothing that exists now") == 2


def test_a_reset_kills_the_old_key_and_shows_the_new_one(olga: Client, alice: Person) -> None:
    answer = reset(olga, alice.tenant)
    assert "no-store" in answer["Cache-Control"]
    new = registry.resolve(key_in(answer))
    assert new.tenant == alice.tenant
    with pytest.raises(Unauthenticated):
        registry.resolve(alice.api_key)
    with pytest.raises(TenantSealed):
        seals.open_root(new)
    reason = AuditEvent.objects.get(action="operator.reset_key")
    assert (reason.actor, reason.details) == ("operator:olga", {"reason": "lost with a laptop"})
    assert AuditEvent.objects.get(action="owner_key.reset").details["clear_seal"] is False


def test_a_reset_that_clears_the_seal_makes_a_new_one(olga: Client, alice: Person) -> None:
    before = alice.tenant.signing_pubkey_b64
    answer = reset(olga, alice.tenant, clear_seal="on")
    assert len(seals.open_root(registry.resolve(key_in(answer)))) == 32
    assert Tenant.objects.get().signing_pubkey_b64 != before


def test_a_reset_revokes_invites_only_when_asked(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    alice, _ = everything
    reset(olga, alice.tenant)
    assert Invite.objects.filter(revoked_at=None).count() == 1
    reset(olga, alice.tenant, revoke_capabilities="on")
    assert Invite.objects.filter(revoked_at=None).count() == 0


def test_a_reset_page_sent_twice_resets_once(olga: Client, alice: Person) -> None:
    page_of = alice.owner.key.token_id
    first = key_in(reset(olga, alice.tenant, replaces=page_of))
    again = reset(olga, alice.tenant, replaces=page_of)
    assert "Nothing was done" in again.content.decode()
    assert registry.resolve(first).tenant == alice.tenant


@pytest.mark.parametrize("missing", ["reason", "understood"])
def test_a_reset_wants_a_reason_and_an_eye(olga: Client, alice: Person, missing: str) -> None:
    answer = reset(olga, alice.tenant, **{missing: ""})
    assert not KEY.search(answer.content.decode())
    assert registry.resolve(alice.api_key).tenant == alice.tenant


@pytest.mark.parametrize("name", ["rename", "reset_key", "suspend", "resume"])
def test_who_only_looks_on_may_not_act_on_a_tenant(vera: Client, alice: Person, name: str) -> None:
    assert vera.get(page(alice.tenant)).status_code == 200
    assert vera.get(page(alice.tenant, name)).status_code == 403
    sent = {"reason": "x", "understood": "on", "name": "x", "replaces": alice.owner.key.token_id}
    assert vera.post(page(alice.tenant, name), sent).status_code == 403
    assert registry.resolve(alice.api_key).tenant.name == "alice"


def test_who_only_looks_on_may_not_make_tenants(vera: Client) -> None:
    assert vera.get(ADD).status_code == 403
    assert vera.post(ADD, {"name": "x"}).status_code == 403
    assert reverse("admin:tenants_tenant_add") not in vera.get("/admin/tenants/tenant/").content.decode()


def test_nobody_acts_without_logging_in(client: Client, alice: Person) -> None:
    answer = client.post(page(alice.tenant, "reset_key"), {"reason": "x"})
    assert answer.status_code == 302 and "/admin/login/" in answer["Location"]


def test_a_form_from_elsewhere_is_refused(alice: Person, olga: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = olga.cookies
    logging.disable(logging.CRITICAL)
    try:
        assert reset(strict, alice.tenant).status_code == 403
    finally:
        logging.disable(logging.NOTSET)
    assert registry.resolve(alice.api_key)
