"""Prices: those in force with what comes after them, those to come, and those of the past."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path

from billing.admin import amounts, price_pages, words
from billing.models import Price
from billing.services import prices
from hivemind.kit import clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownList
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.questions import Answer, Rows, question

FOLLOWS = (
    "From now on the model has no price. While credit is enforced, nobody can ask with it; otherwise it is free.",
    "Runs that are going are charged what they were quoted.",
    "A price that is scheduled for later still comes into force then, unless it is cancelled.",
)


def _later() -> QuerySet[Price]:
    """The rows that follow a row, for a subquery."""
    same = Price.objects.filter(provider=OuterRef("provider"), model=OuterRef("model"))
    return same.filter(effective_from__gt=OuterRef("effective_from")).order_by("effective_from")


def follow(rows: Iterable[Any]) -> None:
    """Leave on each row the one that follows it, None for the last one of its model. Two queries."""
    found = Price.objects.filter(pk__in=[row.pk for row in rows])
    followers = dict(found.annotate(follower=Subquery(_later().values("pk")[:1])).values_list("pk", "follower"))
    by_key = Price.objects.in_bulk([key for key in followers.values() if key is not None])
    for row in rows:
        row.follower = by_key.get(followers.get(row.pk))


def follower(row: Any) -> Price | None:
    """The row that follows: read now, unless `follow` has left it."""
    if not hasattr(row, "follower"):
        follow([row])
    found: Price | None = row.follower
    return found


def begun(rows: Rows) -> Rows:
    """The newest row of each model that has begun: a price, or its withdrawal. Read backwards from the unique index."""
    begun = Price.objects.filter(effective_from__lte=clock.now())
    newest = begun.order_by("-provider", "-model", "-effective_from").distinct("provider", "model")
    return rows.filter(pk__in=newest.values("pk"))


def past(rows: Rows) -> Rows:
    """Rows that another one took the place of."""
    return rows.filter(Exists(_later().filter(effective_from__lte=clock.now())))


def state(row: Any) -> str:
    """`scheduled`, `past`, `withdrawn` or `in force`."""
    now = clock.now()
    if row.effective_from > now:
        return "scheduled"
    after = follower(row)
    if after is not None and after.effective_from <= now:
        return "past"
    return "withdrawn" if row.withdrawn else "in force"


COLOURS = {"in force": "success", "scheduled": "info", "past": "plain", "withdrawn": "warning"}
WITHDRAW = Deed(
    name="withdraw",
    title="Withdraw",
    follows=FOLLOWS,
    done="withdrawn",
    act=lambda row, actor: prices.withdraw(row.provider, row.model, actor=actor),
    applies=lambda row: state(row) == "in force",
    icon="money_off",
    needs="add",
)


CANCEL = Deed(
    name="cancel",
    title="Cancel",
    follows=(
        "The price never comes into force. What is in force now stays, until the next scheduled price.",
        "Nobody was quoted it yet. The trail and the history keep what it would have been.",
    ),
    done="cancelled",
    act=lambda row, actor: prices.cancel(row.provider, row.model, effective_from=row.effective_from, actor=actor),
    applies=lambda row: state(row) == "scheduled",
    icon="event_busy",
    needs="add",
    deletes=True,
)


class PriceList(ShownList):
    """A page of prices, with the row that follows each."""

    def get_results(self, request: HttpRequest) -> None:
        """Read one page, and what follows its rows."""
        super().get_results(request)
        follow(list(self.result_list))


@admin.register(Price)
class PriceAdmin(OperatedAdmin):
    """Prices by model. Rows are never changed: another price is another row. One that is to come can be cancelled."""

    grants = ("view", "add")
    change_list_template = "hivemind/admin/prices.html"
    shown = (
        *("id", "provider", "model", "prompt_micro_usd_per_mtok", "completion_micro_usd_per_mtok"),
        *("effective_from", "withdrawn", "source", "created_at", "created_by"),
    )
    list_display = ("price", "state", "prompt", "completion", "since", "after", "maker")
    list_filter = (
        question(
            "Which?",
            "which",
            Answer("force", "in force", lambda rows: begun(rows).filter(withdrawn=False)),
            Answer("scheduled", "scheduled", lambda rows: rows.filter(effective_from__gt=clock.now())),
            Answer("past", "past", past),
            Answer("withdrawn", "withdrawn", lambda rows: begun(rows).filter(withdrawn=True)),
            default="force",
        ),
    )
    search_fields = ("provider__iexact", "model__icontains")
    search_help_text = "Model, or the name of a provider"
    # That of the unique index, so that a page is read from it in order.
    ordering = ("provider", "model", "effective_from")
    paginator = CappedPaginator
    deeds = (WITHDRAW, CANCEL)
    fieldsets = (
        (None, {"fields": (("provider", "model"), ("state", "since_exactly"), ("prompt", "completion"), "after")}),
        ("Set", {"fields": (("made", "maker"), "source")}),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """A list whose rows know what follows them."""
        return PriceList

    def get_urls(self) -> list[URLPattern]:
        """Pages that set prices, and the file of them."""
        view = self.admin_site.admin_view
        pages = [
            path("add/", view(self.new_price), name="billing_price_add"),
            path("import/", view(self.import_prices), name="billing_price_import"),
            path("prices.csv", view(self.download), name="billing_price_download"),
        ]
        return [*pages, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this person may set, withdraw and cancel prices."""
        return bool(request.user.has_perm("billing.add_price"))

    def new_price(self, request: HttpRequest) -> HttpResponse:
        """Set one price."""
        self._check_may_set(request)
        return price_pages.new(self, request)

    def import_prices(self, request: HttpRequest) -> HttpResponse:
        """Set many prices."""
        self._check_may_set(request)
        return price_pages.import_file(self, request)

    def download(self, request: HttpRequest) -> StreamingHttpResponse:
        """The prices as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return price_pages.export_file()

    def tenant_of(self, row: Price) -> str:
        """None: a price is for all."""
        return ""

    def subject_of(self, row: Price) -> str:
        """The model, as the trail of the service names it."""
        return f"{row.provider}/{row.model}"[:120]

    def _check_may_set(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied

    @column("Model")
    def price(self, row: Price) -> object:
        """Model and provider."""
        return columns.stacked(row.model, row.provider)

    @column("State")
    def state(self, row: Any) -> object:
        """In force, scheduled, past or withdrawn."""
        word = state(row)
        return columns.badge(COLOURS[word], word)

    @column("Million prompt tokens")
    def prompt(self, row: Price) -> object:
        """Dollars for a million prompt tokens."""
        return columns.NOTHING if row.withdrawn else amounts.rate(row.prompt_micro_usd_per_mtok)

    @column("Million completion tokens")
    def completion(self, row: Price) -> object:
        """Dollars for a million completion tokens."""
        return columns.NOTHING if row.withdrawn else amounts.rate(row.completion_micro_usd_per_mtok)

    @column("From")
    def since(self, row: Price) -> object:
        """When it began, or begins."""
        return columns.moment(row.effective_from)

    @column("From")
    def since_exactly(self, row: Price) -> object:
        """When it began, or begins, to the second."""
        return columns.both(row.effective_from)

    @column("Then")
    def after(self, row: Any) -> object:
        """What comes, or came, after it."""
        after = follower(row)
        if after is None:
            return columns.NOTHING
        begins = columns.moment(after.effective_from)
        if after.withdrawn:
            return columns.stacked("withdrawn", begins)
        rates = (after.prompt_micro_usd_per_mtok, after.completion_micro_usd_per_mtok)
        return columns.stacked(" / ".join(amounts.rate(rate) for rate in rates), begins)

    @column("Set")
    def made(self, row: Price) -> object:
        """When it was set."""
        return columns.both(row.created_at)

    @column("Set by")
    def maker(self, row: Price) -> str:
        """Who set it."""
        return words.by(row.created_by)
