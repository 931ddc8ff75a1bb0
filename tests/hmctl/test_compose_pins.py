"""Compose pins: the owner key goes only to builds that the owner signed for, whatever the service says or hides."""

import json
from pathlib import Path

import pytest

from attestation.keys import SigningKey, derive_room_signing_key
from attestation.manifests.compose_pin import ComposePin, sign_pin
from tests.hmctl.enclave import Enclave
from tests.hmctl.lying_service import LyingService
from tests.hmctl.pin_board import PinBoard
from tests.hmctl.shell import Shell, Shown

TENANT = "t_0123456789ab"
OTHER_BUILD = "ee" * 32


@pytest.fixture
def enclave(service: LyingService) -> Enclave:
    return Enclave(service)


@pytest.fixture
def board(service: LyingService) -> PinBoard:
    return PinBoard(service)


@pytest.fixture
def owner(alice: Shell, enclave: Enclave, tmp_path: Path) -> Shell:
    """Alice's machine, which approved what runs now and approves whatever comes."""
    enclave.equip(alice, tmp_path)
    alice.environment["HIVEMIND_TRUST_ALL"] = "1"
    return alice


def pinned(shell: Shell, *more: str) -> str:
    """The id of a new pin for what runs."""
    shown = shell("trust", "pin", "create", *(more or ("--live",)), "-y", "--json")
    assert shown.code == 0, shown.screen
    return str(json.loads(shown.out)["pin_id"])


def refused(shown: Shown, service: LyingService) -> None:
    """The command was refused for the pin before the owner key was sent."""
    assert shown.code == 4, shown.screen
    assert json.loads(shown.out)["error"]["check"] == "compose pin"
    assert not [asked for asked in service.asked if asked.bearer or "x-hivemind-api-key" in asked.headers]


def signed(
    service: LyingService, *composes: str, key: SigningKey | None = None, **members: object
) -> dict[str, object]:
    """A pin as another machine of Alice's would have signed it."""
    pin = ComposePin(TENANT, composes, "", "", 1_900_000_000, 0)
    pin = ComposePin(**(vars(pin) | members))
    return sign_pin(pin, key=key or derive_room_signing_key(service.alice, tenant_id=pin.tenant_id))


def test_a_pin_is_signed_kept_and_registered(owner: Shell, board: PinBoard, enclave: Enclave) -> None:
    pin_id = pinned(owner)

    assert [row["pin_id"] for row in board.rows] == [pin_id]
    envelope = board.rows[0]["envelope"]
    assert (envelope["tenant_id"], envelope["allowed_composes"], envelope["exp"]) == (TENANT, [enclave.build], 0)
    store = owner.home / "compose-pins.json"
    assert store.stat().st_mode & 0o777 == 0o600
    assert pin_id in owner("trust", "pin", "list").out and "in force" in owner("trust", "pin", "list").out


def test_the_pinned_build_gets_the_key_and_no_other(
    owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService
) -> None:
    pinned(owner)
    assert owner("balance").code == 0
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()

    refused(owner("balance", "--json"), service)
    refused(owner("room", "list", "--json"), service)
    refused(owner("rotate-key", "-y", "--json"), service)
    refused(owner("room", "inspect", "room_0123456789ab", "--json"), service)


def test_no_flag_lifts_a_pin(owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService) -> None:
    pinned(owner)
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()

    refused(owner("-y", "balance", "--json"), service)
    refused(owner("--dangerously-skip-attestations", "balance", "--json"), service)
    refused(owner("--allow-degraded-attestation", "balance", "--json"), service)
    service.answer("GET", "/v1/attestation", {"ready": False, "reason": "booting", "hivemind_version": "0.3.7"})
    refused(owner("balance", "--json"), service)


def test_another_address_of_the_service_does_not_lift_a_pin(
    owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService
) -> None:
    pinned(owner)
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()
    elsewhere = service.url.replace("127.0.0.1", "localhost")

    shown = owner("init", "--service", elsewhere, "--api-key", service.alice, "--json")

    refused(shown, service)


def test_a_service_that_hides_a_pin_is_told_on_and_changes_nothing(
    owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService
) -> None:
    pin_id = pinned(owner)
    board.hidden.add(pin_id)
    owner.clock.sleep(7200)

    shown = owner("balance")
    assert shown.code == 0 and f"withholds your compose pin {pin_id}" in shown.err
    listed = json.loads(owner("trust", "pin", "list", "--json").out)
    assert listed["at_the_service"]["withheld"] == [pin_id]
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()
    refused(owner("balance", "--json"), service)


def test_a_revocation_by_the_service_alone_ends_nothing(
    owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService
) -> None:
    pin_id = pinned(owner)
    board.rows[0]["revoked_at"] = 5.0

    listed = json.loads(owner("trust", "pin", "list", "--json").out)

    assert listed["at_the_service"]["revoked_there_only"] == [pin_id]
    assert [pin["state"] for pin in listed["pins"]] == ["in_force"]
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()
    refused(owner("balance", "--json"), service)


def test_a_pin_signed_on_another_machine_is_taken_over_and_enforced_at_once(
    owner: Shell, board: PinBoard, service: LyingService, enclave: Enclave
) -> None:
    board.put(signed(service, OTHER_BUILD))

    shown = owner("balance", "--json")

    assert shown.code == 4 and json.loads(shown.out)["error"]["code"] == "compose_not_pinned"
    assert not service.requests("GET", "/v1/billing")
    service.asked.clear()
    refused(owner("balance", "--json"), service)


def test_pins_that_the_owner_did_not_sign_are_worth_nothing(
    owner: Shell, board: PinBoard, service: LyingService
) -> None:
    board.put(signed(service, OTHER_BUILD, key=SigningKey.generate()))
    forged = signed(service, OTHER_BUILD)
    board.put(forged | {"allowed_composes": []})
    board.put({"schema_version": 1})

    assert owner("balance").code == 0
    listed = json.loads(owner("trust", "pin", "list", "--json").out)
    assert listed["pins"] == [] and len(listed["at_the_service"]["not_yours"]) == 3


def test_an_older_pin_of_the_service_does_not_replace_a_newer_one(
    owner: Shell, board: PinBoard, service: LyingService
) -> None:
    board.put(signed(service, OTHER_BUILD, issued_at=1_700_000_000))
    assert owner("balance").code == 4
    pin_id = pinned(owner, "--live")

    assert owner("balance").code == 0
    states = {pin["pin_id"]: pin["state"] for pin in json.loads(owner("trust", "pin", "list", "--json").out)["pins"]}
    assert states.pop(pin_id) == "in_force" and list(states.values()) == ["superseded"]


def test_an_expired_pin_protects_no_more_and_says_so(
    owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService
) -> None:
    pin_id = pinned(owner, "--live", "--expires-in", "1h")
    enclave.upgrade(OTHER_BUILD)
    service.asked.clear()
    refused(owner("balance", "--json"), service)
    owner.clock.sleep(3700)

    shown = owner("balance")

    assert shown.code == 0 and f"your compose pin {pin_id} expired" in shown.err


def test_revoking_ends_a_pin_here_and_at_the_service_for_good(
    owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService
) -> None:
    pin_id = pinned(owner)
    enclave.upgrade(OTHER_BUILD)

    assert owner("trust", "pin", "revoke", pin_id, text="n\n").code == 1
    assert owner("trust", "pin", "revoke", pin_id, "-y").code == 0
    assert board.rows[0]["revoked_at"] is not None
    board.rows[0]["revoked_at"] = None  # the service brings it back
    owner.clock.sleep(7200)
    assert owner("balance").code == 0
    assert json.loads(owner("trust", "pin", "show", pin_id, "--json").out)["state"] == "revoked"


def test_revoking_works_here_when_the_service_cannot_be_told(
    owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService
) -> None:
    first = pinned(owner, "--live", "--expires-in", "30d")
    agent = pinned(owner, "--live", "--scope-agent", "aaaaaaaaaaaa", "--files-digest", "dd" * 32)
    enclave.upgrade(OTHER_BUILD)

    shown = owner("trust", "pin", "revoke", first, "-y", "--json")

    told = json.loads(shown.out)
    assert shown.code == 4 and (told["revoked_here"], told["service_told"]) == (True, False)
    assert told["problem"]["code"] == "compose_not_pinned" and agent in told["problem"]["message"]
    assert owner("trust", "pin", "revoke", agent, "-y", "--local").code == 0
    assert owner("balance").code == 0


def test_a_damaged_or_forged_file_is_an_error_and_never_no_pins(
    owner: Shell, board: PinBoard, enclave: Enclave, service: LyingService
) -> None:
    pinned(owner)
    store = owner.home / "compose-pins.json"
    whole = store.read_text()
    service.asked.clear()

    for text in ("{", "[]", '{"version": 2, "keys": {}}', whole.replace(enclave.build, OTHER_BUILD)):
        store.write_text(text)
        shown = owner("balance", "--json")
        assert (shown.code, json.loads(shown.out)["error"]["code"]) == (1, "store_damaged"), shown.screen
    assert not [asked for asked in service.asked if asked.bearer]


def test_a_build_that_is_not_proven_cannot_be_pinned(alice: Shell, board: PinBoard) -> None:
    shown = alice("trust", "pin", "create", "--live")

    assert shown.code == 1 and "does not prove its build" in shown.err
    assert board.rows == [] and not (alice.home / "compose-pins.json").exists()


def test_a_pin_without_the_running_build_is_asked_about_and_kept_from_it(
    owner: Shell, board: PinBoard, service: LyingService
) -> None:
    assert owner("trust", "pin", "create", "--compose", OTHER_BUILD, text="n\n").code == 1
    shown = owner("trust", "pin", "create", "--compose", OTHER_BUILD, "-y", "--json")

    made = json.loads(shown.out)
    assert shown.code == 4 and made["problem"]["code"] == "compose_not_pinned" and made["registered"] is False
    assert board.rows == []
    service.asked.clear()
    refused(owner("balance", "--json"), service)
