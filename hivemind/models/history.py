"""Which tables have a history, and which of their columns. Triggers write it, whoever changes a row and however.

Each tracked table gets a proxy model here, so that its triggers belong to the migrations of this app, and a table of
events. Only the columns that are listed are copied: no key, no hash, no sealed byte and no word of owners that the
admin does not show anyway. Figures that move with every payment are left out; the books are their own history.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pghistory
import pgtrigger
from django.contrib.auth.models import Group, User
from django.db import models

from agents.models import Agent
from billing.models import Account, CreditCode, Price, SpendToken
from hivemind.kit import acting
from rooms.models import Room
from tenants.models import Tenant

APP: Final = "hivemind"
NONE: Final[Any] = None  # documented by django-pghistory, and missing in its types


@dataclass(frozen=True)
class Tracked:
    """One table: its word in the history, and the columns that are copied, the key first."""

    kind: str
    model: type[models.Model]
    columns: tuple[str, ...]


TRACKED: Final = (
    Tracked(
        "tenant", Tenant, ("id", "name", "db_name", "db_owner", "signing_pubkey_b64", "created_at", "suspended_at")
    ),
    Tracked(
        "room",
        Room,
        ("id", "tenant", "name", "manifest_hash", "owner_pubkey_b64", "serial", "created_at", "revoked_at"),
    ),
    Tracked(
        "agent",
        Agent,
        (
            *("id", "tenant", "room_id", "uploader_token_id", "name", "agent_type", "inspection_mode", "harness"),
            *("memory_mb", "max_llm_calls", "max_tokens", "timeout_seconds", "files_count", "files_digest"),
            *("attested_files_count", "attested_files_digest", "source_sha256", "image_id", "created_at"),
        ),
    ),
    Tracked("account", Account, ("tenant_id", "name", "opened_at", "closed_at")),
    Tracked(
        "credit_code",
        CreditCode,
        (
            *("code_id", "label", "credit_micro_usd", "max_redemptions"),
            *("created_at", "created_by", "expires_at", "revoked_at"),
        ),
    ),
    Tracked(
        "price",
        Price,
        (
            *("id", "provider", "model", "prompt_micro_usd_per_mtok", "completion_micro_usd_per_mtok"),
            *("effective_from", "withdrawn", "source", "created_at", "created_by"),
        ),
    ),
    Tracked(
        "spend_token",
        SpendToken,
        (
            *("token_id", "account", "limit_micro_usd", "room_id", "service"),
            *("minted_by", "created_at", "expires_at", "revoked_at"),
        ),
    ),
    Tracked("operator", User, ("id", "username", "email", "is_active", "is_staff", "is_superuser")),
    Tracked("group", Group, ("id", "name")),
    Tracked("operator_group", User.groups.through, ("id", "user", "group")),
    Tracked("operator_permission", User.user_permissions.through, ("id", "user", "permission")),
    Tracked("group_permission", Group.permissions.through, ("id", "group", "permission")),
)
# What only superusers see of the history.
OF_ACCESS: Final = frozenset({"operator", "group", "operator_group", "operator_permission", "group_permission"})


def _name(kind: str) -> str:
    return "".join(part.capitalize() for part in kind.split("_"))


def _trackers(tracked: Tracked) -> Sequence[pghistory.Tracker]:
    trackers: list[pghistory.Tracker] = [pghistory.InsertEvent(), pghistory.DeleteEvent()]
    if len(tracked.columns) > 1 and tracked.model._meta.auto_created is False:
        trackers.append(pghistory.UpdateEvent())
    if tracked.model is User:
        # That a password was changed is told; what it was and is has no column here.
        trackers.append(pghistory.UpdateEvent("password", condition=pgtrigger.AnyChange("password")))
    return trackers


def _proxy(tracked: Tracked) -> type[models.Model]:
    meta = type("Meta", (), {"proxy": True, "app_label": APP, "default_permissions": ()})
    return type(f"Tracked{_name(tracked.kind)}", (tracked.model,), {"__module__": __name__, "Meta": meta})


def _events(tracked: Tracked) -> type[models.Model]:
    acting.track(tracked.model._meta.db_table)
    meta: dict[str, Any] = {
        "default_permissions": (),
        "indexes": [
            models.Index(fields=["pgh_created_at", "pgh_id"], name=f"{tracked.kind}_events_at"),
            models.Index(fields=[tracked.columns[0], "pgh_id"], name=f"{tracked.kind}_events_of"),
        ],
    }
    return pghistory.create_event_model(
        _proxy(tracked),
        *_trackers(tracked),
        fields=list(tracked.columns),
        obj_field=NONE,  # the key is among the columns
        context_field=pghistory.ContextJSONField(),
        context_id_field=NONE,
        append_only=False,  # our own trigger does it, which cannot be told to look away
        model_name=f"{_name(tracked.kind)}Event",
        app_label=APP,
        abstract=False,
        meta=meta,
    )


EVENTS: Final = {tracked.kind: _events(tracked) for tracked in TRACKED}
