"""What the honest service answers to each request."""

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from attestation.canonical import PIN_V1
from attestation.digests import sha256_hex
from attestation.tokens import SPEND, new_token
from tests.conformance import records
from tests.conformance.machine import VERSION
from tests.conformance.network import Asked, Reply
from tests.conformance.service import Service

_MOST = 3_500_000
_PUBLIC = ("/v1/healthz", "/v1/attestation", "/v1/signup")
_ROOM = "/v1/rooms/([^/]+)"
_Answer = dict[str, Any] | list[Any] | Reply


class Routes:
    """One service's requests. Lies may change the answer to any of them at the point `reply`."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.spend_tokens: dict[str, dict[str, Any]] = {}
        self.answers: list[tuple[str, str, Callable[[Asked], _Answer | None]]] = []

    def instead(self, method: str, pattern: str, make: Callable[[Asked], _Answer | None]) -> None:
        """Answers such requests by `make`; where that says None, as an honest service would."""
        self.answers.append((method, pattern, make))

    def respond(self, asked: Asked) -> Reply:
        for method, pattern, make in self.answers:
            if method == asked.method and re.fullmatch(pattern, asked.path):
                made = make(asked)
                if made is not None:
                    return made if isinstance(made, Reply) else Reply(made)
        answer = self._honest(asked)
        return answer if isinstance(answer, Reply) else Reply(answer)

    def _honest(self, asked: Asked) -> _Answer:
        if asked.path not in _PUBLIC and not asked.bearer:
            return Reply({"detail": "missing token"}, 401)
        for method, pattern, answer in self._table():
            match = re.fullmatch(pattern, asked.path)
            if match and method == asked.method:
                return answer(asked, *match.groups())
        return Reply({"detail": "Not Found"}, 404)

    def _table(self) -> list[tuple[str, str, Callable[..., _Answer]]]:
        return [
            ("GET", "/v1/healthz", self._healthz),
            ("GET", "/v1/attestation", self._attestation),
            ("GET", "/v1/health", lambda _: {"status": "ok", "table_count": 9, "version": VERSION}),
            ("GET", "/v1/whoami", lambda _: {"tenant_id": "t_0123456789ab", "name": "bob", "role": "owner"}),
            ("GET", "/v1/billing", self._billing),
            ("POST", "/v1/billing/spend-tokens", self._mint),
            ("GET", "/v1/rooms", lambda _: {"rooms": list(self.service.rooms.values())}),
            ("GET", f"{_ROOM}/attest", self._attest),
            ("POST", f"{_ROOM}/quote", self._quote),
            ("POST", f"{_ROOM}/runs", self._submit),
            ("POST", f"{_ROOM}/data", self._add_data),
            ("GET", f"{_ROOM}/data", lambda _, __: {"items": self.service.items}),
            ("GET", "/v1/runs/([^/]+)", self._run),
            ("GET", "/v1/runs/([^/]+)/receipt", self._receipt),
            ("GET", "/v1/runs/([^/]+)/artifacts/([^/]+)", self._artifact),
            ("POST", "/v1/tenants/compose-pin", self._add_pin),
            ("GET", "/v1/tenants/compose-pin", self._pin),
            ("GET", "/v1/tenants/compose-pin/list", lambda _: {"pins": self.service.told("pins", self.service.pins)}),
            ("GET", "/v1/admin/tenants", lambda _: {"tenants": []}),
        ]

    def _healthz(self, _: Asked) -> _Answer:
        features = ["client_nonce", "quotes", "spend_tokens"]
        return {"status": "ok", "version": VERSION, "features": self.service.told("features", features)}

    def _attestation(self, asked: Asked) -> _Answer:
        nonce = asked.query.get("nonce")
        return self.service.bundle(bytes.fromhex(nonce) if nonce else None)

    def _billing(self, _: Asked) -> _Answer:
        return {"tenant_id": "t_0123456789ab", "balance_micro_usd": 5_000_000, "ledger": []}

    def _attest(self, _: Asked, room_id: str) -> _Answer:
        room = self.service.rooms.get(room_id)
        if room is None:
            return Reply({"detail": f"room {room_id} not found"}, 404)
        told = {
            "room": self.service.told("room", dict(room)),
            "scope_agent": None,
            "query_agent": None,
            "mediator_agent": None,
            "attestation": self.service.bundle(None),
        }
        return dict(self.service.told("attest", told))

    def _quote(self, asked: Asked, room_id: str) -> _Answer:
        stage = {"name": "query", "model": "vendor/model", "max_tokens": 1_000_000, "max_cost_micro_usd": _MOST}
        prices = {"prompt_micro_usd_per_mtok": 250_000, "completion_micro_usd_per_mtok": 2_000_000}
        told = {
            "room_id": room_id,
            "provider": "openrouter",
            "max_tokens": asked.json.get("max_tokens", 1_000_000),
            "max_cost_micro_usd": _MOST,
            "stages": [stage | prices],
            "missing_prices": [],
            "enforce_credits": True,
            "payer": None,
            "sufficient": None,
            "priced_at": time.time(),
        }
        return dict(self.service.told("price", told))

    def _mint(self, asked: Asked) -> _Answer:
        wanted, text = asked.json, new_token(SPEND)
        row = {
            "token_id": secrets.token_hex(6),
            "limit_micro_usd": wanted["limit_micro_usd"],
            "room_id": wanted.get("room_id", ""),
            "service": wanted.get("service", ""),
            "expires_at": time.time() + wanted["expires_in_seconds"],
            "created_at": time.time(),
            "revoked_at": None,
            "label": wanted.get("label", ""),
        }
        return dict(self.service.told("spend token", row | {"token": text}))

    def _submit(self, asked: Asked, room_id: str) -> _Answer:
        wanted, run_id = asked.json, asked.headers["x-hivemind-idempotency-key"]
        if run_id not in self.service.runs:
            records.new_run(self.service, run_id, room_id, prompt=wanted["query"], nonce=wanted.get("client_nonce"))
        return {"run_id": run_id, "room_id": room_id, "status": "pending"}

    def _run(self, _: Asked, run_id: str) -> _Answer:
        row = self.service.runs.get(run_id)
        if row is None:
            return Reply({"detail": f"run {run_id} not found"}, 404)
        if "_done" not in row:
            records.finish(self.service, row)
        shown = {name: value for name, value in row.items() if not name.startswith("_")}
        return dict(self.service.told("run", shown))

    def _receipt(self, _: Asked, run_id: str) -> _Answer:
        row = self.service.runs.get(run_id)
        return records.receipt(self.service, row) if row else Reply({"detail": "Run not found"}, 404)

    def _artifact(self, _: Asked, __: str, filename: str) -> _Answer:
        content = self.service.told("artifact", records.FILES.get(filename, b"more"))
        return Reply(content, content_type="application/octet-stream")

    def _add_data(self, asked: Asked, room_id: str) -> _Answer:
        text = asked.json["text"]
        item = {"room_id": room_id, "item_id": "rvi_" + secrets.token_hex(8), "metadata": {}, "size_bytes": len(text)}
        self.service.items.append(item | {"text": text, "created_at": time.time()})
        return item | {"created_at": time.time()}

    def _add_pin(self, asked: Asked) -> _Answer:
        envelope = asked.json["envelope"]
        pin_id = sha256_hex(PIN_V1.encode(envelope))[:12]
        row = {"pin_id": pin_id, "envelope": envelope, "created_at": time.time(), "revoked_at": None}
        self.service.pins.insert(0, row)
        return {"pin_id": pin_id, "tenant_id": envelope["tenant_id"], "envelope": envelope}

    def _pin(self, _: Asked) -> _Answer:
        pins = self.service.told("pins", self.service.pins)
        return pins[0] if pins else Reply({"detail": "no compose pin"}, 404)
