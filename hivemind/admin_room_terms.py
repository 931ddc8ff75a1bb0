"""Which versions of its terms a room had, on its page: the history of rows knows them, whoever wrote them."""

from typing import Any, Final

from django.http import HttpRequest

from hivemind.admin_changes import who
from hivemind.kit.admin import columns, panels
from hivemind.kit.admin.panels import Panel
from hivemind.models import Change

READ: Final = 200
SHOWN: Final = 12


def versions(row: Any, request: HttpRequest) -> Panel | None:
    """Serial numbers, newest first, for those who may see changes. One that did not rise by a new signature is red."""
    if not request.user.has_perm("hivemind.view_change"):
        return None
    found = Change.objects.filter(kind="room", subject=str(row.pk))[:READ]
    told = [change for change in found if _is_version(change)]
    return Panel(
        "Versions of its terms",
        headers=("Serial", "Manifest hash", "Since", "Who", ""),
        rows=[_line(change) for change in told[:SHOWN]],
        empty="None is known.",
    )


def _is_version(change: Change) -> bool:
    before = change.before or {}
    names = ("serial", "manifest_hash", "owner_pubkey_b64")
    return change.act in ("insert", "baseline") or any(before.get(name) != change.after.get(name) for name in names)


def _line(change: Change) -> tuple[object, ...]:
    after = change.after
    since = columns.moment(change.at)
    by = columns.NOTHING if change.act == "baseline" else who(change)
    return (after["serial"], columns.code(after["manifest_hash"], characters=16), since, by, _warning(change))


def _warning(change: Change) -> object:
    before, after = change.before or {}, change.after
    if change.act != "update":
        return ""
    if before.get("owner_pubkey_b64") != after["owner_pubkey_b64"]:
        return columns.badge("danger", "another owner's key")
    if before.get("serial", 0) > after["serial"]:
        return columns.badge("danger", "the serial fell")
    if before.get("serial") == after["serial"]:
        return columns.badge("danger", "other terms under the same serial")
    return ""


panels.add("rooms.room", versions)
