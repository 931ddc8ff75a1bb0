"""The search that opens with Ctrl+K: a few rows of each list that this person may see.

The theme's own search reads every row that it finds. This one asks each list what the list's own search would find,
so no other column can be asked about, and takes the first few. Whoever pastes a token by mistake finds nothing, and
the token reaches no query.
"""

from django.contrib import admin
from django.http import HttpRequest
from unfold.dataclasses import SearchResult

from hivemind.kit import bearers
from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownAdmin

SHORTEST = 3
OF_EACH = 5
ICONS = {
    "tenants.tenant": "groups",
    "billing.account": "account_balance_wallet",
    "billing.creditcode": "redeem",
    "billing.price": "sell",
    "billing.entry": "receipt_long",
    "billing.hold": "hourglass_top",
    "billing.spendtoken": "toll",
    "rooms.room": "meeting_room",
    "agents.agent": "smart_toy",
    "runner.run": "play_circle",
}


def found(request: HttpRequest, term: str) -> list[SearchResult]:
    """What `term` finds; nothing for a term that is too short to mean anything."""
    term = term.strip()
    if len(term) < SHORTEST or bearers.holds_one(term) or "\0" in term:
        return []
    lists = [shown for shown in admin.site._registry.values() if shown.opts.label_lower in ICONS]
    return [result for shown in lists if isinstance(shown, ShownAdmin) for result in _of(shown, request, term)]


def _of(shown: ShownAdmin, request: HttpRequest, term: str) -> list[SearchResult]:
    if not shown.has_view_permission(request):
        return []
    rows, _ = shown.get_search_results(request, shown.get_queryset(request), term)
    model = f"{shown.opts.app_label}_{shown.opts.model_name}"
    return [
        SearchResult(
            title=str(row),
            description=str(shown.opts.verbose_name),
            link=columns.page_of(model, str(row.pk)),
            icon=ICONS[shown.opts.label_lower],
        )
        for row in rows.order_by(*(shown.ordering or shown.opts.ordering or ()))[:OF_EACH]
    ]
