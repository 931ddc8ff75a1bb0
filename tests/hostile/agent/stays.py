"""What one run leaves for the next, and the next one that looks for it."""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

WORD = "left-behind"
WRITABLE = ("/tmp", "/var/tmp", "/home/agent", "/dev/shm")
CLOSED = (
    "/app",
    "/etc",
    "/run",
    "/run/hive",
    "/run/hive-gate",
    "/usr/local/bin",
    "/opt/baked/open",
    "/var",
    "/root",
    "/",
)


def leave() -> None:
    """Write into every place, also hidden and as what starts next time, and leave a process that goes on writing."""
    written = []
    for place in (*WRITABLE, *CLOSED):
        with contextlib.suppress(OSError):
            for name in ("word", ".profile", "sitecustomize.py", "core", "ld.so.preload"):
                Path(place, name).write_text(WORD)
            written.append(place)
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for descriptor in (0, 1, 2):
            os.close(descriptor)
        while True:
            Path("/dev/shm/alive").write_text(WORD)
            time.sleep(0.01)
    print(json.dumps({"written": written}))


def look() -> None:
    """Everything in the same places that holds the word."""
    found, looked_at = [], 0
    for place in (*WRITABLE, *CLOSED[:-1]):
        for folder, _, names in os.walk(place):
            for name in names:
                looked_at += 1
                with contextlib.suppress(OSError):
                    path = Path(folder, name)
                    ours = path.is_relative_to("/app/tests/hostile")
                    if not ours and path.is_file() and WORD.encode() in path.read_bytes()[: 1 << 20]:
                        found.append(str(path))
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    print(json.dumps({"found": found + others, "looked_at": looked_at}))
