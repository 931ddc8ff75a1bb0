"""`doctor` tells everything in one go and exits with what matters most."""

import json
from pathlib import Path
from typing import Any

from tests.hmctl.enclave import Enclave
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.pin_board import PinBoard
from tests.hmctl.shell import Shell, Shown

ROOM_CHECKS = {"room", "invite", "room serial", "room trust", "room acceptance", "receipt signer"}
SERVICE_CHECKS = {"service", "clock", "evidence", "tls channel", "build approved", "attestation"}
OWNER_CHECKS = {"compose pins", "service auth", "billing"}
MACHINE_CHECKS = {"cli", "home", "file permissions", "stores", "profile", "api key"}


def statuses(shown: Shown) -> dict[str, str]:
    return {check["name"]: check["status"] for check in json.loads(shown.out)["checks"]}


def check(shown: Shown, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in json.loads(shown.out)["checks"] if item["name"] == name)
    return found


def test_a_healthy_set_up_without_hardware(accepted: Shell, service: LyingService) -> None:
    accepted.home.chmod(0o700)
    (accepted.home / "active").chmod(0o600)
    shown = accepted("doctor", service.link())

    told = shown.out.splitlines()
    assert shown.code == 0
    assert told[0] == "OK   cli - 0.3.7"
    assert f"OK   home - {accepted.home}, yours alone" in told
    assert f"OK   profile - bob (tenant) -> {service.url}" in told
    assert "OK   api key - present (hmk_…)" in told
    assert f"OK   service - {service.url} answers, version 0.3.7" in told
    assert "OK   service auth - key accepted, 9 tables" in told
    assert "OK   billing - balance $1.500000, $0.000000 held, $0.500000 spent" in told
    assert "OK   invite - the invite is accepted, as owner" in told
    assert "OK   room acceptance - these terms were accepted by profile 'bob'" in told
    assert any(line.startswith("WARN evidence - ") for line in told)
    assert any(line.startswith("WARN receipt signer - ") for line in told)
    assert not any(line.startswith("FAIL") for line in told)


def test_every_check_of_evidence_has_its_line(alice: Shell, service: LyingService, tmp_path: Path) -> None:
    enclave = Enclave(service)
    enclave.equip(alice, tmp_path)
    assert alice("trust", "approve", "-y").code == 0

    shown = alice("doctor", "room_0123456789ab", "--json")

    told = statuses(shown)
    assert shown.code == 0, shown.screen
    for name in ("quote signature", "revocation", "tcb status", "event log", "compose hash", "nonce"):
        assert told[f"evidence: {name}"] == "ok"
    assert told["evidence: os image"] == "warn" and "trust-policy.json" in check(shown, "evidence: os image")["hint"]
    assert told["build approved"] == told["attestation"] == told["room trust"] == told["receipt signer"] == "ok"
    assert told["room serial"] == told["clock"] == told["tls channel"] == "ok"


def test_a_build_that_is_not_approved_gets_no_key_and_no_question(
    alice: Shell, service: LyingService, tmp_path: Path
) -> None:
    Enclave(service).equip(alice, tmp_path)

    shown = alice("doctor", "room_0123456789ab", "--json", text="y\n")

    assert shown.code == 4 and statuses(shown)["build approved"] == "fail"
    assert "hmctl trust approve" in check(shown, "build approved")["hint"]
    assert set(statuses(shown)) >= MACHINE_CHECKS | OWNER_CHECKS | ROOM_CHECKS
    assert not [asked for asked in service.asked if asked.bearer]
    assert not (alice.home / "trust.json").exists()


def test_evidence_that_fails_is_named_and_the_list_stays_complete(
    alice: Shell, service: LyingService, tmp_path: Path
) -> None:
    enclave = Enclave(service)
    enclave.equip(alice, tmp_path)
    service.lies.clear()
    service.answer("GET", "/v1/attestation", lambda asked: _claims_another_app(enclave.answer(asked)))

    shown = alice("doctor", "room_0123456789ab", "--json")

    assert shown.code == 4 and check(shown, "evidence: claims")["status"] == "fail"
    assert set(statuses(shown)) >= MACHINE_CHECKS | OWNER_CHECKS | ROOM_CHECKS | (SERVICE_CHECKS - {"evidence"})
    assert not [asked for asked in service.asked if asked.bearer]


def _claims_another_app(body: Any) -> Any:
    body["attestation"]["app_id"] = "ff" * 20
    return body


def test_warns_of_debts_other_versions_and_terms_not_accepted(bob: Shell, service: LyingService) -> None:
    service.bank.accounts[service.bob].balance = -5
    service.answer("GET", "/v1/healthz", {"status": "ok", "version": "0.4.0"})

    shown = bob("doctor", service.link())

    assert shown.code == 0
    assert "WARN version sync - client 0.3.7, service 0.4.0\n     -> Update" in shown.out
    assert "WARN billing - balance -$0.000005, $0.000000 held, $0.500000 spent\n     -> nothing is left" in shown.out
    assert "WARN room acceptance - these terms are not accepted yet" in shown.out


def test_goes_on_after_a_failure(bob: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/health", Reply({"detail": "unknown token"}, 401))

    shown = bob("doctor", service.link(), "--json")

    assert (shown.code, json.loads(shown.out)["ok"]) == (1, False)
    assert statuses(shown)["service auth"] == "fail" and statuses(shown)["room"] == "ok"


def test_a_link_to_a_refused_service_is_examined_and_exits_4(bob: Shell, service: LyingService) -> None:
    lost = LyingService()
    lost.answer("GET", "/v1/attestation", {"ready": "yes"})
    link = service.link(service=lost.url)

    shown = bob("doctor", link, "--json")
    lost.close()

    told = statuses(shown)
    assert shown.code == 4 and told["room service: evidence: attestation bundle"] == "fail"
    assert told["service auth"] == "ok" and told["room"] == told["invite"] == "warn"
    assert not [asked for asked in lost.asked if asked.bearer]


def test_a_service_that_does_not_answer_leaves_a_complete_list(bob: Shell, service: LyingService) -> None:
    link = service.link()
    service.close()

    shown = bob("doctor", link, "--json")

    told = statuses(shown)
    assert shown.code == 1 and told["service"] == "fail"
    assert set(told) >= MACHINE_CHECKS | SERVICE_CHECKS | OWNER_CHECKS | ROOM_CHECKS


def test_without_a_profile_it_still_says_so(carol: Shell, service: LyingService) -> None:
    shown = carol("doctor", "--json")

    assert shown.code == 1 and set(statuses(shown)) == MACHINE_CHECKS | SERVICE_CHECKS | OWNER_CHECKS
    assert statuses(shown)["profile"] == "fail"
    with_link = carol("doctor", service.link(), "--json")
    assert statuses(with_link)["room"] == "ok" and with_link.code == 1


def test_open_files_and_damaged_stores_are_found(bob: Shell, service: LyingService) -> None:
    (bob.home / "accepted-rooms.json").write_text("{")
    (bob.home / "compose-pins.json").write_text('{"version": 9}')
    (bob.home / "trust-policy.json").write_text('{"version": 1, "tbc": {}}')
    (bob.home / "active").chmod(0o644)

    shown = bob("doctor", "--json")

    told = [item for item in json.loads(shown.out)["checks"] if item["name"] == "stores"]
    assert shown.code == 1 and [item["status"] for item in told] == ["fail"] * 3
    assert check(shown, "file permissions")["status"] == "warn"
    assert "active" in check(shown, "file permissions")["detail"]
    assert not [asked for asked in service.asked if asked.bearer]


def test_a_clock_that_is_wrong_is_noticed(bob: Shell) -> None:
    bob.clock.sleep(120)
    assert statuses(bob("doctor", "--json"))["clock"] == "warn"
    bob.clock.sleep(600)
    shown = bob("doctor", "--json")
    assert shown.code == 1 and statuses(shown)["clock"] == "fail"


def test_pins_are_compared_and_keep_the_key_back(alice: Shell, service: LyingService, tmp_path: Path) -> None:
    enclave, board = Enclave(service), PinBoard(service)
    enclave.equip(alice, tmp_path)
    alice.environment["HIVEMIND_TRUST_ALL"] = "1"
    assert alice("trust", "pin", "create", "--live").code == 0
    assert statuses(alice("doctor", "--json"))["compose pins"] == "ok"
    board.hidden.add(board.rows[0]["pin_id"])
    assert "withholds" in check(alice("doctor", "--json"), "compose pins")["detail"]
    enclave.upgrade("ee" * 32)
    service.asked.clear()

    shown = alice("doctor", "--json")

    assert shown.code == 4 and statuses(shown)["compose pins"] == "fail"
    assert not [asked for asked in service.asked if asked.bearer]


def test_an_invite_that_is_dead_or_of_another_room_is_told(accepted: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/whoami", {"role": "query", "constraints": {"room_id": "room_other"}})
    assert check(accepted("doctor", service.link(), "--json"), "invite")["status"] == "fail"
    service.answer("GET", "/v1/whoami", Reply({"detail": "unknown token"}, 401))
    assert check(accepted("doctor", service.link(), "--json"), "invite")["status"] == "fail"


def test_an_older_services_balance_is_enough(bob: Shell, service: LyingService) -> None:
    service.bank.is_old = True

    assert "OK   billing - balance $1.500000\n" in bob("doctor").out
    service.answer("GET", "/v1/billing", Reply({"detail": "Not Found"}, 404))
    assert "WARN billing - the service has no billing\n" in bob("doctor").out
    service.answer("GET", "/v1/billing", {"tenant_id": "t_1"})
    assert "FAIL billing - the service names no balance (bad_answer)\n" in bob("doctor").out
