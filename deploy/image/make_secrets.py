"""Make the secrets that only this machine needs, once: `make_secrets.py FOLDER`.

They are random, lie in a volume on the machine's encrypted disk, and are told to nobody.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Final

READERS: Final = 10_001  # the group of the platform's processes
SERVICE_ROLE: Final = "hivemind"


def ensure(folder: Path) -> None:
    """Write what is missing. What is there stays: databases know it already."""
    folder.chmod(0o750)
    os.chown(folder, 0, READERS)
    password = _once(folder / "service-password", secrets.token_urlsafe(32))
    _once(folder / "database-url", f"postgresql://{SERVICE_ROLE}:{password}@postgres:5432/{SERVICE_ROLE}")
    _once(folder / "postgres-password", secrets.token_urlsafe(32))
    _once(folder / "secret-key", secrets.token_urlsafe(48))


def _once(path: Path, value: str) -> str:
    if path.exists():
        return path.read_text(encoding="ascii")
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o440)
    draft.write_text(value, encoding="ascii")
    os.chown(draft, 0, READERS)
    draft.rename(path)
    return value


if __name__ == "__main__":
    ensure(Path(sys.argv[1]))
