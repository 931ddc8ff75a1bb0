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


def install(names: Sequence[str]) -> None:
    """Install packages without their recommendations. Raises LocalError with apt's last words."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *names]):
        done = subprocess.run(
            ["apt-get", *WAIT_FOR_LOCK, *step],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise LocalError(f"apt-get {step[0]} failed:\n{(done.stderr or done.stdout).strip()[-2000:]}")
