"""Redemptions: who used which credit code, and the grant that followed."""

from django.contrib import admin

from billing.admin import amounts, words
from billing.models import Redemption
from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.questions import Answer, question


@admin.register(Redemption)
class RedemptionAdmin(ShownAdmin):
    """Uses of codes, newest first."""

    shown = (
        *("redemption_id", "code", "code__label", "account", "account__name", "entry", "entry__entry_id"),
        *("entry__amount_micro_usd", "created_at"),
    )
    list_select_related = ("code", "account", "entry")
    list_display = ("redemption", "when", "code_of", "tenant", "worth", "grant")
    list_filter = (
        question(
            "Worth anything?",
            "worth",
            Answer("yes", "yes", lambda rows: rows.exclude(entry=None)),
            Answer("no", "no", lambda rows: rows.filter(entry=None)),
        ),
    )
    search_fields = ("redemption_id__startswith", "code__code_id__exact", "account__tenant_id__exact")
    search_help_text = "Id of a redemption or its beginning, or the id of a code or a tenant"
    paginator = CappedPaginator
    fieldsets = ((None, {"fields": (("identifier", "exact_time"), ("code_of", "tenant"), ("worth", "grant"))}),)

    @column("Redemption")
    def redemption(self, row: Redemption) -> object:
        """The id."""
        return columns.code(row.pk, characters=12)

    @column("Id")
    def identifier(self, row: Redemption) -> object:
        """The whole id."""
        return columns.code(row.pk)

    @column("When")
    def when(self, row: Redemption) -> object:
        """How long ago."""
        return columns.moment(row.created_at)

    @column("When")
    def exact_time(self, row: Redemption) -> object:
        """To the second."""
        return columns.both(row.created_at)

    @column("Code")
    def code_of(self, row: Redemption) -> object:
        """The code, by its label."""
        return columns.row("billing_creditcode", row.code_id, row.code.label or row.code_id)

    @column("Account")
    def tenant(self, row: Redemption) -> object:
        """Who redeemed it."""
        return words.tenant(row.account_id, row.account.name)

    @column("Worth")
    def worth(self, row: Redemption) -> object:
        """What was granted for it."""
        return amounts.amount(row.entry.amount_micro_usd) if row.entry else "nothing"

    @column("Grant")
    def grant(self, row: Redemption) -> object:
        """The entry of the grant."""
        return columns.row("billing_entry", str(row.entry.pk), row.entry.entry_id) if row.entry else columns.NOTHING
