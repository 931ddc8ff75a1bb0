"""The trail: who did what to which thing, and when."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from hivemind.kit import bearers, clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question
from hivemind.kit.models import AuditEvent

PAGES = (
    (re.compile(r"t_[0-9a-f]+"), "tenants_tenant"),
    (re.compile(r"room_[0-9a-f]+"), "rooms_room"),
    (re.compile(r"cc_[0-9a-f]+"), "billing_creditcode"),
)
ENTRY = re.compile(r"ble_[0-9a-f]+")  # whose pages are known by another key
DETAIL_CHARS = 300
MONEY = "_micro_usd"
LATEST = 8


def _by(kind: str) -> Answer:
    return Answer(kind, kind, lambda rows: rows.filter(actor__startswith=f"{kind}:"))


def _within(word: str, text: str, length: timedelta) -> Answer:
    return Answer(word, text, lambda rows: rows.filter(at__gte=clock.now() - length))


@admin.register(AuditEvent)
class AuditEventAdmin(ShownAdmin):
    """Acts, newest first. Rows are immutable in the database itself."""

    shown = ("id", "at", "actor", "action", "subject", "tenant_id", "details")
    list_display = ("when", "who", "action", "what", "tenant", "told")
    list_filter = (
        question("Who?", "who", _by("operator"), _by("owner"), _by("invite"), _by("share"), _by("system")),
        question(
            "When?",
            "when",
            _within("hour", "last hour", timedelta(hours=1)),
            _within("day", "last day", timedelta(days=1)),
            _within("week", "last week", timedelta(days=7)),
        ),
    )
    search_fields = ("subject__startswith", "tenant_id__startswith", "action__exact")
    search_help_text = "Id of a tenant, room or run, or the exact name of an act"
    paginator = CappedPaginator
    fieldsets = ((None, {"fields": ("exact_time", "who", "action", "what", "tenant", "told")}),)

    @column("When")
    def when(self, event: AuditEvent) -> object:
        """How long ago."""
        return columns.moment(event.at)

    @column("When")
    def exact_time(self, event: AuditEvent) -> object:
        """To the second."""
        return columns.both(event.at)

    @column("Who")
    def who(self, event: AuditEvent) -> str:
        """The actor: its kind, and the id of its token or its name."""
        return acting(event)

    @column("To what")
    def what(self, event: AuditEvent) -> object:
        """The subject, linked where its page is known."""
        for shape, model in PAGES:
            if shape.fullmatch(event.subject):
                return columns.row(model, event.subject)
        if ENTRY.fullmatch(event.subject):
            return columns.link(columns.list_of("billing_entry", q=event.subject), event.subject)
        if event.action.startswith("run.") or event.action == "operator.stop":
            return columns.row("runner_run", event.subject)
        return event.subject

    @column("Tenant")
    def tenant(self, event: AuditEvent) -> object:
        """The tenant concerned; it may be gone."""
        return columns.row("tenants_tenant", event.tenant_id)

    @column("Details")
    def told(self, event: AuditEvent) -> object:
        """The details, which by rule are ids, counts, flags and an operator's reason; a bearer is struck out."""
        return details_of(event)


def acting(event: AuditEvent) -> str:
    """The actor in words."""
    kind, _, name = event.actor.partition(":")
    return f"{kind} {name}".strip()


def details_of(event: AuditEvent) -> object:
    """The details in one line."""
    return in_one_line(event.details)


def in_one_line(details: object) -> object:
    """Ids, counts and flags by their names."""
    pairs = [_pair(name, value) for name, value in _items(details)]
    return format_html_join(" · ", "{}: {}", pairs) if pairs else columns.NOTHING


def _pair(name: str, value: object) -> tuple[str, str]:
    """Money in dollars, everything else as it is."""
    if name.endswith(MONEY) and isinstance(value, int):
        return name.removesuffix(MONEY).replace("_", " "), f"{Decimal(value).scaleb(-6):,f} dollars"
    return name.replace("_", " "), plain(value)


def plain(value: object) -> str:
    """A detail as short text: whatever is not a plain value is left out, and so is anything that looks like a key."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | str):
        return bearers.struck(str(value))[:DETAIL_CHARS]
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)[:DETAIL_CHARS]
    return "…"


def _items(details: object) -> list[tuple[str, Any]]:
    return list(details.items()) if isinstance(details, Mapping) else []


def latest(request: HttpRequest, **about: str) -> Panel | None:
    """The newest acts about something, for those who may read the trail."""
    if not request.user.has_perm("kit.view_auditevent"):
        return None
    events = AuditEvent.objects.filter(**about)[:LATEST]
    return Panel(
        "What happened",
        headers=("When", "Who", "Act", "Details"),
        rows=[(columns.moment(e.at), acting(e), e.action, details_of(e)) for e in events],
        empty="Nothing was recorded.",
        url=columns.list_of("kit_auditevent", q=next(iter(about.values()))),
        url_text="the whole trail",
    )
