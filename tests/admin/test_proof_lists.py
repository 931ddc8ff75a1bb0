"""Builds that ran and compose pins, as the operator finds them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attestation.server import signer
from attestation.server.models import ComposePin
from attestation.server.services import pins
from hivemind.kit import clock
from runner.admin import of_builds
from runner.enums import RunStatus
from runner.models import Run
from tenants.services import api_keys
from tests.admin import proof, rows
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

BUILDS, PINS = "/admin/attestation/seenbuild/", "/admin/attestation/composepin/"
OTHER = "0e" * 32


def text_of(client: Client, address: str, **asked: str) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().split())


def listed(client: Client, address: str, **asked: str) -> list[str]:
    return [str(row) for row in client.get(address, asked).context["cl"].result_list]


def signed_by(compose_hash: str) -> str:
    return f'{{"body":{{"a":"\\"compose_hash\\":\\"{OTHER}\\"","compose_hash":"{compose_hash}"}},"signature":""}}'


def test_a_build_is_shown_with_its_dates_and_what_proved_it(olga: Client) -> None:
    proof.build(kind="development", age_seconds=7200)
    text = text_of(olga, BUILDS)
    assert proof.BUILD[:16] in text and "DEVELOPMENT" in text and "2 h ago" in text and "2 days" not in text
    page = text_of(olga, reverse("admin:attestation_seenbuild_change", args=[proof.SeenBuild.objects.get().pk]))
    assert all(fact in page for fact in (proof.BUILD, proof.APP, proof.INSTANCE, proof.SIGNER))


def test_builds_are_asked_and_searched(olga: Client) -> None:
    proof.build()
    proof.build(OTHER, kind="development", age_seconds=7200, app_id="ee" * 20)
    assert listed(olga, BUILDS) == [proof.BUILD[:16], OTHER[:16]]
    assert listed(olga, BUILDS, proof="development") == [OTHER[:16]]
    assert listed(olga, BUILDS, seen="now") == [proof.BUILD[:16]]
    assert listed(olga, BUILDS, q=OTHER[:8]) == listed(olga, BUILDS, q="ee" * 4) == [OTHER[:16]]


def test_records_are_counted_by_the_build_that_they_name(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    room = everything[1].row
    for compose_hash in (proof.BUILD, proof.BUILD, OTHER, ""):
        run = rows.run(room, RunStatus.COMPLETED)
        Run.objects.filter(pk=run.pk).update(receipt=signed_by(compose_hash))
    assert of_builds.records_of([proof.BUILD, OTHER, "ff" * 32]) == {proof.BUILD: 2, OTHER: 1}
    assert Run.objects.filter(compose_hash="").count() == 5
    build = proof.SeenBuild.objects.get()
    page = text_of(olga, reverse("admin:attestation_seenbuild_change", args=[build.pk]))
    assert "Run records that name this build</dt><dd>2</dd>" in page


def test_records_of_a_whole_page_are_counted_at_once_and_by_an_index(olga: Client) -> None:
    for number in range(3):
        proof.build(f"{number:064x}")
    with CaptureQueriesContext(connection) as few:
        text_of(olga, BUILDS)
    for number in range(3, 40):
        proof.build(f"{number:064x}")
    with CaptureQueriesContext(connection) as many, connection.cursor() as cursor:
        text_of(olga, BUILDS)
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT count(*) FROM runner_run WHERE compose_hash IN (%s, %s)", [proof.BUILD, OTHER])
        plan = str(cursor.fetchall())
    assert len(many) - 2 == len(few)
    assert "runs_of_build" in plan


def test_who_may_not_see_runs_is_not_told_how_many_there_are(vera: Client, everything: tuple[Person, MadeRoom]) -> None:
    assert "Run records" in text_of(vera, BUILDS)
    build = proof.SeenBuild.objects.get()
    User.objects.get(username="vera").user_permissions.remove(Permission.objects.get(codename="view_run"))
    assert "Run records" not in text_of(vera, BUILDS)
    page = reverse("admin:attestation_seenbuild_change", args=[build.pk])
    assert "Run records" not in text_of(vera, page)


def test_a_pin_is_shown_with_its_state_and_verified_at_every_look(olga: Client, alice: Person) -> None:
    row = proof.pin(alice, scope_agent_id="<b>agent</b>")
    address = reverse("admin:attestation_composepin_change", args=[row.pk])
    page = text_of(olga, address)
    for fact in ("in force", "What the owner signed (verified now)", proof.BUILD, "&lt;b&gt;agent", alice.tenant.name):
        assert fact in page
    assert "the key that signs the tenant&#x27;s rooms" in page and "<b>agent" not in page
    assert f"/admin/tenants/tenant/{alice.tenant.pk.replace('_', '_5F')}/change/" in page
    pins.revoke(alice.owner, row.pin_id)
    assert "revoked" in text_of(olga, address) and "compose_pin.revoked" in text_of(olga, address)


def test_a_pin_that_was_altered_shows_nothing_of_itself(olga: Client, alice: Person) -> None:
    row = proof.pin(alice)
    row.pk, row.pin_id, row.envelope = None, "0" * 12, row.envelope.replace("b11d", "beef")
    row.save(force_insert=True)
    page = text_of(olga, reverse("admin:attestation_composepin_change", args=[row.pk]))
    assert "The pin does not verify" in page and "signature_invalid" in page and "beef" not in page


def test_a_pin_that_a_newer_one_replaces_is_not_in_force(
    olga: Client, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = proof.pin(alice)
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    new, other = proof.pin(alice), proof.pin(alice, scope_agent_id="a" * 12)
    assert listed(olga, PINS, force="yes") == [other.pin_id, new.pin_id]
    assert listed(olga, PINS, force="superseded") == [old.pin_id]
    address = reverse("admin:attestation_composepin_change", args=[old.pk])
    assert "superseded" in text_of(olga, address)
    pins.revoke(alice.owner, new.pin_id)
    assert listed(olga, PINS, force="yes") == [other.pin_id, old.pin_id]
    assert "superseded" not in text_of(olga, address)


def test_a_pin_of_a_rotated_key_says_so(olga: Client, alice: Person) -> None:
    rotated = Person(alice.tenant, api_keys.rotate(alice.owner).api_key)
    row = proof.pin(rotated)
    assert "another key of the owner" in text_of(olga, reverse("admin:attestation_composepin_change", args=[row.pk]))


def test_pins_are_asked_by_state_and_searched(olga: Client, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    lasting = proof.pin(alice)
    short = proof.pin(alice, exp=int(clock.now().timestamp()) + 60, scope_agent_id="a" * 12)
    revoked = proof.pin(alice, scope_agent_id="b" * 12)
    pins.revoke(alice.owner, revoked.pin_id)
    assert listed(olga, PINS, force="yes") == [short.pin_id, lasting.pin_id]
    assert listed(olga, PINS, force="revoked") == [revoked.pin_id]
    assert listed(olga, PINS, force="expired") == []
    later = clock.now().replace(year=9000)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert listed(olga, PINS, force="yes") == [lasting.pin_id]
    assert listed(olga, PINS, force="expired") == [short.pin_id]
    assert listed(olga, PINS, q="b" * 6) == listed(olga, PINS, q=revoked.pin_id) == [revoked.pin_id]
    assert len(listed(olga, PINS, q=alice.tenant.pk)) == ComposePin.objects.count() == 3


def test_pins_that_lock_the_running_build_out_are_found(
    olga: Client, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    naming, other = proof.pin(alice), proof.pin(alice, composes=(OTHER,), scope_agent_id=proof.BUILD)
    assert listed(olga, PINS, running="no") == [other.pin_id, naming.pin_id]  # without evidence nothing is named
    monkeypatch.setattr(signer, "compose_hash", lambda: OTHER)
    assert listed(olga, PINS, running="yes") == [other.pin_id]
    assert listed(olga, PINS, running="no", force="yes") == [naming.pin_id]
    text = text_of(olga, PINS)
    assert text.count("not named") == 1
