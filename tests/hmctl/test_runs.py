"""`room runs`: an answer can be fetched and verified later, by whoever asked."""

import json

import pytest

from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM, OTHER = "room_0123456789ab", "room_ffffffffffff"


@pytest.fixture
def abandoned(accepted: Shell, service: LyingService) -> str:
    """A run that Bob stopped waiting for."""
    service.polls_until_done = 10_000
    assert accepted("room", "ask", service.link(), "How much?", "--timeout", "1").code == 5
    service.polls_until_done = 0
    service.asked.clear()
    return next(iter(service.runs))


def test_the_asker_fetches_and_verifies_it_through_the_link(
    abandoned: str, accepted: Shell, service: LyingService
) -> None:
    shown = accepted("room", "runs", abandoned, "--link", service.link(), "--wait")

    assert (shown.code, shown.out) == (0, "Rents rose by 4 percent.\n")
    assert "✓ verified: the signed record fits room, terms, question, run and outcome" in shown.err
    assert {asked.bearer for asked in service.asked if asked.bearer} == {service.invite}


def test_what_was_asked_is_remembered_without_the_question(abandoned: str, accepted: Shell) -> None:
    path = accepted.home / "runs" / f"{abandoned}.json"

    assert "How much?" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(json.loads(path.read_text())["client_nonce"]) == 64


def test_a_lie_is_refused_later_too(abandoned: str, accepted: Shell, service: LyingService) -> None:
    service.finish_run = lambda row: {"attestation": service.record(row | {"_prompt": "other"})}

    shown = accepted("room", "runs", abandoned, "--link", service.link(), "--json")

    assert shown.code == 6
    assert json.loads(shown.out)["status"] == "attestation_failed"


def test_without_waiting_an_unfinished_run_is_said_to_be_one(
    abandoned: str, accepted: Shell, service: LyingService
) -> None:
    service.polls_until_done = 10_000

    shown = accepted("room", "runs", abandoned, "--link", service.link())

    assert shown.code == 5
    assert f"run {abandoned} has not ended yet" in shown.err


def test_another_machine_verifies_all_but_the_question(abandoned: str, service: LyingService, carol: Shell) -> None:
    shown = carol("room", "runs", abandoned, "--link", service.link(), "--wait")

    assert shown.code == 0
    assert "was not asked from here" in shown.err
    assert "the question was not compared" in shown.err


def test_a_run_of_another_room_is_refused(abandoned: str, accepted: Shell, service: LyingService) -> None:
    service.publish(service.manifest("room_ffffffffffff"))

    assert accepted("room", "runs", abandoned, "--link", service.link("room_ffffffffffff"), "--wait").code == 1


def test_terms_signed_anew_since_do_not_hide_the_answer(abandoned: str, accepted: Shell, service: LyingService) -> None:
    service.publish(service.manifest(rules="Stricter.", serial=2))

    assert accepted("room", "runs", abandoned, "--link", service.link(), "--wait").code == 0


def test_the_owner_gets_the_row_as_the_service_tells_it(abandoned: str, alice: Shell) -> None:
    document = json.loads(alice("room", "runs", abandoned).out)

    assert (document["run_id"], document["status"]) == (abandoned, "completed")


def test_an_answer_withheld_from_the_owner_is_verified_without_it(
    abandoned: str, alice: Shell, service: LyingService
) -> None:
    service.finish_run = lambda row: {"attestation": service.record(row)}
    service.lie("GET", "/v1/runs/.*", lambda row: row | {"output": None, "error": None, "payload_redacted": True})

    shown = alice("room", "runs", abandoned, "--wait")

    assert (shown.code, shown.out) == (0, "")
    assert "the answer is withheld" in shown.err


def test_list_is_a_table_or_the_array_as_received(alice: Shell, service: LyingService) -> None:
    rows = [
        {"run_id": "4f0a9c1d22be", "status": "completed", "created_at": 1767225600.0, "room_id": "r", "output": "a\nb"},
        {"run_id": "5f0a9c1d22be", "status": "failed", "created_at": None, "payload_redacted": True},
    ]
    service.answer("GET", "/v1/runs", rows)

    assert alice("room", "runs").out == (
        "RUN_ID        STATUS     CREATED               ROOM  OUTPUT\n"
        "4f0a9c1d22be  completed  2026-01-01 00:00 UTC  r     a b\n"
        "5f0a9c1d22be  failed     -                     -     (withheld)\n"
    )
    assert json.loads(alice("room", "runs", "--json").out) == rows


def test_the_runs_of_a_link_are_listed_as_its_bearer(accepted: Shell, alice: Shell, service: LyingService) -> None:
    here, elsewhere = ({"run_id": n * 12, "status": "completed", "room_id": r} for n, r in (("4", ROOM), ("5", OTHER)))
    service.answer("GET", "/v1/runs", [here, elsewhere])

    shown = accepted("room", "runs", "--link", service.link())
    assert (shown.code, "444444444444" in shown.out, "555555555555" in shown.out) == (0, True, False)
    assert {asked.bearer for asked in service.requests("GET", "/v1/runs")} == {service.invite}
    assert json.loads(alice("room", "runs", "--room", OTHER, "--json").out) == [elsewhere]


def test_an_empty_list_says_where_the_runs_of_links_are(alice: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/runs", [])

    assert alice("room", "runs").err.endswith("no runs yet; those asked through a link are listed with --link ROOM\n")
    assert alice("room", "runs", "--link", service.link()).err.endswith("no runs yet\n")


@pytest.mark.parametrize("run_id", ["../../admin", "a/b", "", "a b", "%2e%2e"])
def test_no_run_id_reaches_another_route(run_id: str, alice: Shell, service: LyingService) -> None:
    assert alice("room", "runs", run_id).code == 1
    assert service.asked == []


def test_cancel_goes_through_the_link_or_the_profile(
    abandoned: str, accepted: Shell, alice: Shell, service: LyingService
) -> None:
    service.answer("DELETE", "/v1/runs/.*", {"run_id": abandoned, "status": "failed", "outcome": "cancelled"})

    assert accepted("room", "cancel", abandoned, "--link", service.link()).code == 1
    assert accepted("room", "cancel", abandoned, "--link", service.link(), "-y").out == f"{abandoned}  failed\n"
    assert alice("-y", "room", "cancel", abandoned).code == 0
    assert [asked.bearer for asked in service.requests("DELETE", ".*")] == [service.invite, service.alice]
