"""Spend tokens: what tenants let others spend. Their texts and their owners' labels are not for the operator."""

from typing import Any

from django.contrib import admin
from django.db.models import F

from billing.admin import amounts, words
from billing.models import SpendToken
from billing.services import spend_tokens
from hivemind.kit import clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.questions import Answer, Rows, question

REVOKE = Deed(
    name="revoke_token",
    title="Revoke",
    follows=(
        "The token pays for nothing more, for good. Whoever holds it needs another one from its owner.",
        "What it holds for runs that are going is settled as usual.",
    ),
    done="revoked",
    act=lambda token, actor: spend_tokens.revoke(token.pk, tenant_id=token.account_id, actor=actor),
    applies=lambda token: token.revoked_at is None,
    icon="block",
)


def living(rows: Rows) -> Rows:
    """Tokens that may still pay."""
    return rows.filter(revoked_at=None, expires_at__gt=clock.now())


@admin.register(SpendToken)
class SpendTokenAdmin(OperatedAdmin):
    """Tokens, newest first."""

    shown = (
        *("token_id", "account", "account__name", "limit_micro_usd", "committed_micro_usd", "room_id", "service"),
        *("minted_by", "created_at", "expires_at", "revoked_at"),
    )
    list_select_related = ("account",)
    list_display = ("token", "state", "tenant", "limit", "committed", "left", "place", "made", "expires")
    list_filter = (
        question(
            "May still pay?",
            "living",
            Answer("yes", "yes", living),
            Answer("expired", "expired", lambda rows: rows.filter(revoked_at=None, expires_at__lte=clock.now())),
            Answer("revoked", "revoked", lambda rows: rows.exclude(revoked_at=None)),
        ),
        question(
            "Used up?",
            "used",
            Answer("yes", "yes", lambda rows: rows.filter(committed_micro_usd__gte=F("limit_micro_usd"))),
        ),
    )
    search_fields = ("token_id__startswith", "account__tenant_id__exact", "room_id__exact")
    search_help_text = "Id of a token or its beginning, or the id of a tenant or a room"
    paginator = CappedPaginator
    deeds = (REVOKE,)
    fieldsets = (
        (None, {"fields": (("identifier", "state"), ("tenant", "minted"), ("limit", "committed"), "left")}),
        ("Where it pays", {"fields": (("room", "address"),)}),
        ("Times", {"fields": (("made_exactly", "expires_exactly"), "revoked")}),
    )

    def tenant_of(self, row: SpendToken) -> str:
        """The tenant that pays."""
        return row.account_id

    @column("Token")
    def token(self, row: SpendToken) -> object:
        """The short id."""
        return columns.code(row.pk)

    @column("Id")
    def identifier(self, row: SpendToken) -> object:
        """The short id."""
        return columns.code(row.pk)

    @column("State")
    def state(self, row: Any) -> object:
        """Whether it may still pay."""
        if row.revoked_at is not None:
            return columns.badge("plain", "revoked")
        if row.expires_at <= clock.now():
            return columns.badge("plain", "expired")
        if row.committed_micro_usd >= row.limit_micro_usd:
            return columns.badge("warning", "used up")
        return columns.badge("success", "living")

    @column("Account")
    def tenant(self, row: SpendToken) -> object:
        """Whose money."""
        return words.tenant(row.account_id, row.account.name)

    @column("Made with key")
    def minted(self, row: SpendToken) -> object:
        """The short id of the owner key that made it."""
        return columns.code(row.minted_by)

    @column("Limit")
    def limit(self, row: SpendToken) -> object:
        """The most that it may spend."""
        return amounts.amount(row.limit_micro_usd)

    @column("Committed")
    def committed(self, row: SpendToken) -> object:
        """What its runs hold or have cost."""
        return amounts.amount(row.committed_micro_usd)

    @column("Left")
    def left(self, row: SpendToken) -> object:
        """What it may still spend."""
        return amounts.amount(row.limit_micro_usd - row.committed_micro_usd)

    @column("Pays")
    def place(self, row: SpendToken) -> object:
        """In which room, at which address."""
        return columns.stacked(self.room(row), self.address(row))

    @column("Room")
    def room(self, row: SpendToken) -> object:
        """The only room in which it pays."""
        return columns.row("rooms_room", row.room_id) if row.room_id else "in any room"

    @column("Address")
    def address(self, row: SpendToken) -> str:
        """The only address of this service at which it pays."""
        return row.service or "at any address"

    @column("Made")
    def made(self, row: SpendToken) -> object:
        """When it was made."""
        return columns.moment(row.created_at)

    @column("Made")
    def made_exactly(self, row: SpendToken) -> object:
        """When it was made, to the second."""
        return columns.both(row.created_at)

    @column("Expires")
    def expires(self, row: SpendToken) -> object:
        """When its time is over."""
        return columns.moment(row.expires_at)

    @column("Expires")
    def expires_exactly(self, row: SpendToken) -> object:
        """When its time is over, to the second."""
        return columns.both(row.expires_at)

    @column("Revoked")
    def revoked(self, row: SpendToken) -> object:
        """When it was revoked."""
        return columns.both(row.revoked_at)
