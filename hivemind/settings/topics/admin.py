"""The look and the menu of the operator's admin."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: bool(request.user.has_perm(permission))


def _list(title: str, icon: str, model: str) -> dict[str, Any]:
    app, _, name = model.partition(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(f"{app}.view_{name}"),
    }


def _page(title: str, icon: str, address: str, permission: str) -> dict[str, Any]:
    """A page of its own below the address of a list."""
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{address}"), "permission": _may(permission)}


def _besides(shown: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
    """A list that is not marked as the present one while `page` is, whose address begins with the list's."""

    def here(request: HttpRequest) -> bool:
        return request.path.startswith(str(shown["link"])) and request.path != str(page["link"])

    return {**shown, "active": here}


def _superusers(title: str, icon: str, model: str) -> dict[str, Any]:
    return {**_list(title, icon, model), "permission": lambda request: request.user.is_superuser}


_EVIDENCE = _page("Evidence", "verified_user", "attestation_seenbuild_evidence", "attestation.view_seenbuild")
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = {
    "SITE_TITLE": "Hivemind",
    "SITE_HEADER": "Hivemind",
    "SITE_SUBHEADER": "for the operator",
    "SITE_SYMBOL": "hive",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("hivemind/favicon.svg")},
    ],
    "STYLES": [lambda request: static("hivemind/admin.css")],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "hivemind.admin_home.context",
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .013 236.6)",
            "100": "oklch(95% .026 236.8)",
            "200": "oklch(90% .058 230.9)",
            "300": "oklch(83% .105 230.3)",
            "400": "oklch(74.5% .14 232.7)",
            "500": "oklch(64% .15 237.3)",
            "600": "oklch(54% .135 241.9)",
            "700": "oklch(47% .118 242.7)",
            "800": "oklch(41% .098 240.8)",
            "900": "oklch(37% .082 240.9)",
            "950": "oklch(29% .062 243.2)",
        },
    },
    "ACCOUNT": {
        "navigation": [
            {"title": "Second factor", "link": reverse_lazy("access:own")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ],
    },
    # The theme's own search of models has no bound; ours has, and asks only what the lists themselves may be asked.
    "COMMAND": {"search_models": False, "search_callback": "hivemind.admin_search.found", "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": [
            {"items": [{"title": "Home", "icon": "home", "link": reverse_lazy("admin:index")}]},
            {
                "title": "Business",
                "items": [
                    _list("Tenants", "groups", "tenants.tenant"),
                    _list("Accounts", "account_balance_wallet", "billing.account"),
                    _list("Credit codes", "redeem", "billing.creditcode"),
                    _list("Prices", "sell", "billing.price"),
                    _list("Spend tokens", "toll", "billing.spendtoken"),
                ],
            },
            {
                "title": "Books",
                "items": [
                    _list("Ledger", "receipt_long", "billing.entry"),
                    _list("Holds", "hourglass_top", "billing.hold"),
                    _list("Redemptions", "confirmation_number", "billing.redemption"),
                    _list("Checks", "fact_check", "billing.bookscheck"),
                ],
            },
            {
                "title": "Agreements",
                "items": [
                    _list("Rooms", "meeting_room", "rooms.room"),
                    _list("Agents", "smart_toy", "agents.agent"),
                ],
            },
            {
                "title": "Work",
                "items": [
                    _list("Runs", "play_circle", "runner.run"),
                    _list("Builds", "deployed_code", "agents.imagebuild"),
                    _list("Workers", "memory", "kit.workerkey"),
                    _list("Jobs", "schedule", "kit.scheduledjob"),
                ],
            },
            {
                "title": "Proof",
                "items": [
                    _EVIDENCE,
                    _besides(_list("Builds that ran", "inventory", "attestation.seenbuild"), _EVIDENCE),
                    _list("Compose pins", "push_pin", "attestation.composepin"),
                ],
            },
            {
                "title": "Trail",
                "items": [
                    _list("Audit", "history", "kit.auditevent"),
                    _list("Changes", "difference", "hivemind.change"),
                ],
            },
            {
                "title": "Access",
                "items": [
                    _superusers("Operators", "person", "auth.user"),
                    _superusers("Groups", "badge", "auth.group"),
                    _superusers("Failed sign-ins", "lock_clock", "kit.failedsignin"),
                ],
            },
        ],
    },
}
