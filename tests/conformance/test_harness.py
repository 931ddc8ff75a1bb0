"""The harness itself: it sees what it should see, says the same in both ways of running, and its page is current."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance import actions as do
from tests.conformance import catalogue, in_process, table
from tests.conformance.__main__ import main
from tests.conformance.adapter import Shown, Subprocess
from tests.conformance.case import Case, Expect, unique
from tests.conformance.hmctl_adapter import Hmctl
from tests.conformance.play import play
from tests.conformance.secret_things import TO_READ_THE_ROOM
from tests.conformance.setting import SKIP, Setting
from tests.conformance.witness import Witness, forms

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
IN_BOTH_WAYS = (
    "honest/ask-hardware-through-a-proxy",
    "honest/inspect-hardware-statements-from-a-cache-service",
    "quote/bit-in-the-register-3",
    "channel/certificate-switched",
    "room/rolled-back",
    "answer/output-edited",
)


def _case(name: str) -> Case:
    return next(case for case in catalogue.everything() if case.name == name)


def test_there_are_many_lies_and_no_two_of_a_name() -> None:
    names = [case.name for case in catalogue.everything()]

    assert len([name for name in names if not name.startswith("honest/")]) >= 250
    assert len(set(names)) == len(names)


def test_every_refusal_is_named() -> None:
    refused = [case for case in catalogue.everything() if case.expect.exit and not case.is_honest]
    unnamed = {case.name for case in refused if not case.expect.code}
    only_a_code = {case.name for case in refused if not case.expect.check} - unnamed

    assert unnamed == set()
    assert len(only_a_code) < 10


def test_every_family_has_a_title() -> None:
    assert {case.family for case in catalogue.everything()} == set(catalogue.FAMILIES)


def test_the_page_of_all_cases_is_current() -> None:
    told = "run `python -m tests.conformance --table docs/conformance.md`"
    assert PAGE.read_text(encoding="utf-8") == table.render(catalogue.everything()), told


def test_cases_of_one_name_are_refused() -> None:
    case = _case("honest/accept")

    with pytest.raises(ValueError, match="honest/accept"):
        unique([case, case])


@pytest.mark.parametrize("name", IN_BOTH_WAYS)
def test_a_process_of_its_own_says_the_same_as_the_client_in_this_one(name: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()

    inside = play(_case(name), Hmctl(in_process.run), folder=here)
    outside = play(_case(name), Hmctl(Subprocess((sys.executable, "-m", "hmctl"))), folder=there)

    assert inside.problems == outside.problems == ()
    assert (inside.shown.exit, inside.verdict) == (outside.shown.exit, outside.verdict)


@pytest.mark.parametrize(
    "name", ["quote/bit-in-the-register-3", "binding/replayed", "statements/expired", "build/development-far-away"]
)
def test_a_client_that_checks_nothing_is_found_out(name: str, tmp_path: Path) -> None:
    honest = _case(name)
    careless = replace(honest, setting=replace(honest.setting, certificate="public", switches=frozenset({SKIP})))

    result = play(careless, Hmctl(in_process.run), folder=tmp_path)

    assert "invite was seen by the service" in result.problems
    assert any(problem.startswith("exit") for problem in result.problems)


def test_a_client_that_leaks_and_refuses_afterwards_is_found_out(tmp_path: Path) -> None:
    strict = replace(_case("room/no-envelope"), may_see=frozenset())

    result = play(strict, Hmctl(in_process.run), folder=tmp_path)

    assert result.problems == ("invite was seen by the service",)


def test_a_client_that_refuses_for_another_reason_is_found_out(tmp_path: Path) -> None:
    wrong = replace(_case("quote/truncated"), expect=Expect(4, "nonce", "nonce_not_bound"))

    result = play(wrong, Hmctl(in_process.run), folder=tmp_path)

    assert result.problems == (
        "check 'quote layout', expected 'nonce'",
        "code 'quote_malformed', expected 'nonce_not_bound'",
    )


def test_a_client_that_refuses_an_honest_service_is_found_out(tmp_path: Path) -> None:
    refused = Case(
        name="honest/asked-too-much",
        lie="none",
        action=do.inspect_room(by="link"),
        setting=Setting(approved="nothing"),
        expect=Expect(0),
        may_see=TO_READ_THE_ROOM,
        prints=lambda world: world.manifest.room_id,
    )

    result = play(refused, Hmctl(in_process.run), folder=tmp_path)

    assert "exit 4, expected 0" in result.problems


@pytest.mark.parametrize("spelt", range(len(forms("hmk_0123456789abcdefghijklmnop"))))
def test_a_secret_is_recognised_in_every_usual_encoding(spelt: int) -> None:
    secret, witness = "hmk_0123456789abcdefghijklmnop", Witness()
    witness.conversation("the service").extend(b"GET /?q=" + forms(secret)[spelt] + b" HTTP/1.1")

    assert witness.leaks({"key": secret}, allowed=frozenset()) == ["key was seen by the service"]
    assert witness.leaks({"key": secret}, allowed=frozenset({"key"})) == []


def test_an_answer_without_a_document_names_no_check() -> None:
    verdict = Hmctl(in_process.run).read(Shown(1, "no JSON here", ""))

    assert (verdict.check, verdict.code) == ("", "")


def test_the_command_plays_chosen_cases_and_writes_what_happened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "told.json"

    code = main(["--only", "quote/truncated", "--json", str(told)])

    assert code == 0
    assert "1 cases, 1 passed, 0 failed" in capsys.readouterr().out
    (row,) = json.loads(told.read_text())
    assert (row["case"], row["passed"], row["got"]["check"]) == ("quote/truncated", True, "quote layout")


def test_the_command_fails_for_a_client_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "quote/truncated", "--client", "true"]) == 1
    assert "exit 0, expected 4" in capsys.readouterr().out


def test_the_command_says_when_there_is_no_such_client(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "quote/truncated", "--client", "no-such-client"]) == 2
    assert "no-such-client" in capsys.readouterr().err


def test_the_command_lists_and_refuses_an_unknown_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--only", "pin/*"]) == 0
    assert "pin/hidden" in capsys.readouterr().out
    assert main(["--only", "nothing-like-it"]) == 2
