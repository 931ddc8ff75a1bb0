"""Install Debian packages, where we are root and apt is there."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from hivemind.local.errors import LocalError

WAIT_FOR_LOCK = ("-o", "DPkg::Lock::Timeout=120")


def can_install() -> bool:
    """Return whether this process may install Debian packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def provide(command: str, *, package: str) -> str:
    """Return the path of a system command, installing its package if that is missing and allowed.

    Raises LocalError with what to install.
    """
    if not find(command):
        if not can_install():
            raise LocalError(f"the command {command} is missing; install the package {package}")
        install([package])
    return find(command) or command


def find(command: str) -> str | None:
    """Return the path of a command, looking where system commands live too."""
    return shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/local/sbin")


def install(names: Sequence[str], *, if_known: Sequence[str] = ()) -> None:
    """Install packages without their recommendations, and those of `if_known` that this release has.

    Raises LocalError with apt's last words.
    """
    _apt(["update", "-q"])
    extra = [name for name in if_known if _is_known(name)]
    _apt(["install", "-q", "-y", "--no-install-recommends", *names, *extra])


def _is_known(name: str) -> bool:
    done = subprocess.run(["apt-cache", "show", "--quiet=2", name], check=False, capture_output=True)
    return done.returncode == 0 and bool(done.stdout.strip())


def _apt(step: list[str]) -> None:
    done = subprocess.run(
        ["apt-get", *WAIT_FOR_LOCK, *step],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise LocalError(f"apt-get {step[0]} failed:\n{(done.stderr or done.stdout).strip()[-2000:]}")
