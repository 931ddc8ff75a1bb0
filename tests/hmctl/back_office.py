"""The operator's side of the service double: tenants, codes, books, prices and runs, as the wire tells them."""

import secrets
import time
from collections.abc import Callable
from typing import Any

from attestation.tokens import OWNER, new_token
from tests.hmctl.bank import Account, Bank
from tests.hmctl.http_service import Answer, Asked, Reply

KIND = {"credits": ("credit_grant", 1), "refunds": ("credit_grant", 1), "debits": ("usage_charge", -1)}


class BackOffice:
    """Answers the operator's key alone."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.key = "operator-" + secrets.token_hex(8)
        self.prices: dict[tuple[str, str], dict[str, Any]] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.runs: list[dict[str, Any]] = []
        self.orphans = 1
        self.probe: dict[str, Any] = {"status_code": 200, "elapsed_ms": 812, "body_head": "{}"}

    def routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        admin = "/v1/admin"
        tenants, codes, billing = f"{admin}/tenants", f"{admin}/credit-codes", f"{admin}/billing"
        found: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", tenants, self.list_tenants),
            ("POST", tenants, self.create),
            ("POST", f"{tenants}/register", self.create),
            ("DELETE", f"{tenants}/([^/]+)", self.delete),
            ("POST", f"{tenants}/([^/]+)/rename", self.rename),
            ("POST", f"{tenants}/([^/]+)/reset-key", self.reset_key),
            ("POST", f"{admin}/rename-database", lambda asked: {"status": "ok", **asked.json}),
            ("POST", f"{admin}/migrate-to-roles", lambda asked: {"status": "ok", "results": []}),
            ("POST", codes, self.create_code),
            ("GET", codes, self.list_codes),
            ("POST", f"{codes}/([^/]+)/revoke", self.revoke_code),
            ("GET", billing, self.accounts),
            ("GET", f"{billing}/ledger", self.ledger),
            ("GET", f"{billing}/prices", lambda asked: {"prices": list(self.prices.values())}),
            ("POST", f"{billing}/prices", self.set_price),
            ("DELETE", f"{billing}/prices/([^/]+)/(.+)", self.delete_price),
            ("GET", f"{billing}/([^/]+)", self.balance),
            ("POST", f"{billing}/([^/]+)/(credits|debits|refunds)", self.move),
            ("GET", f"{admin}/runs", self.list_runs),
            ("GET", f"{admin}/runs/([^/]+)", self.show_run),
            ("POST", f"{admin}/agents/sweep-broken", self.sweep),
            ("GET", f"{admin}/llm-probe", self.llm_probe),
        ]
        return [(method, pattern, self._guarded(handle)) for method, pattern, handle in found]

    def _guarded(self, handle: Callable[..., Answer]) -> Callable[..., Answer]:
        def check(asked: Asked, *parts: str) -> Answer:
            if asked.bearer != self.key:
                return Reply({"detail": "invalid admin key"}, 401)
            return handle(asked, *parts)

        return check

    def _find(self, tenant_id: str) -> Account | None:
        return next((found for found in self.bank.accounts.values() if found.tenant_id == tenant_id), None)

    # --- tenants ---

    def list_tenants(self, asked: Asked) -> Answer:
        rows = [self._tenant(account) for account in self.bank.accounts.values()]
        return {"tenants": list(reversed(rows))}

    def _tenant(self, account: Account) -> dict[str, Any]:
        return {
            "id": account.tenant_id,
            "name": account.name,
            "db_name": f"tenant_{account.tenant_id}",
            "created_at": 1767225600.0,
            "suspended": False,
        }

    def create(self, asked: Asked) -> Answer:
        name = asked.json["name"]
        known = {account.name for account in self.bank.accounts.values()}
        if name in known and not asked.json.get("allow_duplicate_name"):
            return Reply({"detail": f"tenant {name!r} already exists"}, 409)
        key, tenant_id = new_token(OWNER), asked.json.get("tenant_id") or "t_" + secrets.token_hex(6)
        self.bank.accounts[key] = Account(tenant_id, name, 0, 0, 0, 0)
        database = asked.json.get("db_name", f"tenant_{tenant_id}")
        return {"tenant_id": tenant_id, "api_key": key, "db_name": database, "name": name}

    def delete(self, asked: Asked, tenant_id: str) -> Answer:
        for key, account in list(self.bank.accounts.items()):
            if account.tenant_id == tenant_id:
                del self.bank.accounts[key]
                return {"status": "ok", "tenant_id": tenant_id}
        return Reply({"detail": f"tenant '{tenant_id}' not found"}, 404)

    def rename(self, asked: Asked, tenant_id: str) -> Answer:
        account = self._find(tenant_id)
        if account is None:
            return Reply({"detail": "tenant not found"}, 404)
        account.name = asked.json["name"]
        return self._tenant(account)

    def reset_key(self, asked: Asked, tenant_id: str) -> Answer:
        account = self._find(tenant_id)
        if account is None:
            return Reply({"detail": "tenant not found"}, 404)
        self.bank.accounts = {k: v for k, v in self.bank.accounts.items() if v is not account}
        key = new_token(OWNER)
        self.bank.accounts[key] = account
        names = {"tenant_id": tenant_id, "name": account.name, "db_name": f"tenant_{tenant_id}", "api_key": key}
        wanted = {"clear_seal": False, "revoke_capabilities": False} | asked.json
        return names | wanted | {"seal_rows_deleted": 0, "capabilities_revoked": 2}

    # --- codes and books ---

    def create_code(self, asked: Asked) -> Answer:
        wanted = asked.json
        text = self.bank.new_code(round(float(wanted["credit_usd"]) * 1_000_000), uses=wanted["max_redemptions"])
        code = self.bank.codes[text]
        seconds = wanted.get("expires_in_seconds")
        self.codes[code["code_id"]] = code | {
            "label": wanted["label"],
            "created_at": time.time(),
            "expires_at": 1767225600.0 + seconds if seconds else None,
            "revoked_at": None,
        }
        shown = self._code(code["code_id"])
        return {n: v for n, v in shown.items() if n not in ("remaining_redemptions", "expired", "active")} | {
            "code": text
        }

    def _code(self, code_id: str) -> dict[str, Any]:
        code = self.codes[code_id]
        used = len(code["used_by"])
        return {
            "code_id": code_id,
            "label": code["label"],
            "credit_micro_usd": code["credit"],
            "max_redemptions": code["uses"],
            "redeemed_count": used,
            "created_at": code["created_at"],
            "expires_at": code["expires_at"],
            "revoked_at": code["revoked_at"],
            "remaining_redemptions": code["uses"] - used,
            "expired": False,
            "active": code["revoked_at"] is None and used < code["uses"],
        }

    def list_codes(self, asked: Asked) -> Answer:
        shown = [self._code(code_id) for code_id in reversed(self.codes)]
        wanted = asked.query["include_revoked"] == "true"
        return {"credit_codes": [code for code in shown if wanted or code["revoked_at"] is None]}

    def revoke_code(self, asked: Asked, code_id: str) -> Answer:
        if code_id not in self.codes or self.codes[code_id]["revoked_at"]:
            return Reply({"detail": "credit code not found"}, 404)
        self.codes[code_id]["revoked_at"] = time.time()
        return {"status": "ok", "code_id": code_id}

    def accounts(self, asked: Asked) -> Answer:
        rows = [
            {
                "tenant_id": account.tenant_id,
                "name": account.name,
                "created_at": 1767225600.0,
                "closed_at": None,
                "suspended": False,
                "balance_micro_usd": account.balance,
                "total_credit_micro_usd": account.credited,
                "total_spent_micro_usd": account.spent,
                "total_held_micro_usd": account.held,
                "total_debited_micro_usd": 0,
            }
            for account in self.bank.accounts.values()
        ]
        return {"accounts": rows, "enforce_credits": self.bank.enforce_credits}

    def ledger(self, asked: Asked) -> Answer:
        entries = [
            entry | {"name": account.name}
            for account in self.bank.accounts.values()
            for entry in account.ledger
            if asked.query.get("tenant_id", account.tenant_id) == account.tenant_id
        ]
        return {"ledger": entries[: int(asked.query["limit"])]}

    def balance(self, asked: Asked, tenant_id: str) -> Answer:
        account = self._find(tenant_id)
        if account is None:
            return Reply({"detail": "tenant not found"}, 404)
        return self.bank.statement(account, limit=int(asked.query["limit"]))

    def move(self, asked: Asked, tenant_id: str, what: str) -> Answer:
        account, (kind, sign) = self._find(tenant_id), KIND[what]
        if account is None:
            return Reply({"detail": "tenant not found"}, 404)
        amount = round(float(asked.json["amount_usd"]) * 1_000_000)
        if sign < 0 and amount > account.balance:
            return Reply({"detail": "more than the account has"}, 409)
        booked = self.bank.entry(account, kind, sign * amount, run_id=asked.json.get("run_id"))
        return booked | {"balance_micro_usd": account.balance}

    def set_price(self, asked: Asked) -> Answer:
        wanted = asked.json
        row = {
            "provider": wanted["provider"],
            "model": wanted["model"],
            "prompt_microusd_per_mtok": round(float(wanted["prompt_usd_per_million"]) * 1_000_000),
            "completion_microusd_per_mtok": round(float(wanted["completion_usd_per_million"]) * 1_000_000),
            "updated_at": 1767225600.0,
            "source": wanted["source"],
            "effective_from": wanted.get("effective_from", 1767225600.0),
            "withdrawn": False,
        }
        self.prices[wanted["provider"], wanted["model"]] = row
        return row

    def delete_price(self, asked: Asked, provider: str, model: str) -> Answer:
        known = self.prices.get((provider, model), {})
        if not known or known["effective_from"] != float(asked.query.get("effective_from", known["effective_from"])):
            return Reply({"detail": "price not found"}, 404)
        del self.prices[provider, model]
        return {"status": "ok", "provider": provider, "model": model}

    # --- runs and the service ---

    def list_runs(self, asked: Asked) -> Answer:
        wanted = {name: asked.query[name] for name in ("tenant_id", "status", "billing_status") if name in asked.query}
        rows = [run for run in self.runs if all(run[name] == value for name, value in wanted.items())]
        assert set(asked.query) <= {"limit", "per_tenant", "tenant_id", "status", "billing_status"}
        most = min(int(asked.query["limit"]), 1000, int(asked.query.get("per_tenant", 100)))  # all are of one tenant
        return {"runs": rows[:most]}

    def show_run(self, asked: Asked, run_id: str) -> Answer:
        found = [run for run in self.runs if run["run_id"] == run_id]
        return found[0] if found else Reply({"detail": "run not found"}, 404)

    def sweep(self, asked: Asked) -> Answer:
        dry = asked.query["dry_run"] == "true"
        found = [
            {
                "tenant_id": "t_0123456789ab",
                "tenant_name": "alice",
                "agent_id": f"c0ffee12ab{n:02d}",
                "name": "old",
                "agent_type": "query",
                "image": "x:1",
                "reason": "damaged",
                "deleted": not dry,
            }
            for n in range(self.orphans)
        ]
        if not dry:
            self.orphans = 0
        return {"dry_run": dry, "count": len(found), "deleted": 0 if dry else len(found), "orphans": found}

    def llm_probe(self, asked: Asked) -> Answer:
        facts = {"provider": asked.query.get("provider", "openrouter"), "model": asked.query.get("model", "m/x")}
        told = {"base_url": "https://llm.example/v1", "api_key_configured": True, "timeout_seconds": 45}
        return facts | told | self.probe
