"""Which builds a room accepts: decided on what a quote proves, and asked for by the hash that was verified here."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attestation.manifests.room import TrustPolicy
from hmctl.app import App
from hmctl.trust.decide import ServiceTrust, Standing
from tests.hmctl.enclave import Enclave
from tests.hmctl.http_service import Asked
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM, LIVE, OTHER = "room_0123456789ab", "1e" * 32, "0d" * 32
Prove = Callable[..., None]


@pytest.fixture
def prove(monkeypatch: pytest.MonkeyPatch, service: LyingService) -> Prove:
    """Lets the gate have decided in a given way."""

    def decided(compose: str = LIVE, standing: Standing = Standing.VERIFIED) -> None:
        trust = ServiceTrust(standing, service.signer.public_b64, compose, "0.3.7", "as the test says")
        monkeypatch.setattr(App, "admit", lambda self, _: trust)

    return decided


def _honest(service: LyingService, **changes: Any) -> None:
    def sign(asked: Asked) -> dict[str, Any]:
        trust = TrustPolicy(asked.json["mode"], tuple(asked.json["allowed_composes"]))
        new = {"trust": trust, "serial": 2, "updated_at": 1767225900.0} | changes
        return {"room_id": ROOM, "room": service.publish(service.manifest(**new))}

    service.answer("POST", ".*/trust", sign)


@pytest.mark.parametrize("mode", ["pinned", "owner_approved"])
@pytest.mark.parametrize("verb", ["inspect", "accept", "ask"])
def test_a_room_is_used_with_an_allowed_build_only(
    mode: str, verb: str, bob: Shell, service: LyingService, prove: Prove
) -> None:
    service.publish(service.manifest(trust=TrustPolicy(mode, (LIVE.upper(),))))
    service.finish_run = lambda row: {"attestation": service.record(row, compose_hash=LIVE)}
    question = ["How much?"] if verb == "ask" else []

    prove(OTHER)
    refused = bob("room", verb, service.link(), *question, text="y\n")
    assert refused.code == 1 and f"mode {mode}, running {OTHER}" in refused.err
    assert service.requests("POST", ".*") == []
    prove(LIVE)
    assert bob("room", verb, service.link(), *question, text="y\n").code == 0


@pytest.mark.parametrize("standing", [s for s in Standing if s not in (Standing.VERIFIED, Standing.DEVELOPMENT)])
def test_a_claim_that_nothing_proves_is_no_build(
    standing: Standing, bob: Shell, service: LyingService, prove: Prove
) -> None:
    service.publish(service.manifest(trust=TrustPolicy("pinned", (LIVE,))))
    prove(LIVE, standing)

    error = json.loads(bob("room", "inspect", service.link(), "--json").out)["error"]

    assert (error["code"], error["check"]) == ("live_compose_unknown", "room trust")


def test_approving_sends_the_hash_that_was_verified(alice: Shell, service: LyingService, prove: Prove) -> None:
    service.publish(service.manifest(trust=TrustPolicy("owner_approved", (OTHER,))))
    prove()
    _honest(service)

    shown = alice("room", "trust", ROOM, "--approve-live")

    assert shown.code == 0, shown.screen
    (asked,) = service.requests("POST", ".*/trust")
    assert asked.json == {"mode": "owner_approved", "allowed_composes": [OTHER, LIVE], "append_live": False}


def test_the_hash_comes_out_of_this_sessions_quote(alice: Shell, service: LyingService, tmp_path: Path) -> None:
    enclave = Enclave(service)
    enclave.equip(alice, tmp_path)
    _honest(service)

    shown = alice("-y", "room", "trust", ROOM, "--mode", "owner_approved", "--approve-live")

    assert shown.code == 0, shown.screen
    (asked,) = service.requests("POST", ".*/trust")
    assert asked.json["allowed_composes"] == [enclave.build]
    assert alice("-y", "room", "inspect", ROOM).code == 0
    enclave.upgrade("0f" * 32)
    shown = alice("-y", "room", "inspect", ROOM)
    assert shown.code == 1 and f"running {'0f' * 32}, allowed {'b1' * 32}" in shown.err


def test_without_a_proven_build_nothing_is_approved(alice: Shell, service: LyingService) -> None:
    shown = alice("room", "trust", ROOM, "--mode", "owner_approved", "--approve-live")

    assert shown.code == 4
    assert "does not prove which build it runs" in shown.err
    assert service.requests("POST", ".*") == []


def test_a_restricting_mode_without_builds_is_not_sent(alice: Shell, service: LyingService, prove: Prove) -> None:
    prove()
    assert alice("room", "trust", ROOM, "--mode", "pinned").code == 2
    assert service.requests("POST", ".*") == []


LIES: dict[str, dict[str, Any]] = {
    "its own build too": {"trust": TrustPolicy("owner_approved", (LIVE, "ee" * 32))},
    "another mode": {"trust": TrustPolicy("operator_updates", (LIVE,))},
    "other rules": {"rules": "Everything may be named."},
    "more tables": {"allowed_tables": ("leases", "wages")},
    "a later expiry": {"expires_at": 4102444800.0},
    "a number left out": {"serial": 3},
    "the old number": {"serial": 1, "updated_at": None},
    "an older date": {"updated_at": 1767225000.0},
}


@pytest.mark.parametrize("lie", LIES)
def test_what_comes_back_must_be_what_was_asked_for(
    lie: str, alice: Shell, service: LyingService, prove: Prove
) -> None:
    prove()
    _honest(service, **LIES[lie])

    shown = alice("room", "trust", ROOM, "--mode", "owner_approved", "--approve-live")

    assert shown.code == 1, shown.screen


@pytest.mark.parametrize("mode", ["pinned", "owner_approved"])
def test_a_new_room_takes_the_proven_build(mode: str, alice: Shell, service: LyingService, prove: Prove) -> None:
    prove(LIVE.upper())

    shown = alice("room", "create", "aaaaaaaaaaaa", "--trust-mode", mode)

    assert shown.code == 0, shown.screen
    (asked,) = service.requests("POST", "/v1/rooms")
    assert asked.json["trust"] == {"mode": mode, "allowed_composes": [LIVE]}


def test_a_new_room_is_not_made_when_no_build_is_proven(alice: Shell, service: LyingService) -> None:
    shown = alice("room", "create", "aaaaaaaaaaaa", "--trust-mode", "pinned")

    assert shown.code == 1 and "none is proven" in shown.err
    assert service.requests("POST", ".*") == []


def test_a_new_room_with_other_builds_than_asked_for_is_refused(
    alice: Shell, service: LyingService, prove: Prove
) -> None:
    prove()

    def widened(body: dict[str, Any]) -> dict[str, Any]:
        manifest = service.manifest("room_fedcba987654", trust=TrustPolicy("pinned", (LIVE, OTHER)))
        manifest = replace(manifest, **_asked_for(service))
        return body | {"room": service.publish(manifest)}

    service.lie("POST", "/v1/rooms", widened)

    shown = alice("room", "create", "aaaaaaaaaaaa", "--trust-mode", "pinned")

    assert shown.code == 1 and "other terms than asked for" in shown.err and "builds" in shown.err


def _asked_for(service: LyingService) -> dict[str, Any]:
    (asked,) = service.requests("POST", "/v1/rooms")
    rules = asked.json["rules"]
    made = service.manifest(rules=rules, name="", policy=rules, allowed_tables=())
    return {name: getattr(made, name) for name in ("rules", "rules_hash", "name", "policy", "allowed_tables")}


def test_a_room_can_end_by_itself(alice: Shell, service: LyingService) -> None:
    now = alice.clock.now()
    shown = alice("room", "create", "aaaaaaaaaaaa", "--expires-in", "30d", "--dry-run", "--json")
    assert shown.code == 0
    refused = alice("room", "create", "aaaaaaaaaaaa", "--expires-at", "2020-01-01")
    assert refused.code == 1 and "would have expired" in refused.err

    assert alice("room", "create", "aaaaaaaaaaaa", "--expires-in", "30d").code == 0
    (asked,) = service.requests("POST", "/v1/rooms")
    assert 30 * 86_400 - 1 <= asked.json["expires_at"] - now <= 30 * 86_400 + 60


def test_a_room_that_the_service_signed_without_its_end_is_refused(alice: Shell, service: LyingService) -> None:
    def endless(body: dict[str, Any]) -> dict[str, Any]:
        manifest = replace(service.manifest("room_fedcba987654"), **_asked_for(service))
        return body | {"room": service.publish(manifest)}

    service.lie("POST", "/v1/rooms", endless)

    shown = alice("room", "create", "aaaaaaaaaaaa", "--expires-in", "1h")

    assert shown.code == 1 and "expiry" in shown.err
