"""A call to the engine that answers for minutes, followed line by line and cut off at a deadline.

Cutting the connection is what makes the engine end the work: it cancels a build whose client is gone.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

import requests
from docker.errors import create_api_error_from_http_exception
from docker.types import CancellableStream

from runner.engine import errors
from runner.engine.client import Client, translated

_LOOK_SECONDS = 0.5


class _CutOff:
    """Cuts a response's connection when the time is up or nobody wants the answer, from a thread of its own."""

    def __init__(self, response: requests.Response, deadline_monotonic: float, stopped: Callable[[], bool]) -> None:
        self.cause: errors.BuildError | None = None
        self._response = response
        self._deadline = deadline_monotonic
        self._stopped = stopped
        self._disarmed = threading.Event()
        threading.Thread(target=self._look, name="hive-cut-off", daemon=True).start()

    def disarm(self) -> None:
        self._disarmed.set()

    def _look(self) -> None:
        while not self._disarmed.wait(max(0.0, min(_LOOK_SECONDS, self._deadline - time.monotonic()))):
            if time.monotonic() >= self._deadline:
                self.cause = _timed_out()
            elif self._stopped():
                self.cause = errors.BuildStopped("The build was stopped, as nobody waits for its image any more.")
            if self.cause is not None:
                with suppress(OSError):
                    CancellableStream(iter(()), self._response).close()
                return


@contextmanager
def follow(
    client: Client,
    path: str,
    *,
    params: Mapping[str, Any],
    deadline_monotonic: float,
    data: IO[bytes] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Iterator[dict[str, Any]]]:
    """POST to the engine; give the JSON objects of its answer as they come.

    Raises BuildTimedOut at the deadline, and BuildStopped once ``stopped`` says so, also in the midst of the caller's
    loop.
    """
    api = client.api
    url = f"{api.base_url}/v{api.api_version}{path}"
    headers = {"Content-Type": "application/tar"} if data is not None else {}
    remaining = deadline_monotonic - time.monotonic()
    if remaining <= 0:
        raise _timed_out()
    with translated("build an image"), _in_time(deadline_monotonic):
        response = api.post(url, params=params, data=data, headers=headers, stream=True, timeout=remaining)
        cut = _CutOff(response, deadline_monotonic, stopped)
        try:
            _raise_for_status(response)
            yield _objects(response)
            if cut.cause is not None:
                raise cut.cause
        except requests.RequestException:
            if cut.cause is not None:
                raise cut.cause from None
            raise
        finally:
            cut.disarm()
            response.close()


@contextmanager
def _in_time(deadline_monotonic: float) -> Iterator[None]:
    try:
        yield
    except requests.RequestException:
        if time.monotonic() >= deadline_monotonic:
            raise _timed_out() from None
        raise


def _objects(response: requests.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if line:
            decoded = json.loads(line)
            yield decoded if isinstance(decoded, dict) else {}


def _raise_for_status(response: requests.Response) -> None:
    try:
        response.raise_for_status()
    except requests.HTTPError as refusal:
        create_api_error_from_http_exception(refusal)


def _timed_out() -> errors.BuildTimedOut:
    return errors.BuildTimedOut("The build took longer than it may, and was ended.")
