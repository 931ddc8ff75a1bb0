"""The one container engine of this process."""

import hashlib
import threading

from django.conf import settings

from hivemind.kit.conf import conf
from runner.engine.base import Engine
from runner.engine.config import EngineConfig
from runner.engine.docker import DockerEngine

_lock = threading.Lock()
_engine: Engine | None = None


def instance_id() -> str:
    """Names this installation on an engine that others may use too; tells nothing about the secret it comes from."""
    return hashlib.sha256(b"hivemind:instance:" + settings.SECRET_KEY.encode()).hexdigest()[:12]


def engine() -> Engine:
    """The engine, connected at first use. Raises EngineUnavailable."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = DockerEngine(
                EngineConfig(
                    instance=instance_id(),
                    state_directory=conf.state_dir / "engine",
                    base_url=conf.sandbox.docker_host or None,
                )
            )
        return _engine
