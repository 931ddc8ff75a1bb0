"""The asker's owner key stays at his own service; a token that can spend one run's cost goes with the question."""

import time

import pytest

from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

HEADER = "x-hivemind-api-key"
ROOM = "room_0123456789ab"
BILLING = "/v1/billing/spend-tokens"


def _told(service: LyingService) -> list[tuple[str, str]]:
    """The requests that named a payer."""
    return [(asked.method, asked.path) for asked in service.asked if HEADER in asked.headers]


@pytest.fixture
def older(service: LyingService) -> LyingService:
    """The service as it was before it had spend tokens."""
    service.features = ["client_nonce"]
    return service


def test_the_owner_key_only_makes_a_token_and_the_token_pays(accepted: Shell, service: LyingService) -> None:
    shown = accepted("room", "ask", service.link(), "How much?")

    token = next(iter(service.bank.tokens))
    assert shown.code == 0
    assert _told(service) == [("POST", f"/v1/rooms/{ROOM}/runs")]
    assert service.requests("POST", ".*/runs")[0].headers[HEADER] == token
    assert token.startswith("hmp_")
    with_the_key = [(asked.method, asked.path) for asked in service.asked if service.bob in str(asked.headers)]
    assert with_the_key == [("GET", "/v1/tenants/compose-pin/list"), ("POST", BILLING)]
    assert {asked.bearer for asked in service.asked if asked.bearer} == {service.invite, service.bob}


def test_the_token_is_bound_to_cost_room_origin_and_time(accepted: Shell, service: LyingService) -> None:
    assert accepted("room", "ask", service.link(), "How much?", "--timeout", "100").code == 0

    run_id = next(iter(service.runs))
    assert service.requests("POST", BILLING)[0].json == {
        "limit_micro_usd": 3_500_000,
        "expires_in_seconds": 3 * 100 + 120 + 60,
        "room_id": ROOM,
        "service": service.url,
        "label": f"run {run_id}",
    }


def test_the_price_is_known_before_token_and_question(accepted: Shell, service: LyingService) -> None:
    assert accepted("room", "ask", service.link(), "How much?").code == 0

    posted = [asked.path for asked in service.asked if asked.method == "POST"]
    assert posted == [f"/v1/rooms/{ROOM}/quote", BILLING, f"/v1/rooms/{ROOM}/runs"]
    assert all("How much?" not in str(asked.body) for asked in service.requests("POST", ".*/quote"))


def test_a_free_question_is_paid_with_a_token_of_nearly_nothing(accepted: Shell, service: LyingService) -> None:
    service.bank.max_cost_micro_usd = 0

    shown = accepted("room", "ask", service.link(), "How much?")
    assert (shown.code, "this question costs nothing" in shown.err) == (0, True)
    assert service.requests("POST", BILLING)[0].json["limit_micro_usd"] == 1


def test_a_share_link_needs_the_token_to_read_the_run_too(bob: Shell, service: LyingService) -> None:
    assert bob("room", "accept", service.link(share=True)).code == 0
    service.asked.clear()

    assert bob("room", "ask", service.link(share=True), "How much?").code == 0

    assert {(method, path.split("/")[2]) for method, path in _told(service)} == {("POST", "rooms"), ("GET", "runs")}
    payers = {asked.headers[HEADER] for asked in service.asked if HEADER in asked.headers}
    assert payers == set(service.bank.tokens)


LIES = {
    "more than was asked for": {"limit_micro_usd": 10**9},
    "another room": {"room_id": "room_ffffffffffff"},
    "any room": {"room_id": ""},
    "another place": {"service": "http://127.0.0.1:1"},
    "any place": {"service": ""},
    "an owner key": {"token": "hmk_" + "a" * 43},
    "no token": {"token": None},
    "a header of its own": {"token": "hmp_a\r\nX-Other: b"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_what_was_asked_for_is_not_used(lie: str, accepted: Shell, service: LyingService) -> None:
    service.lie("POST", BILLING, lambda body: body | LIES[lie])

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 1
    assert service.requests("POST", ".*/runs") == []


def test_no_token_no_question(accepted: Shell, service: LyingService) -> None:
    service.answer("POST", BILLING, Reply({"detail": "too many spend tokens"}, 409))

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 1
    assert "409: too many spend tokens" in shown.err
    assert service.requests("POST", ".*/runs") == []


def test_an_older_service_is_paid_with_the_owner_key_and_that_is_said(accepted: Shell, older: LyingService) -> None:
    shown = accepted("room", "ask", older.link(), "How much?")

    assert shown.code == 0
    assert f"{older.url} has no spend tokens, so your owner key itself pays for this question\n" in shown.err
    assert _told(older) == [("POST", f"/v1/rooms/{ROOM}/runs")]
    assert older.requests("POST", ".*/runs")[0].headers[HEADER] == older.bob
    assert {asked.bearer for asked in older.asked if asked.bearer} == {older.invite}


def test_an_own_room_is_paid_by_its_owner_without_a_payer(alice: Shell, service: LyingService) -> None:
    assert alice("room", "ask", ROOM, "How much?").code == 0

    assert _told(service) == []
    assert service.requests("POST", BILLING) == []


def test_a_given_spend_token_pays_without_any_profile(carol: Shell, service: LyingService) -> None:
    token = _minted(service)
    assert carol("room", "accept", service.link()).code == 0
    service.asked.clear()

    shown = carol("room", "ask", service.link(), "How much?", "--payer-key", "-", text=token + "\n")

    assert shown.code == 0
    assert service.requests("POST", ".*/runs")[0].headers[HEADER] == token
    assert service.requests("POST", BILLING) == []
    assert token not in shown.out + shown.err


def test_a_given_token_is_a_spend_token_and_not_from_a_spent_stdin(accepted: Shell, service: LyingService) -> None:
    for key in (service.bob, service.invite, "x"):
        shown = accepted("room", "ask", service.link(), "How much?", "--payer-key", key)
        assert shown.code == 1
        assert "--payer-key takes a spend token" in shown.err and key not in shown.err.split()
    assert accepted("room", "ask", service.link(), "-", "--payer-key", "-", text="x").code == 2
    assert service.asked == []


def test_a_token_too_small_is_refused_with_the_services_words(accepted: Shell, service: LyingService) -> None:
    token = _minted(service, limit_micro_usd=5)

    shown = accepted("room", "ask", service.link(), "How much?", "--payer-key", token)

    assert shown.code == 1
    assert "402: The spend token's limit does not cover this run" in shown.err


def _minted(service: LyingService, **changes: object) -> str:
    token = "hmp_" + "t" * 43
    bounds = {"room_id": "", "service": "", "expires_at": time.time() + 60, "revoked_at": None}
    money = {"limit_micro_usd": 10**7, "committed_micro_usd": 0}
    service.bank.tokens[token] = {"token_id": "0e3a07e0cdf2", "_owner": service.alice} | bounds | money | changes
    return token


def test_public_looks_carry_no_credential(accepted: Shell, service: LyingService) -> None:
    assert accepted("room", "ask", service.link(), "How much?").code == 0

    for path in ("/v1/attestation", "/v1/healthz"):
        for asked in service.requests("GET", path):
            assert "authorization" not in asked.headers and HEADER not in asked.headers


def test_a_link_to_another_service_gets_nothing_at_all(service: LyingService, bob: Shell) -> None:
    bob.profile("bob", service="http://127.0.0.1:1", key=service.bob)

    shown = bob("room", "ask", service.link(), "How much?")

    assert shown.code == 1
    assert "its owner key would be handed to another service" in shown.err
    assert "--allow-foreign-payer" in shown.err
    assert service.asked == []


def test_a_foreign_payer_can_be_allowed_explicitly(service: LyingService, bob: Shell) -> None:
    bob.profile("bob", service="http://127.0.0.1:1", key=service.bob)

    shown = bob("room", "ask", service.link(), "How much?", "--allow-foreign-payer", text="y\n")

    assert shown.code == 0
    assert f"!! your owner key goes to {service.url}, which is not your profile's service\n" in shown.err
    assert service.requests("POST", ".*/runs")[0].headers[HEADER] == service.bob
    assert service.requests("POST", BILLING) == []


def test_names_of_this_machine_are_one_service(service: LyingService, accepted: Shell) -> None:
    accepted.profile("bob", service=service.url.replace("127.0.0.1", "localhost"), key=service.bob)

    assert accepted("room", "ask", service.link(), "How much?").code == 0


def test_an_operator_profile_cannot_pay(service: LyingService, bob: Shell) -> None:
    bob.profile("ops", service=service.url, key="operator-key", role="admin")

    shown = bob("--profile", "ops", "room", "ask", service.link(), "How much?")

    assert shown.code == 1
    assert "holds no tenant key" in shown.err
    assert service.asked == []


def test_owner_commands_do_not_follow_a_link_to_another_service(service: LyingService, alice: Shell) -> None:
    alice.profile("alice", service="http://127.0.0.1:1", key=service.alice)

    for command in (["revoke", "-y"], ["trust", "--approve-live"], ["data"], ["add-data", "--meta", "a=b"]):
        verb, *options = command
        text = ["text"] if verb == "add-data" else []
        shown = alice("room", verb, service.link(), *text, *options)
        assert shown.code == 1
        assert f"the link is of {service.url}, profile 'alice' is of http://127.0.0.1:1" in shown.err
    assert service.asked == []


def test_no_secret_is_ever_printed(accepted: Shell, service: LyingService) -> None:
    service.answer("POST", ".*/runs", {"detail": "no"} | {"status": "x"})

    for arguments in (["-v", "room", "ask", service.link(), "Q"], ["profile", "show"], ["profile", "list"]):
        shown = accepted(*arguments)
        for secret in (service.bob, service.alice, service.invite, *service.bank.tokens):
            assert secret not in shown.out + shown.err
