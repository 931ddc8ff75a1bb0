"""The asker's owner key goes to his own service, with the question, and nowhere else."""

from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

HEADER = "x-hivemind-api-key"


def test_only_the_submit_carries_the_payer_of_an_invite(accepted: Shell, service: LyingService) -> None:
    assert accepted("room", "ask", service.link(), "How much?").code == 0

    told = [(asked.method, asked.path) for asked in service.asked if HEADER in asked.headers]
    assert told == [("POST", "/v1/rooms/room_0123456789ab/runs")]
    assert service.requests("POST", ".*/runs")[0].headers[HEADER] == service.bob
    assert {asked.bearer for asked in service.asked if asked.bearer} == {service.invite}


def test_a_share_link_also_needs_it_to_read_the_run(bob: Shell, service: LyingService) -> None:
    assert bob("room", "accept", service.link(share=True)).code == 0
    service.asked.clear()

    assert bob("room", "ask", service.link(share=True), "How much?").code == 0

    told = {(asked.method, asked.path.split("/")[2]) for asked in service.asked if HEADER in asked.headers}
    assert told == {("POST", "rooms"), ("GET", "runs")}
    assert all(HEADER not in asked.headers for asked in service.requests("GET", ".*/attest"))


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

    assert bob("room", "ask", service.link(), "How much?", "--allow-foreign-payer", text="y\n").code == 0


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
        for secret in (service.bob, service.alice, service.invite):
            assert secret not in shown.out + shown.err
