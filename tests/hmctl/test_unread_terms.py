"""Signed members that this version does not know are shown like everything else that is agreed to."""

import json
from typing import Any

import pytest

from attestation import envelope
from attestation.manifests.room import AgentDigests, AgentRef, parse_room
from hmctl.render import unread
from tests.hmctl import rows
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

SCOPE = AgentDigests("scope", "aaaaaaaaaaaa", "ab" * 32, "cd" * 32, "")
TITLE = "Also signed, and not known to this version of hmctl:"


def _publish(service: LyingService, change: Any, **changes: Any) -> None:
    """Alice signs a room with members of a later version."""
    manifest = service.manifest(agents=(SCOPE,), **changes)
    wire = json.loads(json.dumps(manifest.to_wire()))
    change(wire)
    signed = envelope.sign(wire, key=service.owner_key)
    service.rooms[manifest.room_id] = rows.room(signed, manifest) | {"manifest": wire}


def _later(wire: dict[str, Any]) -> None:
    wire["answers_per_day"] = 3
    wire["egress"]["hosts"] = ["evil.example\n  Files: none"]
    wire["agents"][0]["memory_mb"] = 64
    wire["query"]["more\n  Files: none\n  Expires"] = 1
    wire["scope"]["\x1b[2Jrights"] = {"write": True}


def test_members_of_a_later_version_are_shown_before_anybody_agrees(bob: Shell, service: LyingService) -> None:
    _publish(service, _later)

    shown = bob("room", "accept", service.link())

    assert shown.code == 0 and TITLE in shown.out
    told = shown.out.partition(TITLE)[2]
    for line in ("answers_per_day:", "egress.hosts:", "agents[0].memory_mb:", "write", "\\x1b[2Jrights:"):
        assert line in told, shown.out
    assert "\x1b" not in shown.out
    assert not [line for line in shown.out.splitlines() if line.strip().startswith("Files: none")]


def test_a_change_of_one_of_them_is_a_difference(accepted: Shell, service: LyingService) -> None:
    _publish(service, _later, serial=2, updated_at=1767225900.0)

    shown = accepted("room", "accept", service.link())

    assert "Signed member 'egress.hosts'" in shown.err + shown.out
    assert "Signed member 'answers_per_day'" in shown.err + shown.out


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"serial": 2, "updated_at": 1.5, "expires_at": 4102444800.0, "agents": (SCOPE,), "require_row_policies": True},
        {"mediator": AgentRef("cccccccccccc", "sealed"), "allowed_tables": None},
    ],
)
def test_a_room_of_this_version_has_none(changes: dict[str, Any], bob: Shell, service: LyingService) -> None:
    service.publish(service.manifest(**changes))

    assert TITLE not in bob("room", "inspect", service.link()).out


def test_members_with_their_empty_values_are_known(service: LyingService) -> None:
    wire = service.manifest().to_wire() | {"serial": 0, "agents": [], "mediator": {"agent_id": "", "visibility": "x"}}
    wire["scope"] = wire["scope"] | {"require_row_policies": False}

    assert unread.members(parse_room(wire), wire) == {}
