"""Prices: those in force with what comes after them, those to come, and those of the past."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path

from billing.admin import amounts, price_pages, words
from billing.models import Price
from billing.services import prices
from hivemind.kit import clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.questions import Answer, Rows, question

FOLLOWS = (
    "From now on the model has no price. While credit is enforced, nobody can ask with it; otherwise it is free.",
    "Runs that are going are charged what they were quoted.",
    "A price that is scheduled for later still comes into force then.",
)
NEXT = ("effective_from", "prompt_micro_usd_per_mtok", "completion_micro_usd_per_mtok", "withdrawn")


def _later() -> QuerySet[Price]:
    """The rows that follow a row, for a subquery."""
    same = Price.objects.filter(provider=OuterRef("provider"), model=OuterRef("model"))
    return same.filter(effective_from__gt=OuterRef("effective_from")).order_by("effective_from")


def begun(rows: Rows) -> Rows:
    """The newest row of each model that has begun: a price, or its withdrawal."""
    now = clock.now()
    return rows.filter(effective_from__lte=now).exclude(Exists(_later().filter(effective_from__lte=now)))


def past(rows: Rows) -> Rows:
    """Rows that another one took the place of."""
    return rows.filter(Exists(_later().filter(effective_from__lte=clock.now())))


def state(row: Any) -> str:
    """`scheduled`, `past`, `withdrawn` or `in force`."""
    now = clock.now()
    if row.effective_from > now:
        return "scheduled"
    if row.next_effective_from is not None and row.next_effective_from <= now:
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


@admin.register(Price)
class PriceAdmin(OperatedAdmin):
    """Prices by model. Rows are never changed: another price is another row."""

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
    paginator = CappedPaginator
    deeds = (WITHDRAW,)
    fieldsets = (
        (None, {"fields": (("provider", "model"), ("state", "since_exactly"), ("prompt", "completion"), "after")}),
        ("Set", {"fields": (("made", "maker"), "source")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Prices with the row that follows each."""
        after = {f"next_{name}": Subquery(_later().values(name)[:1]) for name in NEXT}
        return cast(QuerySet[Any], super().get_queryset(request).annotate(**after))

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
        """Whether this person may set and withdraw prices."""
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
        if row.next_effective_from is None:
            return columns.NOTHING
        begins = columns.moment(row.next_effective_from)
        if row.next_withdrawn:
            return columns.stacked("withdrawn", begins)
        prompt, completion = row.next_prompt_micro_usd_per_mtok, row.next_completion_micro_usd_per_mtok
        return columns.stacked(f"{amounts.rate(prompt)} / {amounts.rate(completion)}", begins)

    @column("Set")
    def made(self, row: Price) -> object:
        """When it was set."""
        return columns.both(row.created_at)

    @column("Set by")
    def maker(self, row: Price) -> str:
        """Who set it."""
        return words.by(row.created_by)
