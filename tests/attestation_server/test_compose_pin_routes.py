"""Compose pins over the API: Alice signs and revokes, Bob reads what concerns his room, Carol gets nowhere."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from attestation.encoding import b64
from attestation.keys import SigningKey, derive_room_signing_key
from attestation.manifests.compose_pin import ComposePin as Statement
from attestation.manifests.compose_pin import open_pin, sign_pin
from attestation.server.models import ComposePin
from attestation.server.services import pins
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from tenants.models import Tenant
from tenants.services import api_keys
from tests.factories import rooms, tenants
from tests.factories.tenants import Person

PATH = "/v1/tenants/compose-pin"
BUILD, OTHER_BUILD = "ab" * 32, "cd" * 32
Sign = Callable[..., dict[str, Any]]


@pytest.fixture
def alice(db: None) -> Person:
    return tenants.alice()


def key_of(person: Person) -> SigningKey:
    return derive_room_signing_key(person.api_key, tenant_id=person.tenant.pk)


def signed(person: Person, *, key: SigningKey | None = None, **changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    values: dict[str, Any] = {
        **{"tenant_id": person.tenant.pk, "allowed_composes": (BUILD,), "scope_agent_id": ""},
        **{"attested_files_digest": "", "issued_at": now, "exp": now + 3600},
    }
    return sign_pin(Statement(**(values | changes)), key=key or key_of(person))


def post(client: Client, envelope: object) -> Any:
    return client.post(PATH, json.dumps({"envelope": envelope}), content_type="application/json")


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_pin_is_kept_and_read_back_as_it_was_signed(alice: Person) -> None:
    envelope = signed(alice, scope_agent_id="scope-\u00e4")
    made = post(alice.client, envelope)
    pin_id = made.json()["pin_id"]
    assert (made.status_code, made.json()) == (
        200,
        {"pin_id": pin_id, "tenant_id": alice.tenant.pk, "envelope": envelope},
    )
    latest = alice.client.get(PATH).json()
    assert {**latest, "created_at": 0.0} == {**made.json(), "created_at": 0.0, "revoked_at": None}
    assert isinstance(latest["created_at"], float)
    opened = open_pin(
        latest["envelope"],
        tenant_id=alice.tenant.pk,
        expected_pubkey_b64=key_of(alice).public_b64,
        now=envelope["issued_at"],
    )
    assert opened.pin_id == pin_id


def test_keeping_and_revoking_leave_a_trail(alice: Person) -> None:
    pin_id = post(alice.client, signed(alice)).json()["pin_id"]
    alice.client.delete(f"{PATH}/{pin_id}")
    events = AuditEvent.objects.filter(action__startswith="compose_pin.").order_by("at")
    assert [(e.action, e.subject, e.actor, e.tenant_id) for e in events] == [
        (f"compose_pin.{act}", pin_id, alice.owner.actor.name, alice.tenant.pk) for act in ("created", "revoked")
    ]


def test_the_same_pin_twice_is_one(alice: Person) -> None:
    envelope = signed(alice)
    assert post(alice.client, envelope).json() == post(alice.client, envelope).json()
    assert ComposePin.objects.count() == 1
    assert AuditEvent.objects.filter(action="compose_pin.created").count() == 1


def test_what_may_be_left_out_is_filled_in_and_what_no_pin_has_is_dropped(alice: Person) -> None:
    envelope = signed(alice, allowed_composes=(), exp=0)
    shortened = {k: v for k, v in envelope.items() if k not in ("schema_version", "allowed_composes", "exp")}
    made = post(alice.client, {**shortened, "extra": {"a": 1}})
    assert made.json()["envelope"] == envelope


@pytest.mark.parametrize(
    "envelope", [None, [], "pin", 5, {}, {"tenant_id": "t_1"}], ids=["null", "list", "text", "number", "empty", "short"]
)
def test_what_is_no_pin_is_refused(alice: Person, envelope: object) -> None:
    assert code(post(alice.client, envelope)) == (400, "pin_malformed")


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"{}", b'{"envelope": null}'])
def test_a_body_without_an_envelope_is_refused(alice: Person, body: bytes) -> None:
    assert code(alice.client.post(PATH, body, content_type="application/json")) == (400, "pin_malformed")


def test_no_member_can_be_changed(alice: Person) -> None:
    envelope = signed(alice, scope_agent_id="a" * 12, attested_files_digest="d" * 64)
    for name, value in envelope.items():
        other = value + 1 if isinstance(value, int) else [*value, BUILD] if isinstance(value, list) else f"x{value}"
        refused = post(alice.client, {**envelope, name: other})
        assert refused.status_code == 400, name
    assert not ComposePin.objects.exists()


def test_a_pin_of_another_tenant_is_refused(alice: Person) -> None:
    carol = tenants.carol()
    assert code(post(alice.client, signed(carol))) == (400, "pin_of_other_tenant")
    assert code(post(carol.client, signed(alice))) == (400, "pin_of_other_tenant")


def test_a_pin_that_carol_signed_for_alice_is_refused(alice: Person) -> None:
    forged = signed(alice, key=SigningKey.generate())
    assert code(post(alice.client, forged)) == (400, "pin_signer_differs")
    assert code(post(alice.client, {**forged, "signer_pubkey": key_of(alice).public_b64})) == (
        400,
        "pin_signature_invalid",
    )
    assert code(post(alice.client, {**forged, "signer_pubkey": ""})) == (400, "pin_signer_differs")


@pytest.mark.parametrize("signature", ["", None, "AA==", b64(bytes(64)), "not base64"])
def test_a_pin_without_a_good_signature_is_refused(alice: Person, signature: object) -> None:
    assert code(post(alice.client, {**signed(alice), "signature": signature})) == (400, "pin_signature_invalid")


def test_an_expired_pin_is_refused(alice: Person) -> None:
    past = int(clock.now().timestamp()) - 10
    assert code(post(alice.client, signed(alice, issued_at=past - 10, exp=past))) == (400, "pin_expired")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"allowed_composes": (BUILD,) * (pins.MOST_BUILDS + 1)}, "pin_too_large"),
        ({"allowed_composes": ("a" * 129,)}, "pin_too_large"),
        ({"scope_agent_id": "a" * 201}, "pin_too_large"),
        ({"attested_files_digest": "a" * 129}, "pin_too_large"),
        ({"scope_agent_id": "a\0b"}, "pin_malformed"),
        ({"issued_at": 10**15}, "pin_malformed"),
        ({"exp": 2**63}, "pin_malformed"),
    ],
    ids=str,
)
def test_what_cannot_be_kept_is_refused(alice: Person, changes: dict[str, Any], expected: str) -> None:
    assert code(post(alice.client, signed(alice, **changes))) == (400, expected)


def test_the_largest_pin_is_kept(alice: Person) -> None:
    largest = signed(alice, allowed_composes=("a" * 128,) * pins.MOST_BUILDS, scope_agent_id="\U0001f41d" * 200)
    assert post(alice.client, largest).status_code == 200


def test_there_are_so_many_pins_and_no_more(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "MOST_PINS", 2)
    kept = [signed(alice, exp=0, issued_at=number) for number in (1, 2)]
    for envelope in kept:
        assert post(alice.client, envelope).status_code == 200
    assert code(post(alice.client, signed(alice, exp=0, issued_at=3))) == (409, "pins_full")
    assert post(alice.client, kept[0]).status_code == 200


def test_a_revoked_pin_is_revoked_for_good_and_says_so(alice: Person) -> None:
    envelope = signed(alice)
    pin_id = post(alice.client, envelope).json()["pin_id"]
    gone = alice.client.delete(f"{PATH}/{pin_id}")
    assert (gone.status_code, gone.json()) == (200, {"status": "ok", "pin_id": pin_id})
    assert code(alice.client.delete(f"{PATH}/{pin_id}")) == (404, "pin_not_found")
    assert code(post(alice.client, envelope)) == (409, "pin_revoked")
    assert code(alice.client.get(PATH)) == (404, "pin_not_found")
    [listed] = alice.client.get(f"{PATH}/list").json()["pins"]
    assert listed["pin_id"] == pin_id and listed["envelope"] == envelope and listed["revoked_at"] > 0


def test_the_latest_pin_is_neither_revoked_nor_expired(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    lasting = post(alice.client, signed(alice, exp=0, issued_at=1)).json()["pin_id"]
    short = post(alice.client, signed(alice)).json()["pin_id"]
    revoked = post(alice.client, signed(alice, exp=0, issued_at=2)).json()["pin_id"]
    alice.client.delete(f"{PATH}/{revoked}")
    assert alice.client.get(PATH).json()["pin_id"] == short
    later = clock.now() + (ComposePin.objects.get(pin_id=short).expires_at - clock.now()) * 2
    monkeypatch.setattr(clock, "now", lambda: later)
    assert alice.client.get(PATH).json()["pin_id"] == lasting
    assert [pin["pin_id"] for pin in alice.client.get(f"{PATH}/list").json()["pins"]] == [revoked, short, lasting]


def test_pins_are_found_by_their_scope_agent(alice: Person) -> None:
    agent, other = "a" * 12, "b" * 12
    ids = {
        scope: post(alice.client, signed(alice, scope_agent_id=scope)).json()["pin_id"] for scope in (agent, "", other)
    }
    assert alice.client.get(PATH).json()["pin_id"] == ids[other]
    for scope, pin_id in ids.items():
        assert alice.client.get(PATH, {"scope_agent_id": scope}).json()["pin_id"] == pin_id
        listed = alice.client.get(f"{PATH}/list", {"scope_agent_id": scope}).json()["pins"]
        assert [pin["pin_id"] for pin in listed] == [pin_id]
    assert code(alice.client.get(PATH, {"scope_agent_id": "c" * 12})) == (404, "pin_not_found")
    assert alice.client.get(PATH, {"scope_agent_id": "a\0"}).status_code in (404, 422)


def test_carol_sees_and_revokes_nothing_of_alice(alice: Person) -> None:
    pin_id = post(alice.client, signed(alice)).json()["pin_id"]
    carol = tenants.carol().client
    assert code(carol.get(PATH)) == (404, "pin_not_found")
    assert carol.get(f"{PATH}/list").json() == {"pins": []}
    assert code(carol.delete(f"{PATH}/{pin_id}")) == (404, "pin_not_found")
    for client in (Client(), tenants.client("hmk_" + "x" * 43)):
        assert client.get(PATH).status_code == 401
        assert post(client, signed(alice)).status_code == 401


def test_a_guest_reads_what_concerns_the_room_and_changes_nothing(alice: Person) -> None:
    room = rooms.room(tenants.with_database(alice))
    scope, bob = room.guest.constraints["scope_agent_id"], room.bob
    ids = {}
    for about in (scope, "", "f" * 12):
        ids[about] = post(alice.client, signed(alice, scope_agent_id=about)).json()["pin_id"]
    seen = [pin["pin_id"] for pin in bob.get(f"{PATH}/list").json()["pins"]]
    assert seen == [ids[""], ids[scope]]
    assert bob.get(PATH).json()["pin_id"] == ids[""]
    assert code(bob.get(PATH, {"scope_agent_id": "f" * 12})) == (404, "pin_not_found")
    assert code(post(bob, signed(alice))) == (403, "denied")
    assert code(bob.delete(f"{PATH}/{ids[scope]}")) == (403, "denied")


def test_a_share_link_reads_no_pins(alice: Person) -> None:
    room = rooms.room(tenants.with_database(alice))
    link = tenants.client(room.share())
    assert link.get(PATH).status_code == 403
    assert link.get(f"{PATH}/list").status_code == 403


def test_after_a_rotation_both_keys_of_the_owner_sign(alice: Person) -> None:
    rotated = Person(alice.tenant, api_keys.rotate(alice.owner).api_key)
    assert key_of(rotated).public_b64 != key_of(alice).public_b64
    for key in (key_of(rotated), key_of(alice)):
        envelope = signed(rotated, key=key)
        assert post(rotated.client, envelope).json()["envelope"] == envelope
    assert post(alice.client, signed(alice)).status_code == 401


def test_a_suspended_tenant_pins_nothing(alice: Person) -> None:
    Tenant.objects.update(suspended_at=clock.now())
    assert post(alice.client, signed(alice)).status_code == 401
