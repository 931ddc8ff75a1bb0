"""A real HTTP service that signs real rooms and records with the kernel, and lies where a test tells it to."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from attestation import envelope
from attestation.digests import sha256_hex, text_hash
from attestation.evidence.bundle import DevelopmentSigner, NotReady
from attestation.keys import SigningKey
from attestation.links import RoomLink
from attestation.manifests.room import AgentRef, QueryRef, RoomManifest, TrustPolicy
from attestation.manifests.run_record import RunAgent, RunBody, hash_error, sign_run
from attestation.tokens import INVITE, OWNER, SHARE, new_token
from tests.hmctl import rows
from tests.hmctl.back_office import BackOffice
from tests.hmctl.bank import Bank
from tests.hmctl.http_service import Answer, Asked, HttpService, Reply, as_reply

Lie = Callable[[Any], Any]
EMPTY_DIGEST = sha256_hex(b"")


class LyingService(HttpService):
    """Alice's rooms on a loopback port. Honest until `lie`, `answer` or `finish_run` say otherwise."""

    def __init__(self) -> None:
        self.owner_key = SigningKey.generate()
        self.signer = SigningKey.generate()
        self.alice, self.bob = new_token(OWNER), new_token(OWNER)
        self.invite, self.share = new_token(INVITE), new_token(SHARE)
        self.features: list[str] = ["client_nonce", "quotes", "spend_tokens"]
        self.rooms: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.agents: dict[str, dict[str, Any]] = {}
        self.items: list[dict[str, Any]] = []
        self.asked: list[Asked] = []
        self.lies: list[tuple[str, re.Pattern[str], Lie]] = []
        self.answers: list[tuple[str, re.Pattern[str], Callable[[Asked], Answer]]] = []
        self.finish_run: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row
        self.output = "Rents rose by 4 percent."
        self.polls_until_done = 1
        self.bank = Bank(self.alice, self.bob)
        self.office = BackOffice(self.bank)
        super().__init__()

    # --- what tests use ---

    def lie(self, method: str, pattern: str, change: Lie) -> None:
        """Changes the JSON of an honest answer before it goes out."""
        self.lies.append((method, re.compile(pattern), change))

    def answer(self, method: str, pattern: str, make: Answer | Callable[[Asked], Answer]) -> None:
        """Answers by itself instead of honestly."""
        maker = make if callable(make) else (lambda asked: make)
        self.answers.insert(0, (method, re.compile(pattern), maker))

    def requests(self, method: str, pattern: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == method and re.fullmatch(pattern, asked.path)]

    def manifest(self, room_id: str = "room_0123456789ab", **changes: Any) -> RoomManifest:
        rules = changes.pop("rules", "Totals only.\nNever name a tenant.")
        base = RoomManifest(
            room_id=room_id,
            tenant_id="t_0123456789ab",
            name="rents",
            rules=rules,
            rules_hash=text_hash(rules),
            policy=rules,
            scope=AgentRef("aaaaaaaaaaaa", "inspectable"),
            query=QueryRef("fixed", "bbbbbbbbbbbb", "sealed"),
            mediator=None,
            output_visibility="querier_only",
            llm_providers=("openrouter",),
            allow_artifacts=True,
            trust=TrustPolicy("operator_updates"),
            allowed_tables=("leases",),
            created_at=1767225600.5,
            owner_pubkey_b64=self.owner_key.public_b64,
            serial=1,
        )
        return replace(base, **changes)

    def publish(self, manifest: RoomManifest, *, key: SigningKey | None = None) -> dict[str, Any]:
        """Signs the manifest and serves it."""
        signed = envelope.sign(manifest.to_wire(), key=key or self.owner_key)
        self.rooms[manifest.room_id] = rows.room(signed, manifest)
        return self.rooms[manifest.room_id]

    def link(
        self, room_id: str = "room_0123456789ab", *, share: bool = False, owner: str = "", service: str = ""
    ) -> str:
        token = self.share if share else self.invite
        return RoomLink("here", room_id, service or self.url, token, owner or self.owner_key.public_b64).format()

    def record(self, row: dict[str, Any], *, key: SigningKey | None = None, **changes: Any) -> dict[str, Any]:
        """The signed record that belongs to a run row."""
        manifest = self.rooms[row["room_id"]]["envelope"]["manifest"]
        body = RunBody(
            run_id=row["run_id"],
            status=row["status"],
            compose_hash="",
            room_id=row["room_id"],
            room_manifest_hash=row["room_manifest_hash"],
            scope_agent_id=manifest["scope"]["agent_id"],
            scope_files_digest=EMPTY_DIGEST,
            scope_attested_files_digest=EMPTY_DIGEST,
            query_agent_id=row["agent_id"],
            query_files_digest=row.get("_query_files_digest", EMPTY_DIGEST),
            query_attested_files_digest=EMPTY_DIGEST,
            output_visibility=manifest["output"]["visibility"],
            allowed_llm_providers=tuple(manifest["egress"]["llm_providers"]),
            artifacts_enabled=True,
            room_vault_item_count=0,
            scope_mode="fast",
            scope_mode_reason="default_fast_path",
            query_inspection_mode="sealed",
            prompt_hash=text_hash(row["_prompt"]),
            output_hash=text_hash(row["output"] or ""),
            error_hash=hash_error(row["error"] or ""),
            timestamp=int(time.time()),
            client_nonce=row.get("_nonce"),
            agents=tuple(
                RunAgent(a["role"], a["agent_id"], a["source_sha256"], "") for a in manifest.get("agents", [])
            ),
            signer_kind="development",
        )
        return sign_run(replace(body, **changes), key=key or self.signer)

    def new_run(
        self, run_id: str, room_id: str, *, prompt: str, nonce: str | None, agent_id: str = "bbbbbbbbbbbb"
    ) -> dict[str, Any]:
        row = rows.run(run_id, room_id, agent_id=agent_id)
        row |= {"_prompt": prompt, "_nonce": nonce, "_polls": 0}
        row["room_manifest_hash"] = self.rooms[room_id]["manifest_hash"] if room_id in self.rooms else None
        self.runs[run_id] = row
        return row

    # --- the honest service ---

    def respond(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        for method, pattern, maker in self.answers:
            if method == asked.method and pattern.fullmatch(asked.path):
                return as_reply(maker(asked))
        reply = as_reply(self.honest(asked))
        for method, pattern, change in self.lies:
            if method == asked.method and pattern.fullmatch(asked.path):
                reply = replace(reply, body=change(json.loads(json.dumps(reply.body))))
        return reply

    def honest(self, asked: Asked) -> Answer:
        for method, pattern, handle in self._routes():
            match = re.fullmatch(pattern, asked.path)
            if match and method == asked.method:
                public = (self._healthz, self._attestation, self._revocation, self.bank.signup)
                if handle not in public and not asked.bearer:
                    return Reply({"detail": "missing token"}, status=401)
                return handle(asked, *match.groups())
        return Reply({"detail": "Not Found"}, status=404)

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        room = r"/v1/rooms/([^/]+)"
        return [
            ("GET", "/v1/healthz", self._healthz),
            ("GET", "/v1/attestation", self._attestation),
            ("GET", "/v1/health", lambda _: {"status": "ok", "table_count": 9, "version": "0.3.7"}),
            ("GET", "/v1/whoami", lambda _: {"tenant_id": "t_0123456789ab", "name": "alice", "role": "owner"}),
            ("GET", "/v1/rooms", self._list_rooms),
            ("POST", "/v1/rooms", self._create_room),
            ("GET", room + "/attest", self._attest),
            ("POST", room + "/runs", self._submit),
            ("POST", room + "/query-agents", self._submit_agent),
            ("POST", room + "/data", self._add_data),
            ("GET", room + "/data", lambda _, __: {"items": self.items}),
            ("DELETE", room, self._revoke),
            ("GET", room + "/revocation", self._revocation),
            ("GET", "/v1/runs/([^/]+)", self._read_run),
            ("GET", "/v1/runs/([^/]+)/receipt", self._receipt),
            ("POST", "/v1/room-agents", self._upload_agent),
            ("GET", "/v1/room-agents", lambda _: list(self.agents.values())),
            ("GET", "/v1/room-agents/([^/]+)", lambda _, agent_id: self.agents.get(agent_id) or Reply({}, status=404)),
            ("DELETE", "/v1/room-agents/([^/]+)", self._delete_agent),
            *self.bank.routes(),
            *self.office.routes(),
        ]

    def _healthz(self, _: Asked) -> Answer:
        return {"status": "ok", "version": "0.3.7", "features": self.features}

    def _attestation(self, _: Asked) -> Answer:
        return NotReady("no guest agent", "0.3.7", DevelopmentSigner(self.signer.public_b64)).to_wire()

    def _attest(self, asked: Asked, room_id: str) -> Answer:
        if room_id not in self.rooms:
            return Reply({"detail": f"room {room_id} not found"}, status=404)
        if self.rooms[room_id]["revoked_at"] is not None:
            return Reply({"detail": "This room has been revoked", "code": "room_revoked"}, status=403)
        return {"room": self.rooms[room_id], "scope_agent": None, "query_agent": None, "mediator_agent": None}

    def _list_rooms(self, asked: Asked) -> Answer:
        rows = list(reversed(self.rooms.values()))
        start, size = int(asked.query.get("cursor", 0)), min(100, int(asked.query["limit"]))
        more = {"X-Next-Cursor": str(start + size)} if start + size < len(rows) else {}
        return Reply({"rooms": rows[start : start + size]}, headers=more)

    def _create_room(self, asked: Asked) -> Answer:
        wanted = asked.json
        manifest = self.manifest(
            "room_fedcba987654",
            name=wanted["name"],
            rules=wanted["rules"],
            policy=wanted["rules"] if wanted["policy"] is None else wanted["policy"],
            scope=AgentRef(wanted["scope_agent_id"], "inspectable"),
            query=QueryRef(wanted.get("query_mode") or "uploadable", wanted.get("query_agent_id") or "", "sealed"),
            output_visibility=wanted["output_visibility"],
            llm_providers=tuple(wanted["egress"]["llm_providers"]),
            allow_artifacts=wanted["egress"]["allow_artifacts"],
            allowed_tables=tuple(wanted["allowed_tables"]),
            trust=TrustPolicy(wanted["trust"]["mode"], tuple(wanted["trust"].get("allowed_composes", ()))),
            expires_at=wanted.get("expires_at"),
            require_row_policies=wanted.get("require_row_policies", False),
        )
        row = self.publish(manifest)
        link = self.link(manifest.room_id)
        return {
            "room_id": manifest.room_id,
            "room": row,
            "token": self.invite,
            "token_id": "0e3a07e0cdf2",
            "link": link,
        }

    def _submit(self, asked: Asked, room_id: str) -> Answer:
        wanted = asked.json
        run_id = asked.headers["x-hivemind-idempotency-key"]
        refusal = self.bank.refusal(asked, room_id)
        if refusal is not None:
            return refusal
        known = self.runs.get(run_id)
        row = known or self.new_run(run_id, room_id, prompt=wanted["query"], nonce=wanted.get("client_nonce"))
        return {"run_id": run_id, "room_id": room_id, "status": row["status"]}

    def _submit_agent(self, asked: Asked, room_id: str) -> Answer:
        form = asked.form
        nonce = form.get("client_nonce", b"").decode() or None
        chosen = asked.headers["x-hivemind-idempotency-key"] if "query_agents" in self.features else "c0c0c0c0c0c0"
        self.new_run(chosen, room_id, prompt=form["prompt"].decode(), nonce=nonce, agent_id="dddddddddddd")
        return {"run_id": chosen, "agent_id": "dddddddddddd", "room_id": room_id, "status": "pending"}

    def _read_run(self, asked: Asked, run_id: str) -> Answer:
        row = self.runs.get(run_id)
        if row is None:
            return Reply({"detail": f"run {run_id} not found"}, status=404)
        row["_polls"] += 1
        if row["status"] in ("pending", "running") and row["_polls"] > self.polls_until_done:
            row |= {"status": "completed", "output": self.output, "scope_started_at": 1.0, "scope_ended_at": 3.5}
            row |= {"query_started_at": 3.5, "query_ended_at": 13.0, "billing_status": "settled"}
            row |= {"billing_cost_micro_usd": 57144, "usage": {"calls": 9, "total_tokens": 1200}}
            row.update(self.finish_run(row))
            if row["attestation"] is None and row["room_id"]:
                row["attestation"] = self.record(row)
        elif row["status"] == "pending":
            row |= {"status": "running", "scope_started_at": 1.0}
        shown = {name: value for name, value in row.items() if not name.startswith("_")}
        return shown | ({"attestation": None} if row["attestation"] == "none" else {})

    def _receipt(self, asked: Asked, run_id: str) -> Answer:
        row = self.runs.get(run_id)
        if row is None:
            return Reply({"detail": "Run not found"}, status=404)
        return {
            "receipt_version": 1,
            "record": row["attestation"],
            "evidence": self._attestation(asked),
            "room_envelope": self.rooms[row["room_id"]]["envelope"],
            "collateral": None,
        }

    def _add_data(self, asked: Asked, room_id: str) -> Answer:
        text = asked.json["text"]
        item = {"room_id": room_id, "item_id": "rvi_2ba7dd225bdfa906", "text": text, "metadata": asked.json["metadata"]}
        self.items.append(item | {"created_at": 1767225600.0, "size_bytes": len(text.encode())})
        return {name: value for name, value in self.items[-1].items() if name != "text"}

    def _revoke(self, asked: Asked, room_id: str) -> Answer:
        ended = rows.revocation(self.rooms[room_id], key=self.owner_key)
        self.rooms[room_id] |= {"revoked_at": 1767225800.0, "revocation": ended}
        told = {"status": "ok", "room_id": room_id, "invites_revoked": 1, "share_link_disabled": False}
        return told | {"revocation": ended}

    def _revocation(self, asked: Asked, room_id: str) -> Answer:
        ended = self.rooms.get(room_id, {}).get("revocation")
        return {"room_id": room_id, "revocation": ended} if ended else Reply({"detail": "none"}, status=404)

    def _upload_agent(self, asked: Asked) -> Answer:
        number = len(self.agents) + 1
        agent_id, run_id = f"a{number:011d}", f"b{number:011d}"
        form = asked.form
        self.agents[agent_id] = {
            "agent_id": agent_id,
            "name": form["name"].decode(),
            "agent_type": form["agent_type"].decode(),
        }
        row = self.new_run(run_id, "", prompt="", nonce=None)
        row |= {"room_id": None, "attestation": "none"}
        return {"agent_id": agent_id, "run_id": run_id, "status": "pending"}

    def _delete_agent(self, asked: Asked, agent_id: str) -> Answer:
        self.agents.pop(agent_id, None)
        return {"status": "ok"}
