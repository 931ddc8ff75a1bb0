"""A question may take long: the evidence of its beginning holds for all of the command, and for nobody else."""

import json
from typing import Any

import pytest

from tests.hmctl.enclave import Enclave
from tests.hmctl.far_away import URL
from tests.hmctl.secured import Authority, SecuredService
from tests.hmctl.shell import Shell

QUESTION = ("room", "ask", "room_0123456789ab", "How much?")


@pytest.fixture
def patient(remote: Shell, secured: SecuredService) -> Shell:
    """Alice approved the build; every answer ends its connection, and a run takes a while."""
    assert remote("-y", "room", "list").code == 0
    secured.closes = True
    secured.polls_until_done = 100
    secured.asked.clear()
    return remote


def test_one_examination_serves_a_long_wait(patient: Shell, secured: SecuredService) -> None:
    shown = patient(*QUESTION)

    assert shown.code == 0, shown.screen
    assert sum(patient.clock.slept) > 60
    assert len(secured.requests("GET", "/v1/attestation")) == 1
    assert len(secured.requests("GET", "/v1/runs/.*")) > 100


def test_somebody_else_in_the_middle_of_a_wait_is_refused_and_the_answer_comes_later(
    patient: Shell, secured: SecuredService, authority: Authority
) -> None:
    own, other, first = secured.choose(1), authority.issue(), secured.connections
    secured.choose = lambda number: other if number > first + 40 else own

    shown = patient(*QUESTION, "--json")

    error = json.loads(shown.out)["error"]
    assert (shown.code, error["code"]) == (4, "certificate_changed")
    run_id = error["run_id"]
    secured.choose = lambda number: own
    assert patient("room", "runs", run_id, "--wait").code == 0


def test_a_service_that_restarts_with_another_key_in_the_middle_is_not_believed(
    patient: Shell, secured: SecuredService, enclave: Enclave
) -> None:
    """The record names the build that runs by then; the evidence of the command names the one before."""
    before = enclave.build

    def finish(row: dict[str, Any]) -> dict[str, Any]:
        enclave.upgrade("b2" * 32)
        return {"attestation": secured.record(row, compose_hash=enclave.build)}

    secured.finish_run = finish
    shown = patient(*QUESTION, "--json")

    assert shown.code == 6 and json.loads(shown.out)["status"] == "attestation_failed"
    approved = json.loads((patient.home / "trust.json").read_text())["services"][URL]
    assert approved["approved_compose_hash"] == before
