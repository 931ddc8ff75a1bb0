"""Who gets which answer from every route of a room: one table, every caller, every route."""

import json

import pytest

from attestation.tokens import INVITE, SHARE, new_token
from hivemind.kit import clock
from tenants.models import Tenant
from tests.factories import rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person, client

ROUTES = {
    "read": ("GET", "", None),
    "attest": ("GET", "/attest", None),
    "key": ("GET", "/key", None),
    "open": ("POST", "/open", None),
    "list data": ("GET", "/data", None),
    "add data": ("POST", "/data", {"text": "x"}),
    "delete data": ("DELETE", "/data/rvi_0123456789abcdef", None),
    "see link": ("GET", "/share-link", None),
    "enable link": ("POST", "/share-link", None),
    "rotate link": ("POST", "/share-link/rotate", None),
    "disable link": ("DELETE", "/share-link", None),
    "trust": ("POST", "/trust", {}),
    "sign an end": ("POST", "/revocation/sign", None),
    "revoke": ("DELETE", "", None),
}
OWNER_ONLY = {"list data", "add data", "delete data", "see link", "enable link", "rotate link", "disable link"} | {
    "trust",
    "sign an end",
    "revoke",
}
# What each caller is told where it may not go; None means: let in.
CALLERS: dict[str, int | None] = {
    "owner": None,
    "invite": None,
    "share": None,
    "other owner": 404,
    "invite of another room": 403,
    "share of another room": 403,
    "invite of a revoked room": 401,
    "revoked invite": 401,
    "rotated share": 401,
    "unknown invite": 401,
    "unknown share": 401,
    "nobody": 401,
    "invite of a suspended tenant": 401,
    "owner of a suspended tenant": 401,
}


def _bearer(caller: str, alice: Person, carol: Person, room: MadeRoom) -> str:
    match caller:
        case "owner":
            return alice.api_key
        case "invite":
            return room.invite
        case "share":
            return room.share()
        case "other owner":
            return carol.api_key
        case "invite of another room":
            return rooms.room(alice).invite
        case "share of another room":
            return rooms.room(alice).share()
        case "invite of a revoked room":
            alice.client.delete(room.url)
            return room.invite
        case "revoked invite":
            alice.client.delete(f"/v1/tenant/tokens/{room.guest.token_id}")
            return room.invite
        case "rotated share":
            old = room.share()
            alice.client.post(f"{room.url}/share-link/rotate")
            return old
        case "unknown invite":
            return new_token(INVITE)
        case "unknown share":
            return new_token(SHARE)
        case "nobody":
            return ""
    Tenant.objects.filter(pk=alice.tenant.pk).update(suspended_at=clock.now())
    return room.invite if "invite" in caller else alice.api_key


@pytest.mark.parametrize("caller", CALLERS)
def test_every_caller_at_every_route(alice: Person, carol: Person, room: MadeRoom, caller: str) -> None:
    by = client(_bearer(caller, alice, carol, room))
    revoked_before = room.row.revoked_at
    for route, (method, rest, body) in ROUTES.items():
        text = json.dumps(body) if body is not None else ""
        answer = by.generic(method, room.url + rest, text, content_type="application/json")
        assert (route, answer.status_code) == (route, _expected(caller, route))
        if answer.status_code != 200:
            assert set(answer.json()) <= {"detail", "code", "error"}
    assert (room.row.revoked_at == revoked_before) is (caller != "owner")


def _expected(caller: str, route: str) -> int:
    refused = CALLERS[caller]
    guest = caller.startswith(("invite", "share"))
    if refused == 401:
        return 401
    if guest and route in OWNER_ONLY:
        return 403
    if refused is not None:
        return refused
    return {"delete data": 404, "sign an end": 409}.get(route, 200)


@pytest.mark.parametrize("room_id", ["room_000000000000", "room_x", "%00", "x" * 500, "..", "ROOM_0123456789AB"])
def test_a_guest_learns_nothing_about_other_ids(room: MadeRoom, room_id: str) -> None:
    answer = room.bob.get(f"/v1/rooms/{room_id}/key")
    assert answer.status_code in (403, 404)
    if answer.status_code == 403:
        assert answer.json()["code"] == "token_of_other_room"


@pytest.mark.parametrize("room_id", ["room_x", "%00", "x" * 500, "ROOM_0123456789AB"])
def test_an_owner_is_told_of_ids_that_no_room_can_have_that_there_is_none(alice: Person, room_id: str) -> None:
    for by in (alice.client.get, alice.client.delete):
        assert by(f"/v1/rooms/{room_id}").status_code == 404
