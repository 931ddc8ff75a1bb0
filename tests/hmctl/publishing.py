"""What Olga publishes about her build: the machine's page and the repository, on one loopback port."""

import html
import json
from typing import Any

from hmctl.trust.published import Places
from tests.attestation.reproduced import COMMIT, SOURCE_FILE
from tests.hmctl.http_service import Asked, HttpService, Reply

RAW = f"/olga/rooms/{COMMIT}/deploy/compose.yaml"
API = "/repos/olga/rooms/contents/deploy/compose.yaml"


class Publishing(HttpService):
    """Honest until a test changes `page`, `source` or `replies`. `private` demands the token."""

    def __init__(self, app_compose: bytes) -> None:
        super().__init__()
        self.page = self.page_of({"app_compose": app_compose.decode(), "name": "rooms"})
        self.source = SOURCE_FILE.encode()
        self.private = ""
        self.replies: dict[str, Reply] = {}
        self.asked: list[Asked] = []

    @property
    def places(self) -> Places:
        return Places(
            tcb_info=lambda app_id, gateway: f"{self.url}/page/{app_id}/{gateway}",
            raw_files=self.url,
            api=self.url,
            timeout_seconds=2,
        )

    @staticmethod
    def page_of(content: Any) -> bytes:
        shown = html.escape(json.dumps(content))
        return f"<html><textarea>no</textarea><p>x</p><textarea readonly>{shown}</textarea></html>".encode()

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def respond(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if asked.path in self.replies:
            return self.replies[asked.path]
        if asked.path.startswith("/page/"):
            return Reply(self.page, content_type="text/html")
        if asked.path == RAW and not self.private:
            return Reply(self.source)
        if asked.path == API and asked.query == {"ref": COMMIT} and asked.bearer == self.private:
            return Reply(self.source)
        return Reply({"message": "Not Found"}, status=404)
