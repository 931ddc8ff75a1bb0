"""Reading what the room gave to this agent.

Inputs arrive as environment variables. One that is too large for an environment variable arrives as a file
instead, and ``<NAME>_FILE`` says where. ``read_input`` hides the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

from .errors import InputMissing

INPUT_DIRECTORY = Path("/run/hive/in")


def read_input(name: str, default: str | None = None) -> str:
    """The input called ``name``: from the environment, else from its file, else ``default``.

    Raises InputMissing when there is none and no default was given. An empty value counts as given.
    """
    value = os.environ.get(name)
    if value is not None:
        return value
    for path in (os.environ.get(f"{name}_FILE"), str(INPUT_DIRECTORY / name)):
        if path:
            try:
                return Path(path).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
    if default is None:
        raise InputMissing(name)
    return default
