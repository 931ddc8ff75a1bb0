"""This checkout's configuration as the scripts need it, read the same way as the server reads it."""

import os
from dataclasses import dataclass
from pathlib import Path

from hivemind.local import embedded
from hivemind.local.paths import Layout, layout
from hivemind.settings import env

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Checkout:
    """Where the state lives, where and how the service listens, and which services are embedded."""

    layout: Layout
    host: str
    port: int
    services: list[embedded.Part]
    tls: bool = False

    @property
    def url(self) -> str:
        """The address at which this machine reaches the service."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        return f"{'https' if self.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"


def read() -> Checkout:
    """Read the environment and `.env`. Ends the process with one line when a setting is wrong."""
    schema = env.from_process(ROOT)
    where = layout(schema.state_dir)
    services = embedded.parts(where, database_url=schema.service.database_url, redis_url=schema.service.redis_url)
    return Checkout(where, schema.service.host, schema.service.port, services, tls=schema.evidence.enclave_tls)


def state_dir() -> Path:
    """Return the state directory alone, whatever the other settings say."""
    env.read_env_file(ROOT / ".env")
    return Path(os.environ.get("HIVEMIND_STATE_DIR") or ROOT / "var")


def environment() -> dict[str, str]:
    """Return the environment of a process of this checkout. Call after `read`, which takes `.env` in."""
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "hivemind.settings.base", "PYTHONUNBUFFERED": "1"}
