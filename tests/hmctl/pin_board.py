"""The compose pins of a service of the tests: honest, until a test hides or revokes some."""

from typing import Any

from attestation.canonical import PIN_V1
from attestation.digests import sha256_hex
from tests.hmctl.http_service import Answer, Asked, Reply
from tests.hmctl.lying_service import LyingService


class PinBoard:
    """Keeps what it is given under the id that the protocol prescribes. `hidden` ids are not shown."""

    def __init__(self, service: LyingService) -> None:
        self.rows: list[dict[str, Any]] = []
        self.hidden: set[str] = set()
        service.answer("POST", "/v1/tenants/compose-pin", self._register)
        service.answer("GET", "/v1/tenants/compose-pin/list", self._list)
        service.answer("DELETE", "/v1/tenants/compose-pin/[^/]+", self._revoke)

    def put(self, envelope: dict[str, Any], *, revoked_at: float | None = None) -> str:
        pin_id = sha256_hex(PIN_V1.encode(envelope))[:12]
        row = {"pin_id": pin_id, "envelope": envelope, "created_at": 1.0, "revoked_at": revoked_at}
        self.rows.insert(0, row)
        return pin_id

    def _register(self, asked: Asked) -> Answer:
        envelope = asked.json["envelope"]
        return {"pin_id": self.put(envelope), "tenant_id": envelope["tenant_id"], "envelope": envelope}

    def _list(self, _: Asked) -> Answer:
        return {"pins": [row for row in self.rows if row["pin_id"] not in self.hidden]}

    def _revoke(self, asked: Asked) -> Answer:
        pin_id = asked.path.rpartition("/")[2]
        for row in self.rows:
            if row["pin_id"] == pin_id and row["revoked_at"] is None:
                row["revoked_at"] = 2.0
                return {"status": "ok", "pin_id": pin_id}
        return Reply({"detail": "pin not found"}, status=404)
