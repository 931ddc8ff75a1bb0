"""Credit codes: what they are worth, who redeemed them, and minting and revoking them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from billing.admin import amounts, code_pages, words
from billing.models import CreditCode, Redemption
from billing.selectors import codes
from billing.services import credit_codes
from hivemind.kit import clock
from hivemind.kit.admin import audit_events, columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, Rows, question

SOON = timedelta(days=7)
SHOWN_REDEMPTIONS = 50
LEFT = Q(redeemed_count__lt=F("max_redemptions"))
REVOKE = Deed(
    name="revoke_code",
    title="Revoke",
    follows=("Nobody can redeem it from now on, for good.", "What was granted for it before stays where it is."),
    done="revoked",
    act=lambda code, actor: credit_codes.revoke(code.pk, actor=actor),
    applies=lambda code: code.revoked_at is None,
    icon="block",
)


def active(rows: Rows) -> Rows:
    """Codes that somebody could redeem now."""
    endless_or_later = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    return rows.filter(LEFT, endless_or_later, revoked_at=None)


def about_to_expire(rows: Rows) -> Rows:
    """Active codes that expire within a week."""
    return active(rows).filter(expires_at__lte=clock.now() + SOON)


def state(code: CreditCode) -> object:
    """In one word why a code can be redeemed or cannot."""
    now = clock.now()
    if code.revoked_at is not None:
        return columns.badge("plain", "revoked")
    if codes.expired(code, at=now):
        return columns.badge("plain", "expired")
    if codes.remaining(code) <= 0:
        return columns.badge("info", "used up")
    if code.expires_at is not None and code.expires_at <= now + SOON:
        return columns.badge("warning", "expires soon")
    return columns.badge("success", "active")


@admin.register(CreditCode)
class CreditCodeAdmin(OperatedAdmin):
    """Codes, newest first; their texts are shown when they are minted and never again."""

    grants = ("view", "add", "change")
    shown = (
        *("code_id", "label", "credit_micro_usd", "max_redemptions", "redeemed_count", "created_at", "created_by"),
        *("expires_at", "revoked_at"),
    )
    list_display = ("code", "state", "worth", "used", "expires", "made", "maker")
    list_filter = (
        question("Active?", "active", Answer("yes", "yes", active)),
        question("About to expire?", "soon", Answer("yes", "within a week", about_to_expire)),
        question("Used up?", "used", Answer("yes", "yes", lambda rows: rows.exclude(LEFT))),
        question("Revoked?", "revoked", Answer("yes", "yes", lambda rows: rows.exclude(revoked_at=None))),
    )
    search_fields = ("code_id__startswith", "label__icontains")
    search_help_text = "Label, or the beginning of an id"
    paginator = CappedPaginator
    deeds = (REVOKE,)
    fieldsets = (
        (None, {"fields": (("label_of", "identifier"), ("state", "worth"), ("used", "expires_exactly"))}),
        ("Made", {"fields": (("made_exactly", "maker"), "revoked")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """The page that mints in place of a form for rows."""
        mint = path("add/", self.admin_site.admin_view(self.mint), name="billing_creditcode_add")
        return [mint, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this person may mint."""
        return bool(request.user.has_perm("billing.add_creditcode"))

    def mint(self, request: HttpRequest) -> HttpResponse:
        """Mint codes, and show them once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return code_pages.mint(self, request)

    def tenant_of(self, row: CreditCode) -> str:
        """None: a code belongs to nobody."""
        return ""

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel]:
        """Who redeemed it."""
        if request.user.has_perm("billing.view_redemption"):
            yield _redemptions(row)

    def last_panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """What was done about it."""
        yield audit_events.latest(request, subject=row.pk)

    @column("Code")
    def code(self, row: CreditCode) -> object:
        """Label and id."""
        return columns.stacked(row.label or "without a label", row.pk)

    @column("Label")
    def label_of(self, row: CreditCode) -> str:
        """What it is for."""
        return row.label or columns.NOTHING

    @column("Id")
    def identifier(self, row: CreditCode) -> object:
        """The id."""
        return columns.code(row.pk)

    @column("State")
    def state(self, row: CreditCode) -> object:
        """Whether it can be redeemed."""
        return state(row)

    @column("Worth")
    def worth(self, row: CreditCode) -> object:
        """What a redemption adds."""
        return amounts.amount(row.credit_micro_usd)

    @column("Used")
    def used(self, row: CreditCode) -> str:
        """How often, of how many times."""
        return f"{row.redeemed_count:,} of {row.max_redemptions:,}"

    @column("Expires")
    def expires(self, row: CreditCode) -> object:
        """When its time is over."""
        return columns.moment(row.expires_at) if row.expires_at else "never"

    @column("Expires")
    def expires_exactly(self, row: CreditCode) -> object:
        """When its time is over, to the second."""
        return amounts.until(row.expires_at)

    @column("Minted")
    def made(self, row: CreditCode) -> object:
        """When it was minted."""
        return columns.moment(row.created_at)

    @column("Minted")
    def made_exactly(self, row: CreditCode) -> object:
        """When it was minted, to the second."""
        return columns.both(row.created_at)

    @column("Minted by")
    def maker(self, row: CreditCode) -> str:
        """Who minted it."""
        return words.by(row.created_by)

    @column("Revoked")
    def revoked(self, row: CreditCode) -> object:
        """When it was revoked."""
        return columns.both(row.revoked_at)


def _redemptions(code: CreditCode) -> Panel:
    rows = Redemption.objects.filter(code=code).select_related("account", "entry")[:SHOWN_REDEMPTIONS]
    return Panel(
        "Redeemed by",
        headers=("When", "Account", "Grant"),
        rows=[
            (
                columns.both(row.created_at),
                words.tenant(row.account_id, row.account.name),
                columns.row("billing_entry", str(row.entry.pk), row.entry.entry_id) if row.entry else "worth nothing",
            )
            for row in rows
        ],
        empty="Nobody has redeemed it yet.",
        url=columns.list_of("billing_redemption", q=code.pk),
        url_text="all its redemptions",
    )
