"""The operator's calls: tenants, money, runs, agents. They answer only an operator's key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hmctl.client import pages, wire
from hmctl.client.caller import LONG, SHORT, Caller
from hmctl.client.pages import Page
from hmctl.client.transport import Call, JsonObject, path_of

_SWEEP: Final = 120.0
_MIGRATE: Final = 180.0
_MOST_PER_TENANT: Final = 500


@dataclass(frozen=True)
class Operator(Caller):
    """The calls under `/v1/admin`."""

    # --- tenants ---

    def tenants(self, rows: int = pages.BOOK_ROWS, cursor: str = "") -> Page:
        """One page of the tenants, newest first."""
        return pages.of(self.get("admin", "tenants", timeout=SHORT, query=pages.params(rows, cursor)), "tenants")

    def create_tenant(self, body: JsonObject) -> JsonObject:
        """A tenant with a new database; its key is in this answer alone."""
        return self.post("admin", "tenants", timeout=LONG, body=body).object()

    def register_tenant(self, body: JsonObject) -> JsonObject:
        """A tenant for a database that exists already."""
        return self.post("admin", "tenants", "register", timeout=LONG, body=body).object()

    def delete_tenant(self, tenant_id: str) -> JsonObject:
        """Removes a tenant with its database. Its books stay."""
        return self.delete("admin", "tenants", tenant_id, timeout=LONG).object()

    def rename_tenant(self, tenant_id: str, body: JsonObject) -> JsonObject:
        """Gives a tenant another display name."""
        return self.post("admin", "tenants", tenant_id, "rename", body=body).object()

    def reset_key(self, tenant_id: str, body: JsonObject) -> JsonObject:
        """A new owner key for a tenant; the old one dies with this call."""
        return self.post("admin", "tenants", tenant_id, "reset-key", timeout=LONG, body=body).object()

    def rename_database(self, old: str, new: str) -> JsonObject:
        """Gives a tenant's database another name."""
        return self.post("admin", "rename-database", timeout=LONG, body={"old_name": old, "new_name": new}).object()

    def migrate_roles(self) -> list[JsonObject]:
        """Gives every tenant's database a role of its own; what happened to each."""
        answer = self.post("admin", "migrate-to-roles", timeout=_MIGRATE).object()
        return wire.objects(answer, "results")

    # --- credit codes ---

    def create_code(self, body: JsonObject) -> JsonObject:
        """A credit code; its text is in this answer alone."""
        return self.post("admin", "credit-codes", body=body).object()

    def codes(self, rows: int, cursor: str, *, include_revoked: bool) -> Page:
        """One page of the credit codes, newest first, without their text."""
        query = {"include_revoked": "true" if include_revoked else "false"} | pages.params(rows, cursor)
        return pages.of(self.get("admin", "credit-codes", query=query), "credit_codes")

    def revoke_code(self, code_id: str) -> JsonObject:
        """Ends a code for those who have not used it."""
        return self.post("admin", "credit-codes", code_id, "revoke").object()

    # --- money ---

    def accounts(self, rows: int, cursor: str) -> Page:
        """One page of the accounts; its answer also says whether credit is enforced."""
        return pages.of(self.get("admin", "billing", query=pages.params(rows, cursor)), "accounts")

    def balance(self, tenant_id: str, *, limit: int) -> JsonObject:
        """One account's balance and newest entries."""
        return self.get("admin", "billing", tenant_id, query={"limit": str(limit)}).object()

    def ledger(self, rows: int, cursor: str, *, tenant_id: str) -> Page:
        """One page of the entries of all accounts, or of one, newest first."""
        query = pages.params(rows, cursor) | ({"tenant_id": tenant_id} if tenant_id else {})
        return pages.of(self.get("admin", "billing", "ledger", query=query), "ledger")

    def move(self, tenant_id: str, kind: str, body: JsonObject) -> JsonObject:
        """Moves money: `kind` is `credits`, `debits` or `refunds`. The new entry and the balance after it."""
        return self.post("admin", "billing", tenant_id, kind, body=body).object()

    def prices(self, rows: int, cursor: str, *, with_past_and_future: bool) -> Page:
        """The prices in force, by provider and model; or one page of all that were ever set, the last first."""
        query = pages.params(rows, cursor) | {"all": "true"} if with_past_and_future else {}
        return pages.of(self.get("admin", "billing", "prices", query=query), "prices")

    def set_price(self, body: JsonObject) -> JsonObject:
        """Sets the price of one model, from now or from a moment on."""
        return self.post("admin", "billing", "prices", body=body).object()

    def delete_price(self, provider: str, model: str, *, effective_from: float | None = None) -> JsonObject:
        """Takes a model's price away, or with a moment (unix seconds) the one that was to begin then."""
        query = {} if effective_from is None else {"effective_from": repr(effective_from)}
        return self.delete("admin", "billing", "prices", provider, model, query=query).object()

    # --- runs and the service ---

    def runs(self, rows: int, cursor: str, *, filters: Mapping[str, str]) -> Page:
        """One page of all tenants' runs, newest first; of one tenant at most 500."""
        query = pages.params(rows, cursor) | {"per_tenant": str(min(rows, _MOST_PER_TENANT))} | dict(filters)
        return pages.of(self.get("admin", "runs", query=query), "runs")

    def run(self, run_id: str) -> JsonObject:
        """One run as the operator may see it."""
        return self.get("admin", "runs", run_id).object()

    def sweep(self, *, dry_run: bool) -> JsonObject:
        """Finds agents whose image is gone and, unless `dry_run`, deletes them."""
        query = {"dry_run": "true" if dry_run else "false"}
        return self.send(Call("POST", path_of("admin", "agents", "sweep-broken"), _SWEEP, params=query)).object()

    def llm_probe(self, *, provider: str, model: str) -> JsonObject:
        """One tiny model call from the service, and how it went."""
        query = {name: value for name, value in (("provider", provider), ("model", model)) if value}
        return self.get("admin", "llm-probe", query=query).object()
