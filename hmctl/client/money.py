"""An account's calls: opening one, its balance, credit codes, and tokens that spend a little of it."""

from dataclasses import dataclass

from hmctl.client import pages
from hmctl.client.caller import LONG, Caller
from hmctl.client.pages import Page
from hmctl.client.transport import JsonObject


@dataclass(frozen=True)
class Money(Caller):
    """The calls under `/v1/billing`, and `/v1/signup`, which takes no bearer."""

    def signup(self, name: str) -> JsonObject:
        """Opens a tenant with a key of its own; the answer is the only place where that key is ever shown."""
        return self.post("signup", timeout=LONG, body={"name": name}).object()

    def billing(self, *, limit: int) -> JsonObject:
        """Balance and the newest ledger entries."""
        return self.get("billing", query={"limit": str(limit)}).object()

    def redeem(self, code: str) -> JsonObject:
        """Turns a credit code into credit of the caller."""
        return self.post("billing", "credit-codes", "redeem", body={"credit_code": code}).object()

    def mint_spend_token(self, body: JsonObject) -> JsonObject:
        """Makes a token that pays within the limits in `body`; its text is in this answer alone."""
        return self.post("billing", "spend-tokens", body=body).object()

    def spend_tokens(self, rows: int, cursor: str) -> Page:
        """One page of the caller's spend tokens, newest first, without their text."""
        return pages.of(self.get("billing", "spend-tokens", query=pages.params(rows, cursor)), "spend_tokens")

    def revoke_spend_token(self, token_id: str) -> JsonObject:
        """Ends a spend token at once."""
        return self.delete("billing", "spend-tokens", token_id).object()
