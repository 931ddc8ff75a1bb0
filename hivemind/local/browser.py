"""Find a Chromium for the tests that play an operator; as root on Debian, install one."""

import os
import shutil
from collections.abc import Mapping

from hivemind.local.errors import LocalError
from hivemind.local.packages import can_install, install

NAMES = ("chromium", "chromium-browser", "google-chrome")
VARIABLE = "HIVEMIND_TEST_CHROMIUM"
ADVICE = f"""no Chromium was found. Do one of these and start again:
  - as root on Debian: run this script as root, and it installs chromium itself
  - otherwise install Chromium or Chrome, or name its program: export {VARIABLE}=/path/to/chrome"""


def find(environment: Mapping[str, str]) -> str | None:
    """Return the program of a browser, or None. A configured one is the only one tried."""
    named = environment.get(VARIABLE)
    if named:
        return named if os.access(named, os.X_OK) else None
    return next((path for path in map(shutil.which, NAMES) if path), None)


def ensure(environment: Mapping[str, str]) -> str:
    """Return the program of a browser, installing one where that is allowed. Raises LocalError with what to do."""
    found = find(environment)
    if found is None and not environment.get(VARIABLE) and can_install():
        install(["chromium"])
        found = find(environment)
    if found is None:
        raise LocalError(ADVICE)
    return found
