"""Where pins reach: agents of rooms, signed records, paying keys, key rotation and renamed profiles."""

import json
from pathlib import Path
from typing import Any

import pytest

from attestation.tokens import OWNER, new_token
from tests.hmctl.enclave import Enclave
from tests.hmctl.lying_service import EMPTY_DIGEST, LyingService
from tests.hmctl.pin_board import PinBoard
from tests.hmctl.shell import Shell

ROOM, AGENT = "room_0123456789ab", "aaaaaaaaaaaa"
OTHER_BUILD = "ee" * 32


@pytest.fixture
def enclave(service: LyingService) -> Enclave:
    return Enclave(service)


@pytest.fixture
def board(service: LyingService) -> PinBoard:
    return PinBoard(service)


@pytest.fixture
def owner(alice: Shell, enclave: Enclave, board: PinBoard, tmp_path: Path) -> Shell:
    enclave.equip(alice, tmp_path)
    alice.environment["HIVEMIND_TRUST_ALL"] = "1"
    return alice


def shows_agent(service: LyingService, digest: str) -> None:
    """The service describes the room's scope agent."""
    about = {"agent_id": AGENT, "attested_files_digest_sha256": digest}
    service.lie("GET", "/v1/rooms/[^/]+/attest", lambda body: body | {"scope_agent": about})
    service.answer("GET", "/v1/room-agents/[^/]+/attest", about)


def pinned(shell: Shell, *more: str) -> str:
    shown = shell("trust", "pin", "create", "--live", *more, "-y", "--json")
    assert shown.code == 0, shown.screen
    return str(json.loads(shown.out)["pin_id"])


def error(text: str) -> Any:
    return json.loads(text)["error"]


def test_the_digest_of_an_agent_is_taken_from_the_service_and_pinned(owner: Shell, service: LyingService) -> None:
    shows_agent(service, EMPTY_DIGEST)

    pin_id = pinned(owner, "--scope-agent", AGENT)

    assert json.loads(owner("trust", "pin", "show", pin_id, "--json").out)["attested_files_digest"] == EMPTY_DIGEST
    assert owner("room", "inspect", ROOM).code == 0
    assert owner("room", "ask", ROOM, "How much?").code == 0


@pytest.mark.parametrize(
    "command",
    [("inspect", ROOM), ("ask", ROOM, "How much?"), ("add-data", ROOM, "secret text"), ("data", ROOM)],
    ids=lambda words: words[0],
)
def test_a_room_with_other_files_of_a_pinned_agent_is_refused(
    owner: Shell, service: LyingService, command: tuple[str, ...]
) -> None:
    pinned(owner, "--scope-agent", AGENT, "--files-digest", "dd" * 32)
    shows_agent(service, EMPTY_DIGEST)
    service.asked.clear()

    shown = owner("room", *command, "--json")

    assert shown.code == 1 and error(shown.out)["code"] == "pinned_agent_differs"
    assert not [asked for asked in service.asked if asked.method == "POST"]


def test_an_agent_that_is_not_described_is_not_taken_for_the_pinned_one(owner: Shell) -> None:
    pinned(owner, "--scope-agent", AGENT, "--files-digest", "dd" * 32)

    shown = owner("room", "inspect", ROOM, "--json")

    assert shown.code == 1 and "no digest of its files" in error(shown.out)["message"]


def test_no_room_is_made_with_other_files_of_a_pinned_agent(owner: Shell, service: LyingService) -> None:
    pinned(owner, "--scope-agent", AGENT, "--files-digest", "dd" * 32)
    shows_agent(service, EMPTY_DIGEST)

    shown = owner("room", "create", AGENT, "--rules", "r", "--query-agent", "bbbbbbbbbbbb", "--json")

    assert shown.code == 1 and error(shown.out)["code"] == "pinned_agent_differs", shown.screen
    assert not service.requests("POST", "/v1/rooms")


def test_a_record_of_another_agent_than_the_pinned_one_is_rejected(owner: Shell, service: LyingService) -> None:
    pinned(owner, "--scope-agent", AGENT, "--files-digest", "dd" * 32)
    shows_agent(service, "dd" * 32)

    shown = owner("room", "ask", ROOM, "How much?", "--json")

    assert shown.code == 6 and json.loads(shown.out)["code"] == "pinned_agent_differs", shown.screen


def test_a_pin_about_one_agent_keeps_the_key_from_other_builds_too(
    owner: Shell, service: LyingService, enclave: Enclave
) -> None:
    pinned(owner, "--scope-agent", AGENT, "--files-digest", EMPTY_DIGEST)
    pinned(owner, "--compose", OTHER_BUILD)
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()

    shown = owner("balance", "--json")

    assert shown.code == 4 and f"about agent {AGENT}" in error(shown.out)["message"]
    assert not [asked for asked in service.asked if asked.bearer]


def test_an_invite_of_a_room_with_a_pinned_agent_is_held_to_the_pin_too(
    owner: Shell, service: LyingService, enclave: Enclave
) -> None:
    shows_agent(service, EMPTY_DIGEST)
    pinned(owner, "--scope-agent", AGENT)
    enclave.upgrade(OTHER_BUILD)

    shown = owner("room", "inspect", service.link(), "--json")

    assert shown.code == 4 and error(shown.out)["code"] == "compose_not_pinned"


def test_a_rotated_key_signs_the_pins_anew(
    owner: Shell, service: LyingService, board: PinBoard, enclave: Enclave
) -> None:
    old = pinned(owner)
    fresh = new_token(OWNER)
    service.answer("POST", "/v1/tenant/rotate-key", {"tenant_id": "t_0123456789ab", "api_key": fresh})

    assert owner("rotate-key", "-y").code == 0

    pins = json.loads(owner("trust", "pin", "list", "--json").out)["pins"]
    assert [(pin["state"], pin["registered"]) for pin in pins] == [("in_force", True)] and pins[0]["pin_id"] != old
    assert board.rows[0]["pin_id"] == pins[0]["pin_id"]
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()
    assert owner("balance", "--json").code == 4
    assert not [asked for asked in service.asked if asked.bearer]


def test_another_key_under_the_same_profile_does_not_shake_off_the_pins(
    owner: Shell, service: LyingService, enclave: Enclave
) -> None:
    pin_id = pinned(owner)
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()

    shown = owner("init", "--service", service.url, "--api-key", service.bob, "--force", "--json")

    assert shown.code == 4 and error(shown.out)["check"] == "compose pin"
    assert not [asked for asked in service.asked if asked.bearer]
    assert owner("trust", "pin", "revoke", pin_id, "-y", "--local").code == 0
    assert owner("init", "--service", service.url, "--api-key", service.bob, "--force").code == 0


def test_pins_follow_a_renamed_profile(owner: Shell, service: LyingService, enclave: Enclave) -> None:
    pin_id = pinned(owner)

    assert owner("profile", "rename", "alice", "boss").code == 0

    entries = json.loads((owner.home / "compose-pins.json").read_text())["keys"]
    assert [entry["profile"] for entry in entries.values()] == ["boss"]
    assert owner("trust", "pin", "show", pin_id).code == 0


def test_an_owner_key_that_pays_directly_is_held_back_too(
    bob: Shell, service: LyingService, board: PinBoard, enclave: Enclave, tmp_path: Path
) -> None:
    enclave.equip(bob, tmp_path)
    bob.environment["HIVEMIND_TRUST_ALL"] = "1"
    service.features = ["client_nonce"]  # no spend tokens: the key itself would pay
    assert bob("room", "accept", service.link(), text="y\n").code == 0
    pinned(bob)
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()

    shown = bob("room", "ask", service.link(), "How much?", "--json")

    assert shown.code == 4 and error(shown.out)["check"] == "compose pin", shown.screen
    assert not [asked for asked in service.asked if service.bob in str(asked.headers)]
