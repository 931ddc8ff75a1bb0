"""Services are the only writers, and a public one that writes knows on whose behalf."""

import ast

from tests.architecture.sources import called, functions, trees

WHO = {"actor", "owner", "principal", "caller", "ask"}
WRITES = {
    "save",
    "create",
    "bulk_create",
    "update",
    "bulk_update",
    "delete",
    "get_or_create",
    "update_or_create",
    "advance",
    "execute",
    "executemany",
}

# Public functions that write without knowing who asked, and why.
ON_NOBODYS_BEHALF = {
    "agents/services/builds.py:queue": "part of an upload, which records the event",
    "agents/services/sources.py:store": "part of an upload, which records the event",
    "agents/services/uploads.py:note_use": "a worker's step; the run is its record",
    "billing/services/lots.py:open_lot": "part of a grant, which records the event",
    "hivemind/kit/services/jobs.py:declare": "a worker tells what the schedule has",
    "hivemind/kit/services/jobs.py:ended": "a worker tells how a job of the schedule ended",
    "hivemind/kit/services/sign_ins.py:forget": "forgetting by time",
    "rooms/services/vault_rows.py:insert": "part of adding to a vault, which records the event",
    "rooms/services/invites.py:mint": "part of making a room, which records the event",
    "runner/services/artifact_rows.py:discard": "a step of a run, which its receipt records",
    "runner/services/artifact_rows.py:keep": "a step of a run, which its receipt records",
    "runner/services/artifact_rows.py:remove": "part of a revocation, which records the event; or forgetting by time",
    "runner/services/artifact_rows.py:settle": "part of a run's end, which its receipt records",
    "runner/services/artifact_rows.py:write_part": "a step of a run, which its receipt records",
    "runner/services/finish.py:end": "a worker's or the reaper's step; the receipt is its record",
    "runner/services/reconcile.py:sweep": "the reaper",
    "runner/services/retention.py:sweep": "forgetting by time",
    "tenants/services/seals.py:store_secrets": "part of making a tenant, which records the event",
    "tenants/services/tenants.py:write": "a step of making a tenant, which records the event",
}


def test_a_public_service_that_writes_knows_on_whose_behalf() -> None:
    found = {
        f"{path}:{function.name}"
        for path, tree in trees().items()
        if "/services/" in path
        for function in functions(tree)
        if not function.name.startswith("_") and _writes(function)
        if not WHO & {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}
    }
    assert found == set(ON_NOBODYS_BEHALF)


def test_views_selectors_and_admin_pages_write_nothing() -> None:
    found = [
        f"{path}:{function.name}"
        for path, tree in trees().items()
        if any(part in path for part in ("/api/", "/selectors/", "/admin/"))
        for function in functions(tree)
        if _writes(function)
    ]
    assert found == []


def _writes(function: ast.AST) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and called(node) in WRITES and isinstance(node.func, ast.Attribute):
            target = ast.unparse(node.func.value)
            by_hand = target == "cursor" and ast.unparse(node.args[0]) == "_INSERT"
            if ".objects" in target or by_hand or node.func.attr in ("save", "advance"):
                return True
    return False
