"""What a question may cost is known, and limited, before it is asked."""

import json

import pytest

from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM = "room_0123456789ab"


def test_shows_stages_bound_and_what_is_available(bob: Shell, service: LyingService) -> None:
    shown = bob("room", "quote", service.link())

    assert shown.code == 0
    assert shown.out == (
        "STAGE  MODEL                 TOKENS   PROMPT/M   OUTPUT/M   AT MOST\n"
        "scope  moonshotai/kimi-k2.6  1000000  $0.750000  $3.500000  $3.500000\n"
        "query  moonshotai/kimi-k2.6  1000000  $0.750000  $3.500000  $3.500000\n"
        "At most:   $3.500000\n"
        "Based on:  1000000 tokens shared by all stages, each at its model's dearer rate, "
        "prices of 2026-01-01 00:00 UTC\n"
        "Provider:  openrouter\n"
        "Available: $1.500000\n"
    )
    assert "your credit does not cover this" in shown.err
    assert service.runs == {} and service.bank.tokens == {}


def test_the_owner_is_told_by_the_quote_itself(alice: Shell, service: LyingService) -> None:
    assert "Available: $1.500000\n" in alice("room", "quote", ROOM).out
    assert service.requests("GET", "/v1/billing") == []


def test_a_guest_without_a_profile_gets_a_quote_too(carol: Shell, service: LyingService) -> None:
    shown = carol("room", "quote", service.link())

    assert shown.code == 0
    assert "Available" not in shown.out


def test_a_profile_elsewhere_is_left_alone(bob: Shell, service: LyingService) -> None:
    bob.profile("bob", service="http://127.0.0.1:1", key=service.bob)

    assert bob("room", "quote", service.link()).code == 0
    assert all(service.bob not in str(asked.headers) for asked in service.asked)


def test_json_is_the_answer_and_the_request_has_the_asks_fields(bob: Shell, service: LyingService) -> None:
    flags = ["--max-tokens", "100000", "--model", "m", "--query-model", "q", "--max-llm-calls", "0", "--timeout", "60"]

    document = json.loads(bob("room", "quote", service.link(), *flags, "--json").out)

    assert document["max_tokens"] == 100_000
    sent = service.requests("POST", f"/v1/rooms/{ROOM}/quote")[0].json
    assert sent == {"max_tokens": 100_000, "model": "m", "query_model": "q", "timeout_seconds": 60}


def test_free_rooms_and_missing_prices_say_so(bob: Shell, service: LyingService) -> None:
    service.lie("POST", ".*/quote", lambda body: body | {"stages": [], "provider": "", "max_cost_micro_usd": 0})
    assert bob("room", "quote", service.link()).out.startswith("no model is called in this room")
    service.lies.clear()
    service.bank.missing_prices = ["openrouter/m"]
    service.bank.max_cost_micro_usd = 5
    shown = bob("room", "quote", service.link())
    assert "At most:   not known (at least $0.000005)\n" in shown.out
    assert "warning: no price for openrouter/m: the highest cost is not known\n" in shown.err


def test_a_service_without_quotes(bob: Shell, service: LyingService) -> None:
    service.features = ["client_nonce"]

    shown = bob("room", "quote", service.link())

    assert shown.code == 1
    assert f"{service.url} gives no quotes" in shown.err


# --- --max-cost ---


def test_a_question_above_the_limit_is_not_asked(accepted: Shell, service: LyingService) -> None:
    shown = accepted("room", "ask", service.link(), "Q", "--max-cost", "3.499999", "--json")

    assert shown.code == 1
    assert json.loads(shown.out)["error"]["code"] == "too_expensive"
    assert "this question may cost $3.500000, more than the $3.499999 that you allow" in shown.out
    assert [asked.path for asked in service.asked if asked.method == "POST"] == [f"/v1/rooms/{ROOM}/quote"]


def test_a_question_within_the_limit_carries_it(accepted: Shell, service: LyingService) -> None:
    assert accepted("room", "ask", service.link(), "Q", "--max-cost", "3.50").code == 0

    assert service.requests("POST", ".*/runs")[0].json["max_cost_micro_usd"] == 3_500_000
    assert service.requests("POST", ".*/spend-tokens")[0].json["limit_micro_usd"] == 3_500_000


def test_the_owner_limits_own_questions_too(alice: Shell, service: LyingService) -> None:
    assert alice("room", "ask", ROOM, "Q", "--max-cost", "1").code == 1
    assert alice("room", "ask", ROOM, "Q", "--max-cost", "4").code == 0
    assert service.requests("POST", ".*/runs")[0].json["max_cost_micro_usd"] == 4_000_000


def test_the_service_refuses_too_when_prices_rose_meanwhile(accepted: Shell, service: LyingService) -> None:
    def dearer(asked: object) -> object:
        service.bank.max_cost_micro_usd = 9_000_000
        return service.bank.mint(asked)

    service.answer("POST", ".*/spend-tokens", dearer)

    shown = accepted("room", "ask", service.link(), "Q", "--max-cost", "4")

    assert shown.code == 1
    assert "402: this run could cost more than you allow" in shown.err
    assert "hint: `hmctl room quote ROOM` shows why.\n" in shown.err


UNCHECKED = {
    "no quotes at this service": lambda service: setattr(service, "features", ["client_nonce", "spend_tokens"]),
    "features not told": lambda service: service.answer("GET", "/v1/healthz", Reply({}, 500)),
    "a model without price": lambda service: setattr(service.bank, "missing_prices", ["openrouter/m"]),
    "a quote without a bound": lambda service: _lie(service, max_cost_micro_usd=None),
    "a negative quote": lambda service: _lie(service, max_cost_micro_usd=-1),
    "a quote in words": lambda service: _lie(service, max_cost_micro_usd="0"),
    "a quote that is true": lambda service: _lie(service, max_cost_micro_usd=True),
    "a quote for another room": lambda service: _lie(service, room_id="room_ffffffffffff"),
    "no quote": lambda service: service.answer("POST", ".*/quote", Reply({"detail": "busy"}, 503)),
}


def _lie(service: LyingService, **changes: object) -> None:
    service.lie("POST", ".*/quote", lambda body: body | changes)


@pytest.mark.parametrize("case", UNCHECKED)
def test_what_could_not_be_checked_is_not_asked(case: str, accepted: Shell, service: LyingService) -> None:
    UNCHECKED[case](service)

    shown = accepted("room", "ask", service.link(), "Q", "--max-cost", "100")

    assert shown.code == 1
    assert service.requests("POST", ".*/runs") == []
    assert service.bank.tokens == {}


def test_a_charge_above_the_limit_is_denounced(accepted: Shell, service: LyingService) -> None:
    service.finish_run = lambda row: {"billing_cost_micro_usd": 4_000_001}

    shown = accepted("room", "ask", service.link(), "Q", "--max-cost", "4")

    assert "!! the service charged $4.000001, more than the $4.000000 that you allowed\n" in shown.err


# --- what it cost in the end ---


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ({}, "held $3.500000, cost $0.057144\n"),
        ({"billing_status": "held"}, "held $3.500000, not settled yet\n"),
        ({"billing_status": "pricing_missing", "billing_hold_micro_usd": 0}, "held $0.000000, cost $0.057144 (a model"),
        ({"billing_hold_micro_usd": None}, "tokens\ncost $0.057144\n"),
    ],
)
def test_the_cost_is_told_after_the_answer(row: dict, line: str, accepted: Shell, service: LyingService) -> None:
    service.finish_run = lambda _: row

    assert line in accepted("room", "ask", service.link(), "Q").err


@pytest.mark.parametrize("status", ["not_billable", "settled"])
def test_what_costs_nothing_says_nothing_of_cost(status: str, accepted: Shell, service: LyingService) -> None:
    service.finish_run = lambda _: {
        "billing_status": status,
        "billing_hold_micro_usd": 0,
        "billing_cost_micro_usd": 0,
    }

    assert "cost $" not in accepted("room", "ask", service.link(), "Q").err


def test_json_names_hold_cost_and_status(accepted: Shell, service: LyingService) -> None:
    document = json.loads(accepted("room", "ask", service.link(), "Q", "--json").out)

    money = (document["hold_micro_usd"], document["cost_micro_usd"], document["billing_status"])
    assert money == (3_500_000, 57_144, "settled")
