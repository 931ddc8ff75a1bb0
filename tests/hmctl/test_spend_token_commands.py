"""`spend-tokens`: a little of one's credit for somebody else."""

import json

from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM = "room_0123456789ab"


def test_from_minting_to_revoking(alice: Shell, carol: Shell, service: LyingService) -> None:
    made = alice(
        "spend-tokens", "mint", "--limit", "10", "--expires-in", "7d", "--room", service.link(), "--label", "x"
    )

    token, row = next(iter(service.bank.tokens.items()))
    assert made.code == 0
    assert f"Token:    {token}\n" in made.out and "Limit:    $10.000000\n" in made.out
    assert token not in made.err
    sent = service.requests("POST", ".*/spend-tokens")[0].json
    assert sent == {
        "limit_micro_usd": 10_000_000,
        "expires_in_seconds": 604_800,
        "room_id": ROOM,
        "service": service.url,
        "label": "x",
    }
    assert carol("room", "accept", service.link()).code == 0
    assert carol("room", "ask", service.link(), "Q", "--payer-key", token).code == 0
    listed = alice("spend-tokens", "list").out.splitlines()[1].split()
    assert listed[:4] == [row["token_id"], "$3.500000", "$10.000000", "live"]
    assert listed[-2:] == [ROOM, "x"]
    assert alice("spend-tokens", "revoke", row["token_id"], text="y\n").out == f"revoked {row['token_id']}\n"
    assert " revoked " in alice("spend-tokens", "list").out
    assert carol("room", "ask", service.link(), "Q", "--payer-key", token).code == 1


def test_expired_tokens_are_listed_as_such(alice: Shell, service: LyingService) -> None:
    assert alice("spend-tokens", "mint", "--limit", "1", "--expires-in", "60s").code == 0
    alice.clock.slept.append(61)

    assert " expired " in alice("spend-tokens", "list").out


def test_an_own_room_by_id_and_an_address(alice: Shell, service: LyingService) -> None:
    words = ["spend-tokens", "mint", "--limit", "1", "--room", ROOM, "--service", service.url + "/", "--json"]

    document = json.loads(alice(*words).out)

    assert document["token"] in service.bank.tokens
    assert (document["room_id"], document["service"]) == (ROOM, service.url)


def test_credit_is_only_spent_where_it_is(alice: Shell, service: LyingService) -> None:
    link = service.link(service="http://127.0.0.1:1")

    shown = alice("spend-tokens", "mint", "--limit", "1", "--room", link)

    assert shown.code == 1
    assert f"the credit of profile 'alice' is at {service.url}" in shown.err
    assert service.asked == []


def test_a_limit_is_needed_and_more_than_nothing(alice: Shell, service: LyingService) -> None:
    for words in ([], ["--limit", "0"], ["--limit", "lots"]):
        assert alice("spend-tokens", "mint", *words).code == 2
    assert service.asked == []


def test_exit_codes_and_questions(alice: Shell, carol: Shell, service: LyingService) -> None:
    assert alice("spend-tokens", "list").out == ""
    assert json.loads(alice("spend-tokens", "list", "--json").out) == []
    assert alice("spend-tokens", "revoke", "0e3a07e0cdf2").code == 1
    assert service.requests("DELETE", ".*") == []
    assert alice("spend-tokens", "revoke", "0e3a07e0cdf2", "-y").code == 3
    assert carol("spend-tokens", "list").code == 1


def test_a_share_links_run_is_read_and_cancelled_with_the_token_that_paid(
    bob: Shell, carol: Shell, service: LyingService
) -> None:
    assert bob("spend-tokens", "mint", "--limit", "10").code == 0
    token = next(iter(service.bank.tokens))
    link = service.link(share=True)
    assert carol("room", "accept", link).code == 0
    assert carol("room", "ask", link, "Q", "--payer-key", token).code == 0
    run_id = next(iter(service.runs))
    service.answer("DELETE", f"/v1/runs/{run_id}", {"run_id": run_id, "status": "cancelled"})
    service.asked.clear()

    assert carol("room", "runs", run_id, "--link", link, "--payer-key", token).code == 0
    assert carol("room", "cancel", run_id, "--link", link, "--payer-key", token, "-y").code == 0

    named = {asked.method for asked in service.asked if asked.headers.get("x-hivemind-api-key") == token}
    assert named == {"GET", "DELETE"}
