"""A model that is none: it answers every call with the same sentence and writes down what it was told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

SENTENCE = "Understood."


class RecordingUpstream:
    """An OpenAI-compatible endpoint on loopback. `texts` has the body of every call, in the order of arrival."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The base address of the endpoint."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def mentioning(self, marker: str) -> list[str]:
        """The calls in which `marker` stands."""
        with self._lock:
            return [text for text in self._texts if marker in text]

    def __enter__(self) -> "RecordingUpstream":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _note(self, text: str) -> None:
        with self._lock:
            self._texts.append(text)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            """One call."""

            def do_POST(self) -> None:
                """Write the call down and answer it."""
                told = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode("utf-8", "replace")
                upstream._note(told)
                body = json.dumps(_completion(told)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        return Handler


def _completion(told: str) -> dict[str, Any]:
    usage = {"prompt_tokens": max(len(told) // 4, 1), "completion_tokens": 3}
    message = {"role": "assistant", "content": SENTENCE}
    return {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 0,
        "model": "recording",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage | {"total_tokens": sum(usage.values())},
    }
