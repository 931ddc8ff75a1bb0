"""`admin runs`, `admin sweep` and `admin llm-probe`."""

import json

from tests.hmctl import rows
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


def _run(number: int, **changes: object) -> dict:
    row = rows.run(f"{number:012x}", "room_0123456789ab", agent_id="bbbbbbbbbbbb")
    named = {"tenant_id": "t_0123456789ab", "tenant_name": "alice", "room_name": "rents"}
    money = {"billing_provider": "openrouter", "billing_model": "m/x", "billing_hold_micro_usd": 3_500_000}
    return row | named | money | {"llm_calls": 9, "total_tokens": 1200, "payer_tenant_id": "t_ba9876543210"} | changes


def test_list_filters_and_asks_for_as_many_as_are_wanted(olga: Shell, service: LyingService) -> None:
    service.office.runs = [_run(n, status="failed") for n in range(120)] + [_run(999, billing_status="settled")]
    words = ["admin", "runs", "list"]

    assert len(json.loads(olga(*words, "--limit", "500", "--json").out)) == 121
    assert len(json.loads(olga(*words, "--status", "failed", "--limit", "110", "--json").out)) == 110
    shown = olga(*words, "--tenant", "t_0123456789ab", "--billing-status", "settled")
    assert shown.out == (
        "RUN_ID        TENANT  STATUS   BILLING  COST       CREATED               ROOM\n"
        "0000000003e7  alice   pending  settled  $0.000000  2026-01-01 00:01 UTC  rents\n"
    )
    filters = {"tenant_id": "t_0123456789ab", "billing_status": "settled"}
    assert service.asked[-1].query == {"limit": "50", "per_tenant": "50"} | filters
    assert olga(*words, "--status", "cancelled").out == ""


def test_show(olga: Shell, service: LyingService) -> None:
    times = {"scope_started_at": 1.0, "scope_ended_at": 3.5, "query_started_at": 3.5}
    service.office.runs = [_run(1, status="failed", outcome="deadline", error="Too late", **times)]

    shown = olga("admin", "runs", "show", "000000000001")

    assert shown.out == (
        "Run:     000000000001\n"
        "Tenant:  t_0123456789ab (alice)\n"
        "Room:    room_0123456789ab (rents)\n"
        "Status:  failed\n"
        "Created: 2026-01-01 00:01 UTC\n"
        "Outcome: deadline\n"
        "Error:   Too late\n"
        "Scope:   2.5s\n"
        "Query:   not ended\n"
        "Model:   openrouter m/x\n"
        "Billing: held\n"
        "Payer:   t_ba9876543210\n"
        "Held:    $3.500000\n"
        "Cost:    $0.000000\n"
        "Calls:   9\n"
        "Tokens:  1200\n"
    )
    assert json.loads(olga("admin", "runs", "show", "000000000001", "--json").out)["room_name"] == "rents"
    assert olga("admin", "runs", "show", "ffffffffffff").code == 3


def test_sweep_is_dry_first(olga: Shell, service: LyingService) -> None:
    service.office.orphans = 2

    dry = olga("admin", "sweep")

    assert dry.out == (
        "AGENT_ID      TYPE   TENANT  REASON   ERROR  IMAGE  NAME\n"
        "c0ffee12ab00  query  alice   damaged  -      x:1    old\n"
        "c0ffee12ab01  query  alice   damaged  -      x:1    old\n"
    )
    assert "2 agent(s) would be deleted (--no-dry-run does it)\n" in dry.err
    assert service.office.orphans == 2


def test_sweep_deletes_after_a_yes(olga: Shell, service: LyingService) -> None:
    assert olga("admin", "sweep", "--no-dry-run", text="y\n").code == 0
    assert service.office.orphans == 0
    shown = olga("admin", "sweep", "--no-dry-run", text="n\n")  # nothing left to ask about
    assert (shown.code, shown.out) == (0, "")
    service.office.orphans = 3
    document = json.loads(olga("admin", "sweep", "--no-dry-run", "--yes", "--json").out)
    assert (document["count"], document["deleted"]) == (3, 3)


def test_sweep_tells_what_it_could_not_delete(olga: Shell, service: LyingService) -> None:
    broken = {"dry_run": False, "count": 1, "deleted": 0, "orphans": [{"agent_id": "a", "error": "busy"}]}
    service.lie("POST", ".*/sweep-broken", lambda body: broken)

    shown = olga("admin", "sweep", "--no-dry-run", "-y")

    assert shown.code == 1
    assert "busy" in shown.out and "1 agent(s) found, 0 deleted" in shown.err


def test_llm_probe(olga: Shell, service: LyingService) -> None:
    shown = olga("admin", "llm-probe", "--provider", "tinfoil", "--model", "z/y")

    assert shown.code == 0
    assert shown.out == (
        "Provider: tinfoil\nModel:    z/y\nAddress:  https://llm.example/v1\nKey:      configured\n"
        "Took:     812 ms\nAnswer:   200\n"
    )
    service.office.probe = {"status_code": 401, "elapsed_ms": 5, "body_head": "no such key"}
    assert "Error:    no such key\n" in olga("admin", "llm-probe").out
    service.office.probe = {"error_class": "ConnectTimeout", "error": "5 s", "elapsed_ms": 5000}
    failed = olga("admin", "llm-probe", "--json")
    assert failed.code == 1
    assert json.loads(failed.out)["error_class"] == "ConnectTimeout"
