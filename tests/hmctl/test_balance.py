"""`balance` and `redeem-credit`: what is left, on services of every age."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


def _days(*spent: int) -> dict[str, int]:
    """Spending of the days up to today."""
    today = datetime.now(UTC).date()
    return {(today - timedelta(days=n)).isoformat(): amount for n, amount in enumerate(reversed(spent))}


def test_shows_figures_days_and_movements(alice: Shell, service: LyingService) -> None:
    account = service.bank.accounts[service.alice]
    account.held = 300_000
    service.bank.spending = _days(250_000, 0, 1_000)
    service.bank.entry(account, "usage_charge", -1_000, run_id="4f0a9c1d22be")

    shown = alice("balance")

    days = list(service.bank.spending)
    assert shown.code == 0
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "WHEN", shown.out) == (
        "Tenant:    t_0123456789ab\n"
        "Available: $1.499000\n"
        "Held:      $0.300000\n"
        "Spent:     $0.500000\n"
        "Credited:  $2.000000\n"
        "Credit:    required for questions that cost\n"
        "\n"
        "Spent in the last 30 days: $0.251000\n"
        "DAY         SPENT\n"
        f"{days[2]}  $0.250000  ##############################\n"
        f"{days[0]}  $0.001000  #\n"
        "\n"
        "WHEN                  KIND          AMOUNT      RUN\n"
        "WHEN  usage_charge  -$0.001000  4f0a9c1d22be\n"
    )
    assert "warning" not in shown.err


def test_json_is_the_answer_as_received(alice: Shell, service: LyingService) -> None:
    shown = alice("balance", "--limit", "3", "--json")

    sent = service.bank.statement(service.bank.accounts[service.alice], limit=3)
    assert json.loads(shown.out) == sent
    assert service.requests("GET", "/v1/billing")[0].query == {"limit": "3"}


def test_an_older_service_is_added_up_from_what_it_lists(alice: Shell, service: LyingService) -> None:
    service.bank.is_old = True
    account = service.bank.accounts[service.alice]
    for kind, amount, run_id in (
        ("credit_grant", 2_000_000, None),
        ("usage_hold", -700_000, "aaaaaaaaaaaa"),
        ("usage_release", 700_000, "aaaaaaaaaaaa"),
        ("usage_charge", -4_250, "aaaaaaaaaaaa"),
        ("usage_hold", -500_000, "bbbbbbbbbbbb"),
    ):
        service.bank.entry(account, kind, amount, run_id=run_id)

    shown = alice("balance")

    assert "Held:      $0.500000 (by the newest 5 entries)\n" in shown.out
    assert "Spent:     $0.004250 (by the newest 5 entries)\n" in shown.out
    assert "Credited:  $2.000000 (by the newest 5 entries)\n" in shown.out
    assert f"{datetime.now(UTC).date()}  $0.004250  #" in shown.out
    assert "Credit:" not in shown.out


@pytest.mark.parametrize(
    ("left", "enforced", "week", "advice"),
    [
        (0, True, [0], "nothing is left to spend, so questions that cost are refused"),
        (-5, True, [0], "hmctl redeem-credit -"),
        (0, False, [0], "this service answers all the same"),
        (1_000_000, True, [7_000_000], "at the pace of the last week this lasts less than two days"),
        (3_000_000, True, [7_000_000], "at the pace of the last week this lasts about 3 days"),
        (8_000_000, True, [7_000_000], ""),
        (1, True, [0], ""),
    ],
)
def test_says_what_to_do_when_little_is_left(
    alice: Shell, service: LyingService, left: int, enforced: bool, week: list[int], advice: str
) -> None:
    service.bank.accounts[service.alice].balance = left
    service.bank.enforce_credits = enforced
    service.bank.spending = _days(*week)

    shown = alice("balance")

    assert ("warning" in shown.err) == bool(advice)
    assert advice in shown.err


@pytest.mark.parametrize("spending", ["?", [1], [{"date": "soon"}], [{"date": "9999-12-31", "spent_micro_usd": 5}]])
def test_odd_spending_is_left_out(alice: Shell, service: LyingService, spending: object) -> None:
    service.lie("GET", "/v1/billing", lambda body: body | {"spending": spending})

    shown = alice("balance")

    assert shown.code == 0
    assert "Spent in" not in shown.out


def test_exit_codes_of_the_family(alice: Shell, carol: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/billing", Reply({"detail": "unknown token"}, 401))
    assert alice("balance").code == 3
    service.answer("GET", "/v1/billing", {"tenant_id": "t_1"})
    assert alice("balance").code == 1
    assert carol("balance").code == 1
    carol.profile("carol", service="http://127.0.0.1:1", key=service.bob)
    assert carol("balance").code == 2
    carol.profile("carol", service="https://nowhere.invalid", key=service.bob)
    assert carol("balance").code == 4


def test_redeem_credit(alice: Shell, service: LyingService) -> None:
    code = service.bank.new_code(3_000_000)

    shown = alice("redeem-credit", code)

    assert shown.out == (f"Code:    {service.bank.codes[code]['code_id']}\nCredit:  $3.000000\nBalance: $4.500000\n")
    again = alice("redeem-credit", code)
    assert again.code == 3
    assert "error: 403: credit code was already redeemed by this tenant\n" in again.err


def test_a_code_from_stdin_is_nowhere_to_be_seen(alice: Shell, service: LyingService) -> None:
    code = service.bank.new_code(3_000_000)

    shown = alice("-v", "redeem-credit", "-", "--json", text=code + "\n")

    assert json.loads(shown.out)["credit_micro_usd"] == 3_000_000
    assert service.requests("POST", ".*/redeem")[0].json == {"credit_code": code}
    assert code not in shown.out + shown.err


def test_what_is_no_code_is_not_sent(alice: Shell, service: LyingService) -> None:
    for arguments, text in ((["-"], ""), (["two words"], ""), (["-"], "\x1b[0m\n")):
        shown = alice("redeem-credit", *arguments, text=text)
        assert shown.code == 1
        assert "the credit code is empty or holds characters" in shown.err
    assert service.asked == []


def test_a_lost_answer_does_not_send_the_code_twice(alice: Shell, service: LyingService) -> None:
    service.answer("POST", ".*/redeem", Reply(b"<html>gateway</html>", 502))

    assert alice("redeem-credit", service.bank.new_code(1)).code == 3
    assert len(service.requests("POST", ".*/redeem")) == 1
