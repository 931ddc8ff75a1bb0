"""Whether beat still writes its schedule, as it does every few minutes: `beating.py FILE`. The exit status says it."""

import sys
import time
from pathlib import Path

MOST_SECONDS = 900


def main(schedule: Path) -> int:
    """0 when some file of the schedule is young; its library may append endings to the name."""
    written = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    return 0 if written and time.time() - max(written) < MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
