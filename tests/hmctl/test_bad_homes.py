"""A home that is full, linked elsewhere or no folder: one clear error, nothing half done, nothing forgotten."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from attestation.tokens import OWNER, new_token
from tests.hmctl.enclave import Enclave
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM = "room_0123456789ab"


def _content(home: Path) -> dict[str, bytes]:
    found = {path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name != ".lock"}


@pytest.fixture
def _full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with room for names of files and not for content."""

    def no_space(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("hmctl.files.os.fsync", no_space)


@pytest.mark.usefixtures("_full")
@pytest.mark.parametrize(
    "command",
    [
        ["profile", "use", "alice"],
        ["profile", "rename", "alice", "al"],
        ["-y", "rotate-key"],
        ["-y", "signup", "x"],
        ["--profile", "new", "init", "--api-key", "-"],
        ["room", "ask", ROOM, "How much?"],
        ["room", "accept", "LINK"],
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_a_full_disk_stops_a_command_before_anything_is_done(
    command: list[str], alice: Shell, service: LyingService
) -> None:
    alice.environment["HIVEMIND_DEFAULT_SERVICE"] = service.url
    before = _content(alice.home)
    words = [service.link() if word == "LINK" else word for word in command]

    shown = alice(*words, text=service.alice + "\n" if "init" in words else "y\n")

    assert shown.code == 1, shown.screen
    assert "No space left on device" in shown.err and shown.err.count("error: ") == 1
    assert _content(alice.home) == before
    assert service.requests("POST", ".*") == []


STORES = ["trust.json", "accepted-rooms.json", "known-rooms.json", "compose-pins.json", "trust-policy.json"]


@pytest.mark.parametrize("name", STORES)
def test_a_link_to_nothing_is_not_an_empty_store(name: str, bob: Shell, service: LyingService, tmp_path: Path) -> None:
    """The disk that holds the decisions is not there today."""
    Enclave(service).equip(bob, tmp_path)
    bob.environment["HIVEMIND_TRUST_ALL"] = "1"
    (bob.home / name).symlink_to(tmp_path / "gone" / name)

    shown = bob("room", "ask", service.link(), "How much?", "--json")

    assert shown.code == 1
    assert f"{name}: it is a link that leads nowhere" in json.loads(shown.out)["error"]["message"]
    assert service.requests("POST", ".*/runs") == []
    assert (bob.home / name).is_symlink()


def test_what_a_store_is_linked_to_is_read_and_never_overwritten(
    bob: Shell, service: LyingService, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("{}")
    (bob.home / "accepted-rooms.json").symlink_to(elsewhere)

    assert bob("room", "accept", service.link()).code == 0

    assert elsewhere.read_text() == "{}"
    assert ROOM in (bob.home / "accepted-rooms.json").read_text()


@pytest.mark.parametrize("home", ["/dev/null", "/dev/null/home"])
@pytest.mark.parametrize("command", [["room", "list"], ["trust", "show"], ["trust", "reset", "--all"], ["signup", "x"]])
def test_a_home_that_is_no_folder_is_one_error(
    home: str, command: list[str], carol: Shell, service: LyingService
) -> None:
    carol.environment |= {"HIVEMIND_HOME": home, "HIVEMIND_DEFAULT_SERVICE": service.url}

    shown = carol(*command)

    assert shown.code == 1 and shown.err.startswith(f"error: cannot read {home}/")
    assert service.requests("POST", ".*") == []


@pytest.mark.usefixtures("_full")
def test_the_invite_of_a_new_room_is_not_lost_on_a_full_disk(alice: Shell) -> None:
    shown = alice("room", "create", "aaaaaaaaaaaa", "--rules", "r", "--query-agent", "bbbbbbbbbbbb")

    assert shown.code == 0 and "Invite: hmroom://" in shown.out
    assert "this room is not remembered" in shown.err


def _forbidden(*_: Any, **__: Any) -> Any:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "home")


def test_a_home_that_can_only_be_read_warns_or_is_one_error(
    bob: Shell, service: LyingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hmctl.files.os.open", _forbidden)
    monkeypatch.setattr("hmctl.files.tempfile.mkstemp", _forbidden)

    seen = bob("room", "inspect", service.link())
    assert seen.code == 0 and "warning: this room's version is not remembered: cannot write in" in seen.err
    for command in (["room", "accept", service.link()], ["profile", "use", "bob"], ["-y", "rotate-key"]):
        shown = bob(*command)
        assert shown.code == 1 and shown.err.count("error: cannot write") == 1, shown.screen
    assert service.requests("POST", ".*") == []


def test_a_home_that_cannot_be_looked_into_is_named(
    bob: Shell, service: LyingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stat", "lstat", "iterdir", "read_text"):
        monkeypatch.setattr(Path, name, _forbidden)

    for command in (["profile", "list"], ["profile", "use", "bob"], ["room", "list"]):
        shown = bob(*command)
        assert shown.code == 1 and "Permission denied" in shown.err, shown.screen
    checks = {
        check["name"]: check["status"] for check in json.loads(bob("doctor", service.link(), "--json").out)["checks"]
    }
    assert [checks[name] for name in ("home", "file permissions", "stores", "profile")] == ["fail"] * 4


def test_a_rotated_key_that_cannot_be_kept_is_printed(
    alice: Shell, service: LyingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full only after the old key had died."""
    key, sync = new_token(OWNER), os.fsync

    def rotate(_: Any) -> dict[str, str]:
        monkeypatch.setattr("hmctl.files.os.fsync", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        return {"tenant_id": "t_0123456789ab", "api_key": key}

    service.answer("POST", "/v1/tenant/rotate-key", rotate)
    shown = alice("-y", "rotate-key")
    monkeypatch.setattr("hmctl.files.os.fsync", sync)

    assert shown.code == 1 and key in shown.out
    assert service.alice in (alice.home / "profiles" / "alice.yaml").read_text()
