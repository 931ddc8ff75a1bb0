"""Secrets in files of the state directory: made once, whole from the first moment, closed to other accounts."""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 100


class Exposed(ValueError):
    """Others may read the file."""


def ensure(path: Path, make: Callable[[], bytes]) -> None:
    """Put a secret at `path` unless there is one: of several processes one wins and all read its secret."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        draft.unlink()


def read(path: Path) -> bytes:
    """The secret, at most 100 bytes. Raises OSError, and Exposed when other accounts may read the file."""
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise Exposed
        return file.read(MOST_BYTES)
