"""`admin billing` and `admin credit-codes`: exact amounts, booked once, shown as they are."""

import json

import pytest

from tests.hmctl.http_service import Asked, Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ALICE = "t_0123456789ab"
PRICE = ["--prompt-usd-per-million", "0.25", "--completion-usd-per-million", "2"]


def test_a_code_from_making_to_revoking(olga: Shell, alice: Shell, service: LyingService) -> None:
    words = ["admin", "credit-codes", "create", "--credit", "3", "--uses", "2", "--expires-in", "1w", "--label", "x y"]

    made = olga(*words)

    code_id, code = next((row["code_id"], text) for text, row in service.bank.codes.items())
    assert service.requests("POST", "/v1/admin/credit-codes")[0].json == {
        "credit_usd": "3.000000",
        "max_redemptions": 2,
        "label": "x y",
        "expires_in_seconds": 604_800,
    }
    assert made.out == (
        f"Code id: {code_id}\nCredit:  $3.000000\nUses:    2\nExpires: 2026-01-08 00:00 UTC\nCode:    {code}\n"
    )
    assert code not in made.err
    assert alice("redeem-credit", code).code == 0
    assert olga("admin", "credit-codes", "list").out == (
        "CODE_ID              CREDIT     USED  ACTIVE  EXPIRES               LABEL\n"
        f"{code_id}  $3.000000  1/2   yes     2026-01-08 00:00 UTC  x y\n"
    )
    assert olga("admin", "credit-codes", "revoke", code_id, text="y\n").out == f"revoked {code_id}\n"
    assert json.loads(olga("admin", "credit-codes", "list", "--json").out) == []
    assert len(json.loads(olga("admin", "credit-codes", "list", "--include-revoked", "--json").out)) == 1
    assert olga("admin", "credit-codes", "revoke", code_id, "-y").code == 3


def test_a_code_as_json_is_the_answer(olga: Shell, service: LyingService) -> None:
    document = json.loads(olga("admin", "credit-codes", "create", "--credit", "0.50", "--json").out)

    assert document["code"] in service.bank.codes
    assert document["credit_micro_usd"] == 500_000
    assert "expires_in_seconds" not in service.asked[-1].json


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["credit-codes", "create", "--credit", "1e3"], "--credit"),
        (["credit-codes", "create", "--credit", "-1"], "--credit"),
        (["credit-codes", "create", "--credit", "NaN"], "--credit"),
        (["credit-codes", "create", "--credit", "٣"], "--credit"),
        (["credit-codes", "create", "--credit", "0.0000001"], "--credit"),
        (["credit-codes", "create", "--credit", "1,50"], "--credit"),
        (["credit-codes", "create", "--uses", "0"], "--uses"),
        (["credit-codes", "create", "--expires-in", "7y"], "--expires-in"),
        (["credit-codes", "create", "--expires-in", "0d"], "--expires-in"),
        (["credit-codes", "create", "--expires-in", "-7d"], "--expires-in"),
        (["billing", "grant", ALICE, "Infinity"], "USD"),
        (["billing", "set-price", "p", "m", *PRICE, "--from", "tomorrow"], "--from"),
        (["billing", "debit", ALICE, "5"], "--note"),
        (["billing", "refund", ALICE, "5"], "--note"),
    ],
)
def test_what_is_no_amount_or_time_is_a_usage_error(
    words: list[str], option: str, olga: Shell, service: LyingService
) -> None:
    shown = olga("admin", *words)

    assert shown.code == 2
    assert option in shown.err
    assert service.asked == []


@pytest.mark.parametrize("text", ["1", "60s", "90m", "24h", "7d", "2w", "7D"])
def test_durations_are_sent_in_seconds(text: str, olga: Shell, service: LyingService) -> None:
    assert olga("admin", "credit-codes", "create", "--expires-in", text).code == 0

    seconds = {"1": 1, "60s": 60, "90m": 5400, "24h": 86_400, "7d": 604_800, "2w": 1_209_600, "7D": 604_800}
    assert service.asked[-1].json["expires_in_seconds"] == seconds[text]


@pytest.mark.parametrize(
    ("verb", "arguments", "path", "word", "after"),
    [
        ("grant", ["5", "--note", "n"], "credits", "Granted: $5.000000", 6_500_000),
        ("debit", ["0.25", "--note", "n", "-y"], "debits", "Taken:   $0.250000", 1_250_000),
        ("refund", ["$0.000001", "--note", "n"], "refunds", "Refunded: $0.000001", 1_500_001),
    ],
)
def test_movements(
    verb: str, arguments: list[str], path: str, word: str, after: int, olga: Shell, service: LyingService
) -> None:
    shown = olga("admin", "billing", verb, ALICE, *arguments)

    assert shown.code == 0
    assert word in shown.out
    assert service.bank.accounts[service.alice].balance == after
    assert service.requests("POST", f"/v1/admin/billing/{ALICE}/{path}")[0].json["note"] == "n"


def test_a_refund_names_its_run(olga: Shell, service: LyingService) -> None:
    words = ["admin", "billing", "refund", ALICE, "1", "--note", "n", "--run", "4f0a9c1d22be", "--json"]

    assert json.loads(olga(*words).out)["run_id"] == "4f0a9c1d22be"
    assert service.asked[-1].json == {"amount_usd": "1.000000", "note": "n", "run_id": "4f0a9c1d22be"}


def test_a_movement_whose_answer_is_lost_is_not_repeated(olga: Shell, service: LyingService) -> None:
    service.answer("POST", ".*/credits", Reply(b"<html>gateway</html>", 502))

    assert olga("admin", "billing", "grant", ALICE, "5").code == 3
    assert len(service.requests("POST", ".*/credits")) == 1


def test_nothing_and_silence_are_not_booked(olga: Shell, service: LyingService) -> None:
    assert olga("admin", "billing", "grant", ALICE, "0").code == 2
    assert olga("admin", "billing", "debit", ALICE, "1", "--note", "  ", "-y").code == 2
    assert service.asked == []
    assert olga("admin", "billing", "debit", ALICE, "99", "--note", "n", "-y").code == 3


def test_accounts_and_ledger(olga: Shell, service: LyingService) -> None:
    service.bank.accounts[service.alice].held = 300_000
    service.bank.enforce_credits = False
    olga("admin", "billing", "grant", ALICE, "1")

    accounts = olga("admin", "billing", "accounts")
    ledger = olga("admin", "billing", "ledger", "--tenant-id", ALICE, "--limit", "5")

    assert accounts.out == (
        "TENANT_ID       BALANCE    HELD       CREDITED   SPENT      NAME\n"
        "t_0123456789ab  $2.500000  $0.300000  $2.000000  $0.500000  alice\n"
        "t_ba9876543210  $1.500000  $0.000000  $2.000000  $0.500000  bob\n"
    )
    assert "credit is not enforced" in accounts.err
    assert "  alice   credit_grant  $1.000000  -\n" in ledger.out
    assert service.requests("GET", ".*/ledger")[0].query == {"limit": "5", "tenant_id": ALICE}
    assert len(json.loads(olga("admin", "billing", "accounts", "--json").out)) == 2
    assert json.loads(olga("admin", "billing", "ledger", "--json").out)[0]["name"] == "alice"


def test_the_balance_of_a_tenant_looks_as_the_tenant_sees_it(olga: Shell, alice: Shell) -> None:
    assert olga("admin", "billing", "balance", ALICE).out == alice("balance").out
    assert json.loads(olga("admin", "billing", "balance", ALICE, "--json").out)["tenant_id"] == ALICE
    assert olga("admin", "billing", "balance", "t_ffffffffffff").code == 3


def test_prices(olga: Shell, service: LyingService) -> None:
    shown = olga("admin", "billing", "set-price", "openrouter", "m/x", *PRICE, "--from", "2027-01-01")

    assert shown.out == (
        "Price:    openrouter/m/x\nPrompt/M: $0.250000\nOutput/M: $2.000000\nIn force: 2027-01-01 00:00 UTC\n"
    )
    assert service.requests("POST", ".*/prices")[0].json == {
        "provider": "openrouter",
        "model": "m/x",
        "prompt_usd_per_million": "0.250000",
        "completion_usd_per_million": "2.000000",
        "source": "admin",
        "effective_from": 1798761600.0,
    }
    assert olga("admin", "billing", "prices").out == (
        "PROVIDER    MODEL  PROMPT/M   OUTPUT/M   SINCE                 SOURCE\n"
        "openrouter  m/x    $0.250000  $2.000000  2027-01-01 00:00 UTC  admin\n"
    )
    assert olga("admin", "billing", "delete-price", "openrouter", "m/x", text="y\n").out == "deleted openrouter/m/x\n"
    assert json.loads(olga("admin", "billing", "prices", "--json").out) == []
    assert olga("admin", "billing", "delete-price", "openrouter", "m/x", "-y").code == 3


def test_a_scheduled_price_is_cancelled_by_its_moment(olga: Shell, service: LyingService) -> None:
    olga("admin", "billing", "set-price", "p", "m/x", *PRICE, "--from", "2027-01-01")
    words = ["admin", "billing", "delete-price", "p", "m/x", "--from"]

    assert olga(*words, "2027-01-02", "-y").code == 3
    shown = olga(*words, "2027-01-01", text="y\n")

    assert "Delete the price of p/m/x from 2027-01-01 00:00 UTC?" in shown.err
    assert shown.out == "deleted p/m/x from 2027-01-01 00:00 UTC\n"
    assert service.asked[-1].query == {"effective_from": "1798761600.0"}
    assert service.office.prices == {}


@pytest.mark.parametrize("text", ["2027-01-01T00:00Z", "2027-01-01T01:00+01:00", "2027-01-01 00:00"])
def test_a_moment_is_utc_unless_it_says_otherwise(text: str, olga: Shell, service: LyingService) -> None:
    assert olga("admin", "billing", "set-price", "p", "m", *PRICE, "--from", text).code == 0
    assert service.asked[-1].json["effective_from"] == 1798761600.0


def test_what_only_one_kind_of_movement_has(olga: Shell, service: LyingService) -> None:
    assert olga("admin", "billing", "grant", ALICE, "5", "--expires-in", "30d").code == 0
    assert service.asked[-1].json == {"amount_usd": "5.000000", "note": "", "expires_in_seconds": 2_592_000}
    overdraft = ["--note", "n", "--allow-overdraft", "-y", "--json"]
    assert olga("admin", "billing", "debit", ALICE, "5", *overdraft).code == 0
    assert service.asked[-1].json == {"amount_usd": "5.000000", "note": "n", "allow_overdraft": True}
    assert olga("admin", "billing", "refund", ALICE, "5", "--note", "n", "--run", "../x").code == 1


def test_all_prices_include_past_and_withdrawn_ones(olga: Shell, service: LyingService) -> None:
    assert olga("admin", "billing", "set-price", "p", "m", *PRICE).code == 0
    service.office.prices["p", "m"] |= {"withdrawn": True}

    shown = olga("admin", "billing", "prices", "--all")

    assert service.asked[-1].query == {"limit": "1000", "all": "true"}
    assert "p         m      withdrawn  withdrawn  2026-01-01 00:00 UTC  admin\n" in shown.out


def test_long_lists_are_read_to_their_end(olga: Shell, service: LyingService) -> None:
    def paged(asked: Asked) -> Reply:
        start, size = int(asked.query.get("cursor", 0)), min(2, int(asked.query["limit"]))
        entries = [{"entry_id": f"ble_{n}"} for n in range(5)]
        more = {"X-Next-Cursor": str(start + size)} if start + size < len(entries) else {}
        return Reply({"ledger": entries[start : start + size]}, headers=more)

    service.answer("GET", ".*/ledger", paged)

    assert len(json.loads(olga("admin", "billing", "ledger", "--json").out)) == 5
    assert len(json.loads(olga("admin", "billing", "ledger", "--limit", "3", "--json").out)) == 3
