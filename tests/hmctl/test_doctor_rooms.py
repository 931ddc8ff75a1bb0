"""What `doctor ROOM` says of a room that cannot be used: the same code as the command that would refuse it."""

import json
import time
from typing import Any

import pytest

from tests.hmctl import rows
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell, Shown

ROOM = "room_0123456789ab"
GONE = Reply({"detail": "Missing or invalid token"}, status=401)
CLAIMED = Reply({"detail": "This room has been revoked"}, status=403)


def _finding(shown: Shown, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in json.loads(shown.out)["checks"] if item["name"] == name)
    return found


def _end(service: LyingService) -> None:
    service.rooms[ROOM]["revocation"] = rows.revocation(service.rooms[ROOM], key=service.owner_key)
    service.answer("GET", ".*/attest", GONE)
    service.answer("GET", "/v1/whoami", GONE)


def _claim(service: LyingService) -> None:
    service.answer("GET", ".*/attest", CLAIMED)


def _expire(service: LyingService) -> None:
    service.publish(service.manifest(expires_at=time.time() - 60, serial=9))


def _roll_back(service: LyingService) -> None:
    service.publish(service.manifest(rules="Everything.", created_at=1.5))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_end, "room_revoked"),
        (_claim, "revocation_unproven"),
        (_expire, "room_expired"),
        (_roll_back, "serial_rolled_back"),
    ],
)
def test_a_room_that_cannot_be_used_has_the_code_of_its_refusal(
    change: Any, code: str, accepted: Shell, service: LyingService
) -> None:
    change(service)

    shown = accepted("doctor", service.link(), "--json")
    refused = accepted("room", "inspect", service.link(), "--json")

    assert shown.code == 1
    assert json.loads(refused.out)["error"]["code"] == code
    assert (_finding(shown, "room")["status"], _finding(shown, "room")["code"]) == ("fail", code)
    assert _finding(shown, "room trust")["status"] == "warn"


def test_the_code_is_shown_to_people_as_well(accepted: Shell, service: LyingService) -> None:
    _end(service)

    assert "(room_revoked)" in accepted("doctor", service.link()).out


def test_a_room_that_is_known_to_have_ended_gets_no_invite(accepted: Shell, service: LyingService) -> None:
    _end(service)
    accepted("room", "inspect", service.link())
    service.asked.clear()

    shown = accepted("doctor", service.link(), "--json")

    assert _finding(shown, "room")["code"] == "room_revoked"
    assert not [asked for asked in service.asked if asked.bearer == service.invite]
