"""The history of rows for the operator: what changed, from what to what, when and by whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from hivemind.kit import clock
from hivemind.kit.admin import audit_events, columns, panels
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question
from hivemind.models import Change
from hivemind.models.history import OF_ACCESS

LATEST: Final = 8
NOBODY: Final = "not known"


@dataclass(frozen=True)
class Kind:
    """How a kind of row is called, whose page it is about, the column that says which one it is, and whose it is."""

    word: str
    page: str
    title: str
    whose: str = ""


KINDS: Final = {
    "tenant": Kind("tenant", "tenants_tenant", "name"),
    "room": Kind("room", "rooms_room", "name"),
    "agent": Kind("agent", "agents_agent", "name"),
    "account": Kind("account", "billing_account", "name"),
    "credit_code": Kind("credit code", "billing_creditcode", "label"),
    "price": Kind("price", "billing_price", "model"),
    "spend_token": Kind("spend token", "billing_spendtoken", "token_id"),
    "operator": Kind("operator", "auth_user", "username", "username"),
    "group": Kind("group", "auth_group", "name", "name"),
    "operator_group": Kind("operator's group", "auth_user", "group", "operator"),
    "operator_permission": Kind("operator's permission", "auth_user", "permission", "operator"),
    "group_permission": Kind("group's permission", "auth_group", "permission", "group"),
}
ACTS: Final = {
    "insert": ("success", "made"),
    "update": ("info", "changed"),
    "delete": ("danger", "deleted"),
    "password": ("warning", "password changed"),
}
GIVEN: Final = {"insert": ("success", "given"), "delete": ("danger", "taken away")}
# What was there before the history began is no change; it is kept so that the first one has something to differ from.
BASELINE: Final = "baseline"
# On whose pages which kinds are shown.
PAGES: Final = {
    "tenants.tenant": ("tenant",),
    "rooms.room": ("room",),
    "agents.agent": ("agent",),
    "billing.account": ("account",),
    "billing.creditcode": ("credit_code",),
    "billing.price": ("price",),
    "billing.spendtoken": ("spend_token",),
    "auth.user": ("operator", "operator_group", "operator_permission"),
    "auth.group": ("group", "group_permission"),
}
# Not told as a difference: they say which row it is.
KEYS: Final = frozenset({"id", "user_id", "group_id", "permission_id"})


def differences(change: Change) -> list[tuple[str, str, str]]:
    """Name, former and present value of what changed; of a row that came or went, all that it has."""
    before, after = change.before or {}, change.after
    if change.act == "update":
        return [(_words(n), _text(n, before.get(n)), _text(n, v)) for n, v in after.items() if before.get(n) != v]
    told = [(_words(n), _text(n, v)) for n, v in after.items() if n not in KEYS and v not in (None, "")]
    if change.act == "delete":
        return [(name, value, columns.NOTHING) for name, value in told]
    return [(name, columns.NOTHING, value) for name, value in told]


def who(change: Change) -> str:
    """On whose behalf, as far as it is known."""
    actor = str(_context(change).get("actor") or "")
    kind, _, name = actor.partition(":")
    return f"{kind} {name}".strip() or NOBODY


def summary(change: Change) -> SafeString:
    """What happened, in one cell."""
    sort, word = (GIVEN if change.kind.endswith(("_group", "_permission")) else ACTS)[change.act]
    if change.act == "update":
        pairs = [(name, before, after) for name, before, after in differences(change)]
        told = format_html_join("", '<span class="hm-change"><b>{}</b> {} → {}</span>', pairs)
    else:
        told = format_html('<span class="hm-change">{}</span>', _title(change))
    return format_html('<span class="hm-changes">{}{}</span>', columns.badge(sort, word), told)


def panel(row: Any, request: HttpRequest) -> Panel | None:
    """The newest changes of a row, for those who may see them."""
    kinds = PAGES[row._meta.label_lower]
    if not _may_see(request, kinds):
        return None
    found = Change.objects.filter(kind__in=kinds, subject=str(row.pk)).exclude(act=BASELINE)[:LATEST]
    return Panel(
        "Changes",
        headers=("When", "Who", "What"),
        rows=[(columns.moment(change.at), who(change), summary(change)) for change in found],
        empty="Nothing changed since the history began.",
        url=columns.list_of("hivemind_change", q=str(row.pk)),
        url_text="all its changes",
    )


def _may_see(request: HttpRequest, kinds: tuple[str, ...]) -> bool:
    return bool(request.user.is_superuser if OF_ACCESS & set(kinds) else request.user.has_perm("hivemind.view_change"))


def _context(change: Change) -> Mapping[str, Any]:
    return change.context if isinstance(change.context, Mapping) else {}


def _title(change: Change) -> str:
    return _text("", change.after.get(KINDS[change.kind].title)) or columns.NOTHING


def _words(name: str) -> str:
    return name.removesuffix("_id").removesuffix("_at").replace("_", " ")


def _text(name: str, value: object) -> str:
    """A value as it stands in the history: a moment readable, anything that looks like a bearer struck out."""
    if value is None or value == "":
        return columns.NOTHING
    if name.endswith(("_at", "_from")) and isinstance(value, str):
        return columns.exact(datetime.fromisoformat(value))
    return audit_events.plain(value)


def _about(*kinds: str, word: str = "") -> Answer:
    return Answer(kinds[0], word or KINDS[kinds[0]].word, lambda rows: rows.filter(kind__in=kinds))


def _act(word: str, text: str) -> Answer:
    return Answer(word, text, lambda rows: rows.filter(act=word))


def _by(kind: str) -> Answer:
    return Answer(kind, kind, lambda rows: rows.filter(context__actor__startswith=f"{kind}:"))


def _within(word: str, text: str, length: timedelta) -> Answer:
    return Answer(word, text, lambda rows: rows.filter(at__gte=clock.now() - length))


@admin.register(Change)
class ChangeAdmin(ShownAdmin):
    """All histories together, newest first. Who may not see the operators does not see their changes either."""

    shown = ("key", "kind", "number", "at", "act", "subject", "context", "before", "after")
    list_display = ("when", "by", "what", "change")
    list_filter = (
        question(
            "Of what?",
            "of",
            *(_about(kind) for kind in KINDS if kind not in OF_ACCESS),
            _about(*sorted(OF_ACCESS), word="operators and groups"),
        ),
        question("How?", "how", *(_act(act, word) for act, (_, word) in ACTS.items())),
        question("Who?", "who", *(_by(kind) for kind in ("operator", "owner", "invite", "share", "system"))),
        question(
            "When?",
            "when",
            _within("hour", "last hour", timedelta(hours=1)),
            _within("day", "last day", timedelta(days=1)),
            _within("week", "last week", timedelta(days=7)),
        ),
    )
    search_fields = ("subject__exact",)
    search_help_text = "The id of a tenant, room, agent, code or token"
    paginator = CappedPaginator
    fieldsets = ((None, {"fields": (("exact_time", "by"), ("what", "act_word"), "path")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The changes of what this person may see."""
        rows: QuerySet[Any] = super().get_queryset(request)
        mine = KINDS if request.user.is_superuser else [kind for kind in KINDS if kind not in OF_ACCESS]
        return rows.filter(kind__in=list(mine)).exclude(act=BASELINE)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """One change, by the key of its own table, so that nothing is searched through."""
        kind, _, number = object_id.rpartition("-")
        if not number.isdecimal() or len(number) > 18:
            return None
        return self.get_queryset(request).filter(kind=kind, number=int(number)).first()

    def panels(self, row: Any, request: HttpRequest) -> list[Panel]:
        """What changed, column by column."""
        rows = differences(row)
        return [
            Panel("What changed", headers=("Column", "Before", "After"), rows=rows, empty="No column that is shown.")
        ]

    @column("When")
    def when(self, row: Change) -> object:
        """How long ago."""
        return columns.moment(row.at)

    @column("When")
    def exact_time(self, row: Change) -> object:
        """To the second."""
        return columns.both(row.at)

    @column("Who")
    def by(self, row: Change) -> str:
        """On whose behalf."""
        return who(row)

    @column("Of what")
    def what(self, row: Change) -> object:
        """The row, linked to its page, which may be gone."""
        kind = KINDS[row.kind]
        try:
            page = columns.row(kind.page, row.subject, _text("", row.after.get(kind.whose) or row.subject))
        except NoReverseMatch:
            page = row.subject
        return columns.stacked(kind.word, page)

    @column("Change")
    def change(self, row: Change) -> object:
        """What happened."""
        return summary(row)

    @column("How")
    def act_word(self, row: Change) -> object:
        """What happened, without the values."""
        return columns.badge(*ACTS[row.act])

    @column("By which address")
    def path(self, row: Change) -> str:
        """The path of the request."""
        return str(_context(row).get("path") or columns.NOTHING)


for page in PAGES:
    panels.add(page, panel)
