"""A service that is put back to its state of before a revocation, against a client that saw the owner's signature."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.factories.service import TRIVIAL, Service
from tests.system.asker import Hmctl, bob

__all__ = ["bob"]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def room(service: Service) -> dict[str, Any]:
    """A room of its own, because it is revoked, with its invite."""
    agents = {f"{kind}_agent_id": service.agent(kind, source) for kind, source in TRIVIAL.items()}
    egress = {"llm_providers": [], "allow_artifacts": False}
    return dict(service.post("/rooms", name="short-lived", query_mode="fixed", egress=egress, **agents))


def test_a_revoked_room_does_not_come_back_with_an_old_database(
    bob: Hmctl, service: Service, room: dict[str, Any], tmp_path: Path
) -> None:
    link, room_id = room["link"], room["room_id"]
    bob("room", "accept", link)
    backup = tmp_path / "before.json"
    backup.write_text(service.manage("dumpdata", "rooms"))

    told = service.http.delete(f"/rooms/{room_id}").json()
    assert told["revocation"]["statement"]["serial"] == 2
    assert "This room was revoked by its owner." in bob("room", "inspect", link, code=1)

    service.manage("loaddata", str(backup))
    alive = service.http.get(f"/rooms/{room_id}/attest")
    assert alive.status_code == 200 and alive.json()["room"]["revoked_at"] is None  # to everybody else it is there
    for words in (("room", "inspect", link), ("room", "accept", link), ("room", "ask", link, "How much?")):
        assert "This room was revoked by its owner." in bob(*words, code=1)
    error = json.loads(bob("room", "inspect", link, "--json", code=1))["error"]
    assert (error["code"], error["check"]) == ("room_revoked", "revocation")
    bob("room", "quote", link, code=1)
    service.manage("shell", "-c", f"from rooms.models import Room; Room.objects.get(pk={room_id!r}).delete()")
    assert "This room was revoked by its owner." in bob("room", "inspect", link, code=1)
