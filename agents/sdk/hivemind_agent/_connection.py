"""One kept-alive HTTP connection to the bridge, and nothing that knows what is said over it."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any
from urllib.parse import urlsplit

from .errors import BridgeRefused, BridgeUnreachable, BudgetExhausted

_BUDGET_PREFIX = "Budget exhausted"


class Connection:
    """Sends JSON, returns JSON. Usable from several threads: requests then wait for each other."""

    def __init__(self, base_url: str, token: str, *, timeout_seconds: float) -> None:
        parts = urlsplit(base_url)
        if parts.scheme != "http" or not parts.hostname:
            raise BridgeUnreachable("BRIDGE_URL is not an http address.")
        self._address = (parts.hostname, parts.port or 80)
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._http: http.client.HTTPConnection | None = None

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded JSON answer. Raises BridgeUnreachable, BridgeRefused or BudgetExhausted."""
        payload = None if body is None else json.dumps(body).encode()
        with self._lock:
            status, raw = self._exchange(method, self._prefix + path, payload)
        if status >= 400:
            raise _refusal(status, raw)
        try:
            return json.loads(raw)
        except ValueError as broken:
            raise BridgeUnreachable("The bridge's answer was not JSON.") from broken

    def close(self) -> None:
        """Give the connection back. The next request opens another."""
        with self._lock:
            self._drop()

    def _exchange(self, method: str, path: str, payload: bytes | None) -> tuple[int, bytes]:
        reused = self._http is not None
        try:
            return self._send(method, path, payload)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as gone:
            self._drop()
            if not reused:
                raise BridgeUnreachable("The bridge closed the connection.") from gone
        except (OSError, http.client.HTTPException) as broken:
            self._drop()
            raise BridgeUnreachable(f"The bridge could not be reached: {broken}") from broken
        # An idle connection that the other side had closed: nothing was processed, so once more is safe.
        try:
            return self._send(method, path, payload)
        except (OSError, http.client.HTTPException) as broken:
            self._drop()
            raise BridgeUnreachable(f"The bridge could not be reached: {broken}") from broken

    def _send(self, method: str, path: str, payload: bytes | None) -> tuple[int, bytes]:
        if self._http is None:
            self._http = http.client.HTTPConnection(*self._address, timeout=self._timeout_seconds)
        self._http.request(method, path, body=payload, headers=self._headers)
        response = self._http.getresponse()
        raw = response.read()
        if response.will_close:
            self._drop()
        return response.status, raw

    def _drop(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None


def _refusal(status: int, raw: bytes) -> BridgeRefused:
    text = raw.decode("utf-8", "replace")
    try:
        detail = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = text
    words = detail if isinstance(detail, str) else json.dumps(detail)
    if status == 429 and words.startswith(_BUDGET_PREFIX):
        return BudgetExhausted(status, words)
    return BridgeRefused(status, words)
