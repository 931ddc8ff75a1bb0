"""`signup`: the gate first, a place for the key before there is one, and nobody's profile replaced unasked."""

import json
import stat
from pathlib import Path

import pytest
import yaml

from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

PROFILE = Path("profiles") / "ana.yaml"


def signup(shell: Shell, service: LyingService, *more: str, text: str = "") -> object:
    return shell("--profile", "ana", "signup", "ana", "--service", service.url, *more, text=text)


def _key(service: LyingService) -> str:
    return list(service.bank.accounts)[-1]


def test_saves_the_key_privately_and_does_not_print_it(carol: Shell, service: LyingService) -> None:
    shown = signup(carol, service)

    path = carol.home / PROFILE
    tenant = list(service.bank.accounts.values())[-1].tenant_id
    assert shown.code == 0
    assert shown.out == (
        f"Tenant:         {tenant} (ana)\n"
        "Starter credit: $3.000000\n"
        "Balance:        $3.000000\n"
        "Profile:        ana\n"
        f"File:           {path}\n"
        "Key:            saved in the profile (--reveal prints it)\n"
    )
    assert yaml.safe_load(path.read_text()) == {"api_key": _key(service), "role": "tenant", "service": service.url}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (carol.home / "active").read_text() == "ana\n"
    assert _key(service) not in shown.err


def test_reveal_and_json_give_the_key_away(carol: Shell, service: LyingService) -> None:
    assert _key(service) not in signup(carol, service).out
    revealed = signup(carol, service, "--reveal", "-y").out
    assert _key(service) in revealed
    document = json.loads(signup(carol, service, "--json", "-y").out)
    assert document["api_key"] == _key(service)
    assert list(document) == ["tenant_id", "name", "api_key", "starter_credit_micro_usd", "balance_micro_usd"]


def test_the_gate_is_before_the_request(carol: Shell, service: LyingService) -> None:
    shown = signup(carol, service)

    assert [asked.path for asked in service.asked] == ["/v1/attestation", "/v1/signup"]
    assert all("authorization" not in asked.headers for asked in service.asked)
    assert "DEVELOPMENT" in shown.err


def test_a_service_that_proves_nothing_is_not_signed_up_with(carol: Shell) -> None:
    shown = carol("signup", "ana", "--service", "https://nowhere.invalid")

    assert shown.code == 4
    assert not (carol.home / "profiles").exists()


def test_an_existing_profile_is_replaced_only_on_request(alice: Shell, service: LyingService) -> None:
    path = alice.home / "profiles" / "alice.yaml"
    again = ["signup", "ana", "--service", service.url]

    for answer in ("n\n", ""):
        shown = alice(*again, text=answer)
        assert shown.code == 1
        assert "its key would be lost" in shown.err
    assert service.asked == []
    assert service.alice in path.read_text()
    assert alice(*again, text="y\n").code == 0
    assert service.alice not in path.read_text()
    assert alice("-y", *again).code == 0


@pytest.mark.parametrize("obstacle", ["a directory where the profile goes", "a file where the folder goes"])
def test_no_account_is_opened_whose_key_could_not_be_kept(carol: Shell, service: LyingService, obstacle: str) -> None:
    folder = carol.home / "profiles"
    if obstacle.startswith("a directory"):
        (folder / "ana.yaml").mkdir(parents=True)
    else:
        carol.home.mkdir(parents=True)
        folder.write_text("")

    shown = signup(carol, service)

    assert shown.code == 1
    assert "cannot" in shown.err
    assert service.requests("POST", "/v1/signup") == []


def test_a_key_that_could_not_be_saved_after_all_is_printed(carol: Shell, service: LyingService) -> None:
    def sabotage(asked: object) -> dict:
        answer = service.bank.signup(asked)
        (carol.home / PROFILE).mkdir()
        return answer

    service.answer("POST", "/v1/signup", sabotage)
    shown = signup(carol, service)

    assert shown.code == 1
    assert shown.out == _key(service) + "\n"
    assert "keep it now" in shown.err


def test_checking_leaves_nothing_behind(carol: Shell, service: LyingService) -> None:
    service.bank.signup_is_open = False

    shown = signup(carol, service)

    assert shown.code == 1
    assert "error: 503: self-serve signup is disabled\n" in shown.err
    assert "hmctl init --api-key -" in shown.err
    assert list((carol.home / "profiles").iterdir()) == []
    assert not (carol.home / "active").exists()


@pytest.mark.parametrize("body", [{}, {"api_key": ""}, {"api_key": "line\nbreak"}, {"api_key": 5}])
def test_an_answer_without_a_usable_key_saves_nothing(carol: Shell, service: LyingService, body: dict) -> None:
    service.answer("POST", "/v1/signup", Reply(body))

    assert signup(carol, service).code == 1
    assert list((carol.home / "profiles").iterdir()) == []


def test_an_empty_name_is_refused_here(carol: Shell, service: LyingService) -> None:
    assert carol("signup", "  ", "--service", service.url).code == 1
    assert service.asked == []
