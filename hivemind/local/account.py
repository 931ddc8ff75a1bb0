"""Under which account the embedded services run, and how a command line gets there.

Postgres refuses to run as root, and Redis has no business being root, so root starts both under an account
of their own. That account may be unable to enter the checkout (/root is closed to others); then the two
folders it needs are shown to it in a mount namespace of its own. No permission of anybody's is changed.
"""

import contextlib
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hivemind.local import packages
from hivemind.local.errors import LocalError, Unreachable

SERVICE_ACCOUNT = "hivemind-data"
MOUNT_SCRIPT = 'while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift; exec "$@"'


@dataclass(frozen=True)
class Account:
    """A system account: its ids, and its name as Postgres will be told by the kernel."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """A folder: where it is, and where the service's process sees it."""

    real: Path
    seen: Path

    def view(self, path: Path) -> str:
        """Return how the service's process names `path`, which lies in this folder."""
        return str(self.seen / path.relative_to(self.real))


def current() -> Account:
    """Return the account of this process."""
    entry = pwd.getpwuid(os.geteuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def of_services() -> Account:
    """Return the account that runs the services: ours, or when we are root the one made for them."""
    if os.geteuid() != 0:
        return current()
    entry = _lookup() or _create()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _lookup() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd:
    useradd = packages.provide("useradd", package="passwd")
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    done = subprocess.run(
        [useradd, *options, "--shell", "/usr/sbin/nologin", SERVICE_ACCOUNT],
        capture_output=True,
        text=True,
        check=False,
    )
    entry = _lookup()  # two starts at once: the second useradd fails, and the account is there
    if entry is None:
        raise LocalError(f"cannot create the system account {SERVICE_ACCOUNT}: {done.stderr.strip()}")
    return entry


def own(path: Path, account: Account, *, mode: int = 0o700) -> None:
    """Make the folder `path`, closed to others, `account`'s own. Raises LocalError if a stranger has it."""
    path.mkdir(parents=True, exist_ok=True, mode=mode)
    found = path.lstat()
    if path.is_symlink() or found.st_uid not in (account.uid, os.geteuid()):
        raise LocalError(f"{path} belongs to somebody else; remove it or use another HIVEMIND_STATE_DIR")
    if os.geteuid() == 0:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    path.chmod(mode)


def discard(windows: Path) -> None:
    """Remove the windows of a service that has ended, and the folder of sockets unless another service uses it.

    Never those of a living service: to remove a window takes the folder behind it away from who looks through it.
    """
    for folder in (*windows.glob("*/"), windows, windows.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()


def place(real: Path, *, account: Account, window: Path) -> Place:
    """Say where `account` will see the folder `real`: there, or through `window` when it cannot get in."""
    if account.uid == os.geteuid() or _enters(account, real):
        return Place(real, real)
    packages.provide("mount", package="mount")
    window.mkdir(parents=True, exist_ok=True)
    window.parent.chmod(0o755)  # whatever our umask: the folder around it is closed
    return Place(real, window)


def _enters(account: Account, folder: Path) -> bool:
    test = [*_become(account), "test", "-r", str(folder), "-a", "-x", str(folder)]
    return subprocess.run(test, check=False, capture_output=True).returncode == 0


def _become(account: Account) -> list[str]:
    return [
        "setpriv",
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=-all",
    ]


def command(
    argv: Sequence[str], *, account: Account, places: Sequence[Place] = (), death_signal: str = ""
) -> list[str]:
    """Return the command line that runs `argv` as `account`, with `places` where it expects them.

    `death_signal` (such as "KILL") is what the kernel sends it when the thread that started it ends.
    """
    line: list[str] = []
    hidden = [p for p in places if p.real != p.seen]
    if hidden:
        pairs = [str(path) for p in hidden for path in (p.real, p.seen)]
        line += ["unshare", "--mount", "--propagation", "private"]
        line += ["sh", "-euc", MOUNT_SCRIPT, "sh", *pairs, "--"]
    if account.uid != os.geteuid():
        line += _become(account)
    if death_signal:
        line += ["setpriv", f"--pdeathsig={death_signal}"]
    return [*line, *argv]


def run(argv: Sequence[str], *, account: Account, places: Sequence[Place]) -> None:
    """Run `argv` to its end as `account`. Raises Unreachable or LocalError with what it said."""
    done = subprocess.run(
        command(argv, account=account, places=places), check=False, capture_output=True, text=True, cwd="/"
    )
    if done.returncode == 0:
        return
    if any(p.real != p.seen for p in places) and "mount" in done.stderr:
        folders = " and ".join(str(p.real) for p in places if p.real != p.seen)
        raise Unreachable(
            f"the account {account.name} cannot enter {folders}, and this machine allows no private mount;"
            " move the checkout to a folder that others may enter, such as /opt"
        )
    raise LocalError(f"{Path(argv[0]).name} failed: {(done.stderr or done.stdout).strip()}")
