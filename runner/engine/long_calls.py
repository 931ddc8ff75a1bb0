"""A call to the engine that answers for minutes, followed line by line and cut off at a deadline.

Cutting the connection is what makes the engine end the work: it cancels a build whose client is gone.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

import requests
from docker.errors import create_api_error_from_http_exception
from docker.types import CancellableStream

from runner.engine import errors
from runner.engine.client import Client, translated


class _CutOff:
    """Cuts a response's connection when the time is up, from a thread of its own."""

    def __init__(self, response: requests.Response, seconds: float) -> None:
        self.happened = False
        self._response = response
        self._timer = threading.Timer(max(0.0, seconds), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def disarm(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.happened = True
        with suppress(OSError):
            CancellableStream(iter(()), self._response).close()


@contextmanager
def follow(
    client: Client,
    path: str,
    *,
    params: Mapping[str, Any],
    deadline_monotonic: float,
    data: IO[bytes] | None = None,
) -> Iterator[Iterator[dict[str, Any]]]:
    """POST to the engine; give the JSON objects of its answer as they come.

    Raises BuildTimedOut at the deadline, also in the midst of the caller's loop.
    """
    api = client.api
    url = f"{api.base_url}/v{api.api_version}{path}"
    headers = {"Content-Type": "application/tar"} if data is not None else {}
    remaining = deadline_monotonic - time.monotonic()
    if remaining <= 0:
        raise _timed_out()
    with translated("build an image"), _in_time(deadline_monotonic):
        response = api.post(url, params=params, data=data, headers=headers, stream=True, timeout=remaining)
        cut = _CutOff(response, deadline_monotonic - time.monotonic())
        try:
            _raise_for_status(response)
            yield _objects(response)
            if cut.happened:
                raise _timed_out()
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
