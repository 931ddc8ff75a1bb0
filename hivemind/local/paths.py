"""Where a checkout keeps its state, and the addresses of the Postgres and Redis it starts for itself.

Everything follows from the state directory and the user id; nothing here writes to the disk. Sockets live
apart in a short folder, because a Unix socket's path may not exceed 107 bytes and a clone may sit deep.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATABASE_NAME = "hivemind"
DATABASE_USER = "hivemind"
POSTGRES_PORT = 5432  # only part of the socket's name: nothing listens on TCP


@dataclass(frozen=True)
class Layout:
    """The folders and files below one state directory, which must be absolute."""

    state_dir: Path

    @property
    def postgres_home(self) -> Path:
        """Folder of the embedded Postgres; belongs to the account it runs as."""
        return self.state_dir / "postgres"

    @property
    def postgres_data(self) -> Path:
        """The data directory (PGDATA)."""
        return self.postgres_home / "data"

    @property
    def redis_home(self) -> Path:
        """Folder of the embedded Redis and its append-only file."""
        return self.state_dir / "redis"

    @property
    def log_dir(self) -> Path:
        """One `<process>.log` per process."""
        return self.state_dir / "log"

    @property
    def run_dir(self) -> Path:
        """Pid files and locks."""
        return self.state_dir / "run"

    @property
    def socket_dir(self) -> Path:
        """Folder of both sockets: short, one per state directory and user."""
        digest = hashlib.sha256(os.fsencode(self.state_dir)).hexdigest()[:12]
        if os.geteuid() == 0:
            return Path("/run") / f"hivemind-{digest}"
        return Path("/tmp") / f"hivemind-{os.geteuid()}-{digest}"  # noqa: S108 - ownership is checked before use

    @property
    def redis_socket(self) -> Path:
        """Redis's socket."""
        return self.socket_dir / "redis.sock"


def layout(state_dir: str | Path) -> Layout:
    """Return the layout of `state_dir`, made absolute and free of links."""
    return Layout(Path(state_dir).resolve())


def database_settings(state_dir: str | Path) -> dict[str, Any]:
    """Return Django's `DATABASES["default"]` for the embedded Postgres of `state_dir`.

    There is no password: the socket is closed to other accounts and Postgres asks the kernel who is calling.
    """
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE_NAME,
        "USER": DATABASE_USER,
        "PASSWORD": "",
        "HOST": str(layout(state_dir).socket_dir),
        "PORT": str(POSTGRES_PORT),
    }


def database_url(state_dir: str | Path, *, name: str = DATABASE_NAME, user: str = DATABASE_USER) -> str:
    """Return the address of a database of the embedded Postgres as a libpq URL."""
    return f"postgresql://{user}@/{name}?host={layout(state_dir).socket_dir}&port={POSTGRES_PORT}"


def redis_url(state_dir: str | Path, *, database: int = 0) -> str:
    """Return the address of the embedded Redis as redis-py reads it."""
    return f"unix://{layout(state_dir).redis_socket}?db={database}"


def celery_broker_url(url: str) -> str:
    """Return `url` in Celery's dialect, which spells a Redis socket differently; others stay as they are."""
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    database = query.removeprefix("db=") if query.startswith("db=") else "0"
    return f"redis+socket://{path}?virtual_host={database}"
