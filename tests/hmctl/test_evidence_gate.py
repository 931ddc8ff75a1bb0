"""The gate in front of a remote service: proven for this request and connection, or nothing is told to it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hmctl.enclave import Enclave
from tests.hmctl.far_away import URL, heard, refused
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.secured import Authority, SecuredService, Shown
from tests.hmctl.shell import Shell


def _approved(shell: Shell) -> dict[str, Any]:
    path = shell.home / "trust.json"
    return json.loads(path.read_text())["services"][URL] if path.exists() else {}


def test_a_proven_build_is_shown_and_asked_about_once(remote: Shell, secured: SecuredService, enclave: Enclave) -> None:
    first = remote("room", "list", text="y\n")
    second = remote("room", "list")

    assert (first.code, second.code) == (0, 0)
    for shown in (URL, enclave.facts.app_id, enclave.build, "UpToDate", "Not checked:", "os image"):
        assert shown in first.err
    assert "Approve this build?" in first.err
    assert second.err == ""
    assert "/v1/rooms" in heard(secured)


def test_an_approval_is_kept_as_published_clients_keep_it(remote: Shell, enclave: Enclave, own: Shown) -> None:
    first = enclave.build
    remote("room", "list", text="y\n")
    enclave.upgrade("b2" * 32)
    changed = remote("room", "list", text="y\n")

    entry = _approved(remote)
    assert "Approve the new build?" in changed.err and first in changed.err
    assert entry["approved_compose_hash"] == "b2" * 32
    assert entry["app_id"] == enclave.facts.app_id
    assert entry["cert_fingerprint_sha256_hex"] == own.sha256.hex()
    assert [past["hash"] for past in entry["history"]] == [first]
    assert (remote.home / "trust.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("answer", ["", "n\n", "maybe\nno\n"])
def test_without_a_yes_nothing_is_told(answer: str, remote: Shell, secured: SecuredService) -> None:
    shown = remote("room", "list", "--json", text=answer)

    assert refused(shown, secured) == ("build_refused", "build approval")
    assert f"hmctl trust approve {URL}" in json.loads(shown.out)["error"]["hint"]
    assert _approved(remote) == {}


@pytest.mark.parametrize("said", [["-y"], []])
def test_who_answers_for_the_user(said: list[str], remote: Shell, enclave: Enclave) -> None:
    if not said:
        remote.environment["HIVEMIND_TRUST_ALL"] = "1"

    assert remote(*said, "room", "list").code == 0
    assert _approved(remote)["approved_compose_hash"] == enclave.build


def test_the_same_build_of_another_app_is_asked_about(remote: Shell, secured: SecuredService, enclave: Enclave) -> None:
    remote("-y", "room", "list")
    entry = _approved(remote) | {"app_id": "ff" * 20}
    (remote.home / "trust.json").write_text(json.dumps({"version": 1, "services": {URL: entry}}))
    secured.asked.clear()

    assert refused(remote("room", "list", "--json"), secured)[1] == "build approval"


def test_a_named_build_decides_alone(remote: Shell, secured: SecuredService, enclave: Enclave) -> None:
    remote.environment["HIVEMIND_TRUST_HASH"] = f"0x{enclave.build.upper()}"
    assert remote("room", "list").code == 0
    assert _approved(remote)["approved_compose_hash"] == enclave.build
    secured.asked.clear()

    remote.environment["HIVEMIND_TRUST_HASH"] = "ee" * 32
    assert refused(remote("-y", "room", "list", "--json"), secured) == ("build_refused", "compose hash")


def test_a_damaged_trust_store_isrefused(remote: Shell, secured: SecuredService) -> None:
    (remote.home / "trust.json").write_text("{")

    assert remote("-y", "room", "list").code == 1
    assert heard(secured) == set()


@pytest.mark.parametrize("flag", [[], ["--allow-degraded-attestation"]])
def test_a_machine_in_the_middle_isrefused(
    flag: list[str], remote: Shell, secured: SecuredService, authority: Authority
) -> None:
    """It shows a certificate that the whole world trusts, and passes on the enclave's genuine evidence."""
    between = authority.issue()
    secured.choose = lambda number: between

    shown = remote(*flag, "-y", "room", "list", "--json")

    assert refused(shown, secured) == ("report_data_differs", "report data")


def test_a_machine_in_the_middle_of_the_second_connection_isrefused(
    remote: Shell, secured: SecuredService, enclave: Enclave, own: Shown, authority: Authority
) -> None:
    between = authority.issue()
    secured.choose = lambda number: own if number == 1 else between
    secured.answer(
        "GET", "/v1/attestation", lambda asked: Reply(enclave.answer(asked), headers={"Connection": "close"})
    )

    shown = remote("-y", "room", "list", "--json")

    assert refused(shown, secured) == ("certificate_changed", "tls channel")
    assert secured.connections == 2


@pytest.mark.parametrize("version", [1, 2])
def test_evidence_of_the_start_is_refused_unless_degraded_is_allowed(
    version: int, remote: Shell, secured: SecuredService, enclave: Enclave, authority: Authority
) -> None:
    vouched = authority.issue()
    secured.choose = lambda number: vouched
    enclave.version, enclave.certificate = version, vouched.der if version == 2 else None

    assert refused(remote("-y", "room", "list", "--json"), secured) == ("nonce_not_bound", "nonce")
    shown = remote("--allow-degraded-attestation", "-y", "room", "list")
    asked = remote("--allow-degraded-attestation", "room", "ask", "room_0123456789ab", "How much?")
    assert "(by a key that is the service's own claim: no evidence names it)" in asked.err
    assert shown.code == 0
    assert f"!! DEGRADED: {URL} runs build {enclave.build[:12]}" in shown.err
    assert _approved(remote)["approved_compose_hash"] == enclave.build


def test_degraded_needs_somebody_who_vouches_for_the_certificate(
    remote: Shell, secured: SecuredService, enclave: Enclave
) -> None:
    enclave.version, enclave.certificate = 1, None

    shown = remote("--allow-degraded-attestation", "-y", "room", "list", "--json")

    assert refused(shown, secured) == ("certificate_not_trusted", "tls channel")
    assert _approved(remote) == {}


def test_evidence_that_names_no_certificate_is_refused_unless_degraded_is_allowed(
    remote: Shell, secured: SecuredService, enclave: Enclave, authority: Authority
) -> None:
    vouched = authority.issue()
    secured.choose = lambda number: vouched
    enclave.certificate = None

    assert refused(remote("-y", "room", "list", "--json"), secured) == ("channel_not_bound", "report data")
    assert remote("--allow-degraded-attestation", "-y", "room", "list").code == 0


def test_a_remote_service_without_evidence(
    remote: Shell, secured: SecuredService, authority: Authority, own: Shown
) -> None:
    secured.answers.clear()
    assert refused(remote("-y", "room", "list", "--json"), secured)[0] == "evidence_missing"
    degraded = ["--allow-degraded-attestation", "room", "list", "--json"]
    assert refused(remote(*degraded), secured)[0] == "certificate_not_trusted"

    vouched = authority.issue()
    secured.choose = lambda number: vouched
    shown = remote(*degraded)
    assert shown.code == 0
    assert f"!! DEGRADED: {URL} (a REMOTE service) has no attested hardware" in shown.err
    asked = remote("--allow-degraded-attestation", "room", "ask", "room_0123456789ab", "How much?")
    assert asked.code == 0 and "(by a key that is the service's own claim: no evidence names it)" in asked.err


def test_remote_development_evidence_needs_its_own_flag(
    remote: Shell, secured: SecuredService, enclave: Enclave, authority: Authority
) -> None:
    enclave.kind = "development"
    for flags in ([], ["--allow-degraded-attestation"], ["-y"]):
        shown = remote(*flags, "room", "list", "--json")
        assert refused(shown, secured) == ("development_refused", "root of trust")
    accepting = ["--dangerously-accept-development-evidence", "room", "list", "--json"]
    assert refused(remote(*accepting), secured)[0] == "certificate_not_trusted"

    vouched = authority.issue()
    secured.choose, enclave.certificate = lambda number: vouched, vouched.der
    shown = remote(*accepting)
    assert shown.code == 0
    assert "!! DEVELOPMENT: " in shown.err and "proves nothing about hardware" in shown.err
    assert _approved(remote) == {}
    remote.environment["HIVEMIND_DANGEROUSLY_ACCEPT_DEVELOPMENT_EVIDENCE"] = "1"
    assert remote("room", "list").code == 0
    remote.environment["HIVEMIND_REQUIRE_DCAP"] = "1"
    secured.asked.clear()
    assert refused(remote("room", "list", "--json"), secured)[0] == "development_refused"


def test_switching_the_checks_off_leaves_the_certificate_to_authorities(
    remote: Shell, secured: SecuredService, authority: Authority
) -> None:
    skip = ["--dangerously-skip-attestations", "room", "list"]
    assert refused(remote(*skip, "--json"), secured)[0] == "certificate_not_trusted"

    vouched = authority.issue()
    secured.choose = lambda number: vouched
    shown = remote(*skip)
    assert shown.code == 0
    assert shown.err and all(line.startswith("NOT VERIFIED: ") for line in shown.err.splitlines())


def test_every_line_of_a_failure_is_marked_too(remote: Shell) -> None:
    remote.environment["HIVEMIND_NO_TRUST_CHECK"] = "yes"

    shown = remote("room", "list")

    assert shown.code == 4
    assert len(shown.err.splitlines()) >= 2
    assert all(line.startswith("NOT VERIFIED: ") for line in shown.err.splitlines())


@pytest.mark.parametrize("name", ["DCAP", "TLS_PIN", "APP_AUTH"])
def test_no_check_is_switched_off_silently(name: str, remote: Shell, secured: SecuredService) -> None:
    remote.environment[f"HIVEMIND_DISABLE_{name}"] = "1"
    shown = remote("-y", "room", "list")
    assert shown.code == 1
    assert f"HIVEMIND_DISABLE_{name} is set" in shown.err and "hint: " in shown.err
    assert secured.asked == []

    remote.environment[f"HIVEMIND_DISABLE_{name}"] = "0"
    assert remote("-y", "room", "list").code == 0


def test_one_command_examines_a_service_once(remote: Shell, secured: SecuredService) -> None:
    secured.asked.clear()

    assert remote("-y", "doctor", secured.link(service=URL)).code in (0, 1)

    asked = secured.requests("GET", "/v1/attestation")
    assert len(asked) == 1
    assert len(bytes.fromhex(asked[0].query["nonce"])) == 32


def test_no_nonce_is_used_twice(remote: Shell, secured: SecuredService) -> None:
    for _ in range(3):
        remote("-y", "room", "list")

    nonces = {asked.query["nonce"] for asked in secured.requests("GET", "/v1/attestation")}
    assert len(nonces) == 3


def test_what_the_environment_requires_beats_what_a_flag_allows(
    remote: Shell, secured: SecuredService, enclave: Enclave, authority: Authority
) -> None:
    vouched = authority.issue()
    secured.choose = lambda number: vouched
    enclave.certificate = None
    for name in ("HIVEMIND_REQUIRE_DCAP", "HIVEMIND_REQUIRE_TLS_PIN"):
        remote.environment |= {"HIVEMIND_REQUIRE_DCAP": None, "HIVEMIND_REQUIRE_TLS_PIN": None, name: "1"}
        shown = remote("--allow-degraded-attestation", "-y", "room", "list", "--json")
        assert refused(shown, secured) == ("channel_not_bound", "report data")


def test_a_required_certificate_is_required_on_this_machine_too(
    alice: Shell, service: LyingService, tmp_path: Path
) -> None:
    """Plain http has no certificate that evidence could name."""
    Enclave(service).equip(alice, tmp_path)
    alice.environment["HIVEMIND_REQUIRE_DCAP"] = "1"
    assert alice("-y", "room", "list").code == 0

    alice.environment["HIVEMIND_REQUIRE_TLS_PIN"] = "1"
    shown = alice("-y", "room", "list", "--json")
    assert shown.code == 4
    assert json.loads(shown.out)["error"]["code"] == "channel_not_bound"
