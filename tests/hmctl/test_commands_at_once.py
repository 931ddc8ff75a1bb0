"""Several commands on one home: none loses what another one decided, and none brings back what another one saw end."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hmctl.errors import RoomRejected
from hmctl.runs import asked
from hmctl.runs.asked import Asked, AskedRuns
from hmctl.trust.acceptances import Acceptances, Terms
from hmctl.trust.known_rooms import Known, KnownRooms
from tests.hmctl.http_service import Asked as Request
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM, SERVICE = "room_0123456789ab", "https://rooms.example"
APPROVE = """
import sys
from pathlib import Path
from hmctl.trust.store import TrustStore
for number in range(20):
    url = f"https://{sys.argv[2]}-{number}.example"
    TrustStore(Path(sys.argv[1])).approve(url, compose_hash="ab" * 32, app_id="", certificate_sha256="", at=1.0)
"""


def test_processes_that_approve_at_once_lose_nothing(tmp_path: Path) -> None:
    names = ("a", "b", "c", "d")
    running = [subprocess.Popen([sys.executable, "-c", APPROVE, str(tmp_path), name]) for name in names]
    assert [process.wait(timeout=60) for process in running] == [0] * 4

    kept = json.loads((tmp_path / "trust.json").read_text())["services"]
    assert set(kept) == {f"https://{name}-{number}.example" for name in names for number in range(20)}
    assert not list(tmp_path.glob(".trust.json.*"))


def test_different_stores_and_profiles_changed_at_once_are_all_whole(tmp_path: Path) -> None:
    terms = [Terms("bob", SERVICE, ROOM, "key", f"{number:064x}") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: Acceptances(tmp_path).accept(each, name="x", at=1.0), terms))
    assert all(Acceptances(tmp_path).has(each) for each in terms)


def test_a_version_that_another_command_saw_meanwhile_is_not_forgotten(tmp_path: Path) -> None:
    rooms = KnownRooms(tmp_path)
    rooms.remember(SERVICE, ROOM, Known("key", "aa" * 32, 4, 100.0))

    for older in (Known("key", "bb" * 32, 3, 200.0), Known("key", "bb" * 32, 4, 200.0)):
        with pytest.raises(RoomRejected) as refused:
            rooms.remember(SERVICE, ROOM, older)
        assert refused.value.code == "serial_rolled_back"
    with pytest.raises(RoomRejected) as refused:
        rooms.remember(SERVICE, ROOM, Known("another key", "bb" * 32, 9, 200.0))
    assert refused.value.code == "owner_key_changed"
    assert rooms.find(SERVICE, ROOM) == Known("key", "aa" * 32, 4, 100.0)


def test_a_command_that_was_shown_old_terms_while_another_saw_new_ones_is_refused(
    bob: Shell, service: LyingService
) -> None:
    """The service answers Bob's first command with the old version only after his second one saw the new one."""
    old = service.publish(service.manifest(serial=3))
    first = True

    def answer(request: Request) -> dict[str, Any]:
        nonlocal first
        if first:
            first = False
            newer = service.publish(service.manifest(serial=4, updated_at=1767225900.0))
            assert Shell(bob.home)("room", "inspect", service.link()).code == 0
            assert newer["manifest"]["serial"] == 4
            return {"room": old}
        return {"room": service.rooms[ROOM]}

    service.answer("GET", ".*/attest", answer)
    shown = bob("room", "inspect", service.link(), "--json")

    assert shown.code == 1 and json.loads(shown.out)["error"]["code"] == "serial_rolled_back"
    assert KnownRooms(bob.home).find(service.url, ROOM).serial == 4  # type: ignore[union-attr]


def test_commands_that_clear_away_old_notes_do_not_trip_over_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "_MOST_KEPT", 3)
    notes = [Asked(run_id=f"{number:012x}", service="s", room_id="r", room_manifest_hash="h") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(AskedRuns(tmp_path).keep, notes))

    assert 1 <= len(list((tmp_path / "runs").glob("*.json"))) <= 10
