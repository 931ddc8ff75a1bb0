"""Checks that need nobody else: client, home directory, files, profile, key."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

from hmctl._version import __version__
from hmctl.app import App
from hmctl.checkup.findings import Checkup
from hmctl.errors import HmctlError
from hmctl.profiles import Profile
from hmctl.settings import TRUST_POLICY
from hmctl.trust import demands

_OTHERS = 0o077


def check(app: App, checkup: Checkup) -> Profile | None:
    """Looks at this machine; the active profile if it can be used."""
    checkup.ok("cli", __version__)
    for name, look in {"home": _home, "file permissions": _permissions, "stores": _stores}.items():
        try:
            look(app, checkup)
        except OSError as problem:
            checkup.fail(name, f"cannot read {problem.filename}: {problem.strerror}")
    return _profile(app, checkup)


def _home(app: App, checkup: Checkup) -> None:
    home = app.settings.home
    if not home.is_dir():
        checkup.warn("home", f"{home} does not exist yet", "It is made by `hmctl init` or `hmctl signup`.")
    elif not _is_private(home):
        checkup.warn("home", f"other users may look into {home}", f"chmod 700 {home}")
    else:
        checkup.ok("home", f"{home}, yours alone")


def _permissions(app: App, checkup: Checkup) -> None:
    home = app.settings.home
    if not home.is_dir():
        checkup.ok("file permissions", "there are no files yet")
        return
    open_files = [path for path in sorted(home.rglob("*")) if path.is_file() and not _is_private(path)]
    if open_files:
        names = ", ".join(str(path.relative_to(home)) for path in open_files)
        checkup.warn("file permissions", f"other users may read {names}", f"chmod 600 in {home}")
    else:
        checkup.ok("file permissions", "no file is readable by others")


def _stores(app: App, checkup: Checkup) -> None:
    """Every file that remembers decisions must be readable: a damaged one is never taken for an empty one."""
    home = app.settings.home
    typed: dict[str, Callable[[], object]] = {
        "trust.json": app.trust_store.all,
        "compose-pins.json": app.pins.store.all,
        "known-rooms.json": app.known_rooms.all,
        TRUST_POLICY: lambda: demands.load(home),
    }
    names = sorted({path.name for path in home.glob("*.json")} | typed.keys())
    damaged = 0
    for name in names:
        try:
            if name in typed:
                typed[name]()
            _must_be_object(home / name)
        except (HmctlError, OSError, ValueError, RecursionError) as problem:
            damaged += 1
            told = problem.message if isinstance(problem, HmctlError) else f"{home / name} is damaged"
            hint = problem.hint if isinstance(problem, HmctlError) else ""
            checkup.fail("stores", told, hint or "Look at it; moved away, what it remembers has to be decided anew.")
    if not damaged:
        kept = ", ".join(name for name in names if (home / name).exists())
        checkup.ok("stores", f"intact: {kept}" if kept else "nothing is remembered yet")


def _must_be_object(path: Path) -> None:
    if path.exists() and not isinstance(json.loads(path.read_text(encoding="utf-8")), dict):
        raise ValueError(path.name)


def _profile(app: App, checkup: Checkup) -> Profile | None:
    try:
        profile = app.profile
    except HmctlError as problem:
        checkup.failed("profile", problem)
        checkup.left_out(("api key",), "there is no usable profile")
        return None
    checkup.ok("profile", f"{profile.name} ({profile.role}) -> {profile.service.url}")
    if profile.api_key is None:
        checkup.fail("api key", "absent", "Add it with `hmctl init --api-key -`.")
    else:
        checkup.ok("api key", f"present ({profile.api_key.masked})")
    return profile


def _is_private(path: Path) -> bool:
    return not stat.S_IMODE(path.stat().st_mode) & _OTHERS
