"""The money side of the service double: one account per owner key, credit codes, quotes and spend tokens."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from attestation.tokens import CREDIT, OWNER, SPEND, new_token
from tests.hmctl.http_service import Answer, Asked, Reply


@dataclass
class Account:
    """What one owner has."""

    tenant_id: str
    name: str
    balance: int = 1_500_000
    held: int = 0
    spent: int = 500_000
    credited: int = 2_000_000
    ledger: list[dict[str, Any]] = field(default_factory=list)


class Bank:
    """Honest bookkeeping in memory. `age` "old" answers as services did before there was more than a balance."""

    def __init__(self, first: str, second: str) -> None:
        self.accounts = {first: Account("t_0123456789ab", "alice"), second: Account("t_ba9876543210", "bob")}
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.enforce_credits = True
        self.is_old = False
        self.signup_is_open = True
        self.max_cost_micro_usd = 3_500_000
        self.missing_prices: list[str] = []
        self.spending: dict[str, int] = {}

    def routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        spend = "/v1/billing/spend-tokens"
        return [
            ("POST", "/v1/signup", self.signup),
            ("GET", "/v1/billing", self.billing),
            ("POST", "/v1/billing/credit-codes/redeem", self.redeem),
            ("POST", spend, self.mint),
            ("GET", spend, self.list_tokens),
            ("DELETE", spend + "/([^/]+)", self.revoke),
            ("POST", "/v1/rooms/([^/]+)/quote", self.quote),
        ]

    def entry(self, account: Account, kind: str, amount: int, *, run_id: str | None = None) -> dict[str, Any]:
        """Books one movement, newest first."""
        booked = {
            "entry_id": "ble_" + secrets.token_hex(12),
            "tenant_id": account.tenant_id,
            "created_at": time.time(),
            "kind": kind,
            "run_id": run_id,
            "amount_micro_usd": amount,
            "metadata": {},
        }
        account.ledger.insert(0, booked)
        account.balance += amount
        return booked

    def new_code(self, micro_usd: int, **changes: Any) -> str:
        text = new_token(CREDIT)
        code = {"code_id": "cc_" + secrets.token_hex(8), "credit": micro_usd, "uses": 1, "used_by": set()}
        self.codes[text] = code | changes
        return text

    def refusal(self, asked: Asked, room_id: str) -> Reply | None:
        """Why the payer named in an ask does not pay, None when it does."""
        text, most = asked.headers.get("x-hivemind-api-key", ""), asked.json.get("max_cost_micro_usd")
        if most is not None and self.max_cost_micro_usd > most:
            return Reply({"detail": "this run could cost more than you allow", "code": "max_cost_exceeded"}, 402)
        if not text.startswith(SPEND):
            return (
                None if text in self.accounts or asked.bearer in self.accounts else Reply({"detail": "no payer"}, 402)
            )
        token = self.tokens.get(text)
        if token is None or token["revoked_at"] or token["expires_at"] <= time.time():
            return Reply({"detail": "not a valid tenant API key or spend token"}, 401)
        if token["room_id"] not in ("", room_id) or token["service"] not in ("", f"http://{asked.headers['host']}"):
            return Reply({"detail": "This spend token was made for another room or service"}, 403)
        if token["limit_micro_usd"] - token["committed_micro_usd"] < self.max_cost_micro_usd:
            detail = "The spend token's limit does not cover this run"
            return Reply({"detail": detail, "code": "spend_limit_reached"}, 402)
        token["committed_micro_usd"] += self.max_cost_micro_usd
        return None

    # --- owner ---

    def signup(self, asked: Asked) -> Answer:
        if not self.signup_is_open:
            return Reply({"detail": "self-serve signup is disabled"}, 503)
        key, account = new_token(OWNER), Account("t_" + secrets.token_hex(6), asked.json["name"], 3_000_000, 0, 0)
        self.accounts[key] = account
        return {
            "tenant_id": account.tenant_id,
            "name": account.name,
            "api_key": key,
            "starter_credit_micro_usd": 3_000_000,
            "balance_micro_usd": 3_000_000,
        }

    def billing(self, asked: Asked) -> Answer:
        account = self.accounts.get(asked.bearer)
        if account is None:
            return Reply({"detail": "unknown token"}, 401)
        return self.statement(account, limit=int(asked.query["limit"]))

    def statement(self, account: Account, *, limit: int) -> dict[str, Any]:
        told: dict[str, Any] = {
            "tenant_id": account.tenant_id,
            "balance_micro_usd": account.balance,
            "ledger": account.ledger[:limit],
        }
        if self.is_old:
            return told
        return told | {
            "held_micro_usd": account.held,
            "spent_micro_usd": account.spent,
            "credited_micro_usd": account.credited,
            "enforce_credits": self.enforce_credits,
            "spending": [
                {"date": day, "spent_micro_usd": spent, "run_count": 1} for day, spent in self.spending.items()
            ],
        }

    def redeem(self, asked: Asked) -> Answer:
        code, account = self.codes.get(asked.json["credit_code"]), self.accounts[asked.bearer]
        if code is None:
            return Reply({"detail": "invalid credit code"}, 403)
        if asked.bearer in code["used_by"]:
            return Reply({"detail": "credit code was already redeemed by this tenant"}, 403)
        if len(code["used_by"]) >= code["uses"]:
            return Reply({"detail": "credit code has no uses left"}, 403)
        code["used_by"].add(asked.bearer)
        self.entry(account, "credit_grant", code["credit"])
        return {
            "code_id": code["code_id"],
            "redemption_id": "ccr_" + secrets.token_hex(12),
            "credit_micro_usd": code["credit"],
            "balance_micro_usd": account.balance,
        }

    # --- quotes and spend tokens ---

    def quote(self, asked: Asked, room_id: str) -> Answer:
        wanted = asked.json
        assert "query" not in wanted
        tokens = wanted.get("max_tokens", 1_000_000)
        account = self.accounts.get(asked.bearer)
        stage = {
            "model": wanted.get("model", "moonshotai/kimi-k2.6"),
            "max_tokens": tokens,
            "prompt_micro_usd_per_mtok": 750_000,
            "completion_micro_usd_per_mtok": 3_500_000,
            "max_cost_micro_usd": self.max_cost_micro_usd,
        }
        payer = {"tenant_id": account.tenant_id, "balance_micro_usd": account.balance} if account else None
        return {
            "room_id": room_id,
            "provider": wanted.get("provider", "openrouter"),
            "max_tokens": tokens,
            "max_cost_micro_usd": self.max_cost_micro_usd,
            "stages": [{"name": name, **stage} for name in ("scope", "query")],
            "missing_prices": self.missing_prices,
            "enforce_credits": self.enforce_credits,
            "payer": payer,
            "sufficient": account.balance >= self.max_cost_micro_usd if account else None,
            "priced_at": 1767225600.0,
        }

    def mint(self, asked: Asked) -> Answer:
        if asked.bearer not in self.accounts:
            return Reply({"detail": "unknown token"}, 401)
        wanted, text = asked.json, new_token(SPEND)
        row = {
            "token_id": secrets.token_hex(6),
            "limit_micro_usd": wanted["limit_micro_usd"],
            "committed_micro_usd": 0,
            "room_id": wanted.get("room_id", ""),
            "service": wanted.get("service", ""),
            "expires_at": time.time() + wanted["expires_in_seconds"],
            "created_at": time.time(),
            "revoked_at": None,
            "label": wanted.get("label", ""),
        }
        self.tokens[text] = row | {"_owner": asked.bearer}
        return row | {"token": text}

    def list_tokens(self, asked: Asked) -> Answer:
        rows = [row for row in self.tokens.values() if row["_owner"] == asked.bearer]
        return {"spend_tokens": [{k: v for k, v in row.items() if k != "_owner"} for row in rows]}

    def revoke(self, asked: Asked, token_id: str) -> Answer:
        for row in self.tokens.values():
            if row["token_id"] == token_id and row["_owner"] == asked.bearer and row["revoked_at"] is None:
                row["revoked_at"] = time.time()
                return {"status": "ok", "token_id": token_id}
        return Reply({"detail": "spend token not found"}, 404)
