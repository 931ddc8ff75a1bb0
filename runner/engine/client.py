"""One connection pool to the engine per process, and the translation of its failures into ours."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
import requests.exceptions
from docker import errors as docker_errors
from docker.transport import UnixHTTPAdapter
from docker.utils import kwargs_from_env

from runner.engine import errors
from runner.engine.config import EngineConfig

_LOCAL = "http+docker://"
_NO_SPACE = "no space left on device"


class Gone(errors.EngineError):
    """The container is not there (any more). Never leaves this package: for most callers it means success."""

    code = "engine_container_gone"


class Refused(errors.EngineError):
    """The engine said no, and the caller has to say what that means. Never leaves this package."""

    code = "engine_refused"


class Conflict(errors.EngineError):
    """The engine says that the container's state does not allow it. Never leaves this package."""

    code = "engine_conflict"


class Client:
    """Gives out the engine's API, connected once per process: a process that was forked connects anew."""

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._api: docker.APIClient | None = None
        self._process_id = 0

    @property
    def api(self) -> docker.APIClient:
        """The engine's API. Raises EngineUnavailable when there is none."""
        with self._lock:
            if self._api is None or self._process_id != os.getpid():
                self._api = self._connect()
                self._process_id = os.getpid()
            return self._api

    def close(self) -> None:
        """Close the connections. The next use connects again."""
        with self._lock:
            if self._api is not None and self._process_id == os.getpid():
                self._api.close()
            self._api = None

    def _connect(self) -> docker.APIClient:
        address = kwargs_from_env()
        if self._config.base_url:
            address = {"base_url": self._config.base_url}
        with translated("reach the container engine"):
            api = docker.APIClient(
                version="auto",
                timeout=self._config.call_timeout_seconds,
                max_pool_size=self._config.connections,
                **address,
            )
        local = api.get_adapter(_LOCAL)
        if isinstance(local, UnixHTTPAdapter):
            api.mount(_LOCAL, _OnePool(local))
        return api


class _OnePool(UnixHTTPAdapter):
    """The SDK keeps a pool for each address, so for each container; one for all reuses its connections."""

    def __init__(self, original: UnixHTTPAdapter) -> None:
        super().__init__(
            f"http+unix://{original.socket_path}",
            timeout=original.timeout,
            pool_connections=1,
            max_pool_size=original.max_pool_size,
        )

    def get_connection(self, url: str | bytes, proxies: Any = None) -> Any:
        """The pool for any address of this engine."""
        return super().get_connection(_LOCAL, proxies)


@contextmanager
def translated(action: str, *, image: str = "", refusal: type[errors.EngineError] = Refused) -> Iterator[None]:
    """Turn the engine's exceptions into ours. ``action`` completes "The container engine could not …".

    ``refusal`` is raised for a no that is none of the named reasons.
    """
    try:
        yield
    except docker_errors.ImageNotFound as missing:
        raise errors.ImageMissing(image or "asked for") from missing
    except docker_errors.NotFound as missing:
        if image and "image" in _explanation(missing).lower():
            raise errors.ImageMissing(image) from missing
        raise Gone("The container is gone.", diagnosis=_explanation(missing)) from missing
    except docker_errors.APIError as said_no:
        raise _refused(action, said_no, refusal) from said_no
    except requests.exceptions.Timeout as late:
        raise errors.EngineUnavailable(f"The container engine took too long to {action}.") from late
    except (requests.exceptions.RequestException, docker_errors.DockerException) as failure:
        raise errors.EngineUnavailable(
            f"The container engine could not {action}: it does not answer.", diagnosis=str(failure)
        ) from failure


def _refused(action: str, said_no: docker_errors.APIError, refusal: type[errors.EngineError]) -> errors.EngineError:
    explanation = _explanation(said_no)
    if _NO_SPACE in explanation.lower():
        return errors.DiskFull(f"The container engine could not {action}: its disk is full.", diagnosis=explanation)
    if said_no.status_code == 409:
        return Conflict(f"The container engine could not {action} now.", diagnosis=explanation)
    return refusal(f"The container engine could not {action}.", diagnosis=explanation)


def _explanation(refusal: docker_errors.APIError) -> str:
    return str(refusal.explanation or refusal)
