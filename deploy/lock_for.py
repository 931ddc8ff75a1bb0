"""The lock as another Python reads it: `python -m deploy.lock_for requirements/server.lock 3.11.2`.

pip judges the conditions of a lock by the Python that runs it, also when it fetches packages for another one. This
prints the lock for a CPython of the given version on Linux, without conditions.
"""

import re
import sys
from pathlib import Path

from packaging.markers import Marker

_PINNED = re.compile(r"(?P<pin>[a-z0-9][^\s;]*==[^\s;]+) ; (?P<condition>.+?)(?P<rest>\s*\\?)$")


def lock_for(lock: str, version: str) -> str:
    """`version` in full, such as 3.11.2. Every entry is a line with the pin, then lines with its hashes."""
    target = {
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
        "sys_platform": "linux",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    kept: list[str] = []
    wanted = True
    for line in lock.splitlines():
        if not line.startswith((" ", "#")):
            pinned = _PINNED.fullmatch(line)
            wanted = pinned is None or Marker(pinned["condition"]).evaluate(target)
            if wanted and pinned is not None:
                kept.append(pinned["pin"] + pinned["rest"])
                continue
        if wanted:
            kept.append(line)
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    sys.stdout.write(lock_for(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2]))
