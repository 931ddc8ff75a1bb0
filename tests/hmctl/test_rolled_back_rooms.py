"""Every command that reads a room refuses one that is older than what was seen, and sends nothing more to it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.hmctl import rows
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM, RUN = "room_0123456789ab", "4f0a9c1d22be"

OWNERS: list[tuple[str, ...]] = [
    ("inspect", ROOM),
    ("accept", ROOM),
    ("ask", ROOM, "How much?"),
    ("quote", ROOM),
    ("add-data", ROOM, "secret"),
    ("data", ROOM),
    ("delete-data", ROOM, "rvi_2ba7dd225bdfa906", "-y"),
    ("share", ROOM, "on"),
    ("share", ROOM, "off", "-y"),
    ("trust", ROOM, "--compose", "ab" * 32),
    ("runs", RUN, "--room", ROOM),
]


def _older(service: LyingService) -> Callable[[], Any]:
    service.publish(service.manifest(rules="Stricter.", serial=2, updated_at=1767225900.0))
    return lambda: service.publish(service.manifest())


def _revoked(service: LyingService) -> Callable[[], Any]:
    ended = rows.revocation(service.rooms[ROOM], key=service.owner_key)
    service.rooms[ROOM]["revocation"] = ended
    return lambda: service.rooms[ROOM].update(revocation=None, revoked_at=None)


LIES = {"older version": _older, "revoked by its owner": _revoked}


@pytest.mark.parametrize("words", OWNERS, ids=" ".join)
@pytest.mark.parametrize("reason", LIES)
def test_an_owner_notices_a_service_of_yesterday(
    reason: str, words: tuple[str, ...], alice: Shell, service: LyingService
) -> None:
    assert alice("room", "list").code == 0
    roll_back = LIES[reason](service)
    alice("room", "inspect", ROOM)
    roll_back()
    service.asked.clear()

    shown = alice("room", *words)

    assert shown.code == 1 and shown.out == "", shown.screen
    assert reason in shown.err
    assert [asked for asked in service.asked if asked.method != "GET"] == []


@pytest.mark.parametrize("reason", LIES)
def test_the_list_notices_it_too(reason: str, alice: Shell, service: LyingService) -> None:
    roll_back = LIES[reason](service)
    alice("room", "inspect", ROOM)
    roll_back()

    shown = alice("room", "list")

    assert shown.code == 0
    assert reason.split(maxsplit=1)[0] in (shown.out + shown.err)
    assert "active" not in shown.out


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("serial", None),
        ("serial", "2"),
        ("serial", 2.5),
        ("signed_at", None),
        ("signed_at", 10**400),
        ("manifest_hash", 5),
    ],
)
def test_a_version_that_cannot_be_read_is_not_forgotten(
    member: str, value: object, alice: Shell, service: LyingService
) -> None:
    roll_back = _older(service)
    assert alice("room", "inspect", ROOM).code == 0
    store = alice.home / "known-rooms.json"
    content = json.loads(store.read_text())
    (entry,) = content["rooms"].values()
    store.write_text(json.dumps({**content, "rooms": {next(iter(content["rooms"])): entry | {member: value}}}))
    roll_back()

    shown = alice("room", "ask", ROOM, "How much?", "--json")

    assert shown.code == 1 and json.loads(shown.out)["error"]["code"] == "store_damaged"
    assert service.requests("POST", ".*") == []
    assert "known-rooms.json" in alice("doctor").out


@pytest.mark.parametrize("lost", ["rooms", "owners"])
def test_a_store_without_one_of_its_parts_is_damaged(lost: str, alice: Shell, service: LyingService) -> None:
    assert alice("room", "inspect", ROOM).code == 0
    store = alice.home / "known-rooms.json"
    content = json.loads(store.read_text())
    del content[lost]
    store.write_text(json.dumps(content))

    shown = alice("room", "create", "aaaaaaaaaaaa", "--rules", "r", "--query-agent", "bbbbbbbbbbbb", "--json")

    assert shown.code == 1 and json.loads(shown.out)["error"]["code"] == "store_damaged"
    assert service.requests("POST", ".*") == []
