"""`doctor` tells everything in one go and exits with what matters most."""

import json

from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


def test_a_healthy_set_up(accepted: Shell, service: LyingService) -> None:
    shown = accepted("doctor", service.link())

    assert shown.code == 0
    assert shown.out == (
        "OK   cli - 0.3.7\n"
        f"OK   profile - bob (tenant) -> {service.url}\n"
        "OK   api key - present\n"
        f"WARN attestation - {service.url} (this machine) has no attested hardware; its signatures come from a "
        "development key and prove nothing about what runs there\n"
        "OK   service - version 0.3.7, 9 tables\n"
        "OK   billing - balance $1.500000, $0.000000 held, $0.500000 spent\n"
        "OK   room - room_0123456789ab 'rents', terms verified\n"
        "OK   room acceptance - accepted by this profile\n"
    )


def test_warns_of_debts_other_versions_and_terms_not_accepted(bob: Shell, service: LyingService) -> None:
    service.bank.accounts[service.bob].balance = -5
    service.answer("GET", "/v1/health", {"version": "0.4.0", "table_count": 1})

    shown = bob("doctor", service.link())

    assert shown.code == 0
    assert "WARN version sync - client 0.3.7, service 0.4.0\n" in shown.out
    assert "WARN billing - balance -$0.000005, $0.000000 held, $0.500000 spent; nothing is left to spend" in shown.out
    assert "WARN room acceptance - not accepted yet" in shown.out


def test_goes_on_after_a_failure(bob: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/health", Reply({"detail": "unknown token"}, 401))

    shown = bob("doctor", service.link(), "--json")

    document = json.loads(shown.out)
    status = {check["name"]: check["status"] for check in document["checks"]}
    assert shown.code == 1
    assert document["ok"] is False
    assert status["service auth"] == "fail" and status["room"] == "ok"


def test_a_refused_link_is_reported_and_exits_4(bob: Shell, service: LyingService) -> None:
    link = service.link(service="https://nowhere.invalid")

    shown = bob("doctor", link, "--json")

    checks = json.loads(shown.out)["checks"]
    assert shown.code == 4
    assert checks[-1]["name"] == "room" and "no evidence" in checks[-1]["detail"]


def test_without_a_profile_it_still_says_so(carol: Shell) -> None:
    shown = carol("doctor", "--json")

    assert shown.code == 1
    assert [check["name"] for check in json.loads(shown.out)["checks"]] == ["cli", "profile"]


def test_an_older_services_balance_is_enough(bob: Shell, service: LyingService) -> None:
    service.bank.is_old = True

    assert "OK   billing - balance $1.500000\n" in bob("doctor").out
    service.answer("GET", "/v1/billing", Reply({"detail": "Not Found"}, 404))
    assert "WARN billing - the service has no billing\n" in bob("doctor").out
    service.answer("GET", "/v1/billing", {"tenant_id": "t_1"})
    assert "FAIL billing - the service names no balance\n" in bob("doctor").out
