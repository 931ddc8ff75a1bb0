"""Whether a worker writes its heartbeat. The exit status says it."""

import subprocess
import sys

if __name__ == "__main__":
    told = subprocess.run(
        [sys.executable, "manage.py", "workers", "--count"], capture_output=True, text=True, check=True
    )
    sys.exit(0 if told.stdout.strip() not in ("", "0") else 1)
