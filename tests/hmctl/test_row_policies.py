"""A room that demands row policies gets its answers shown only when the signed record says that there were some."""

import json
from typing import Any

import pytest

from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

DIGEST = "5" * 64


@pytest.fixture
def demanding(bob: Shell, service: LyingService) -> Shell:
    """Bob, who accepted a room that requires row policies."""
    service.publish(service.manifest(require_row_policies=True, serial=2))
    assert bob("room", "accept", service.link()).code == 0
    return bob


def asked(shell: Shell, service: LyingService, **record: Any) -> Any:
    service.finish_run = lambda row: {"attestation": service.record(row, **record)}
    return shell("room", "ask", service.link(), "How much?", "--json")


@pytest.mark.parametrize(
    "record",
    [{}, {"scope_enforcement": ()}, {"scope_enforcement": ("scope_fn",)}, {"row_policies_sha256": DIGEST}],
    ids=["nothing is said", "nothing was in force", "only a function", "a digest alone"],
)
def test_an_answer_without_row_policies_is_not_shown(
    demanding: Shell, service: LyingService, record: dict[str, Any]
) -> None:
    shown = asked(demanding, service, **record)

    document = json.loads(shown.out)
    assert shown.code == 6
    assert (document["code"], document["check"]) == ("row_policies_missing", "row policies")
    assert "4 percent" not in shown.out + shown.err


def test_a_text_that_holds_the_word_is_no_list_of_what_was_in_force(demanding: Shell, service: LyingService) -> None:
    assert json.loads(asked(demanding, service, scope_enforcement="row_policies").out)["code"] == "row_policies_missing"


@pytest.mark.parametrize("enforcement", [("row_policies",), ("scope_fn", "row_policies")])
def test_an_answer_with_row_policies_is_shown_and_told(
    demanding: Shell, service: LyingService, enforcement: tuple[str, ...]
) -> None:
    shown = asked(demanding, service, scope_enforcement=enforcement, row_policies_sha256=DIGEST)

    document = json.loads(shown.out)
    assert shown.code == 0
    assert document["scope_enforcement"] == list(enforcement)
    assert "read through row policies" in document["attestation_reason"]


def test_other_rooms_need_none(accepted: Shell, service: LyingService) -> None:
    shown = asked(accepted, service)

    assert shown.code == 0
    assert json.loads(shown.out)["scope_enforcement"] == []


def test_a_failed_run_is_told_as_a_failure(demanding: Shell, service: LyingService) -> None:
    reason = "Scope agent failed: the room requires row policies, and the scope agent stated none"
    service.finish_run = lambda row: {"status": "failed", "error": reason, "output": None}

    shown = demanding("room", "ask", service.link(), "How much?")

    assert shown.code == 4
    assert reason in shown.err
