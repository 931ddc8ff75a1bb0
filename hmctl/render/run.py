"""A run's result as people and programs read it."""

from typing import Final

from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.wire import RunRow
from hmctl.render import columns, units
from hmctl.runs.artifacts import Fetched
from hmctl.runs.records import Verdict
from hmctl.services import Service

_BILLED: Final = {
    "held": "",
    "settled": "",
    "metered": "",
    "pricing_missing": " (a model had no price)",
    "billing_error": " (its settlement failed)",
}


def completed_json(
    row: RunRow, *, service: Service, verdict: Verdict | None, reason: str, fetched: Fetched
) -> JsonObject:
    """The document of an answered ask. `verdict` None means the record was rejected and that was accepted."""
    return {
        "status": row.status,
        "run_id": row.run_id,
        "output": row.output,
        "mediated": None,
        "artifacts": [
            {
                "filename": artifact.filename,
                "size": artifact.size_bytes,
                "content_type": artifact.content_type,
                "url": f"{service.url}/v1/runs/{row.run_id}/artifacts/{artifact.filename}",
            }
            for artifact in row.artifacts
        ],
        "fetched": [{"filename": name, "path": str(path)} for name, path in fetched.saved.items()],
        "fetch_errors": [{"filename": name, "reason": reason} for name, reason in fetched.failed.items()],
        "attestation_ok": verdict is not None and verdict.is_proof,
        "attestation_reason": reason,
        "unchecked": list(verdict.verified.unchecked) if verdict and verdict.verified else [],
        "scope_enforcement": verdict.verified.body.get("scope_enforcement", []) if verdict and verdict.verified else [],
        "hold_micro_usd": wire.whole(row.raw, "billing_hold_micro_usd"),
        "cost_micro_usd": wire.whole(row.raw, "billing_cost_micro_usd"),
        "billing_status": wire.text(row.raw, "billing_status"),
        "usage": wire.obj(row.raw, "usage"),
        "record": row.record,
    }


def spent(row: RunRow) -> str:
    """`12s, 9 model calls, 1200 tokens`, as far as it is known."""
    parts = []
    times = [stage for stage in row.stages if stage.started_at is not None and stage.ended_at is not None]
    if times:
        start = min(stage.started_at or 0.0 for stage in times)
        parts.append(units.duration(max(stage.ended_at or 0.0 for stage in times) - start))
    usage = wire.obj(row.raw, "usage")
    calls, tokens = wire.whole(usage, "calls"), wire.whole(usage, "total_tokens")
    if calls is not None:
        parts.append(f"{calls} model call{'' if calls == 1 else 's'}")
    if tokens:
        parts.append(f"{tokens} tokens")
    return ", ".join(parts)


def cost(row: RunRow) -> str:
    """`held $3.500000, cost $0.057144`, as far as there was money in it."""
    hold, charged = wire.whole(row.raw, "billing_hold_micro_usd"), wire.whole(row.raw, "billing_cost_micro_usd")
    status = wire.text(row.raw, "billing_status")
    if status not in _BILLED or not (hold or charged or _BILLED[status]):
        return ""
    held = f"held {units.micro_usd(hold)}, " if hold is not None else ""
    if status == "held":
        return f"{held}not settled yet"
    return f"{held}cost {units.micro_usd(charged or 0)}{_BILLED[status]}"


def table(rows: list[JsonObject]) -> str:
    """Runs, one per line, with the beginning of their output."""
    lines = [
        (
            wire.text(row, "run_id"),
            wire.text(row, "status"),
            units.moment(wire.number(row, "created_at")),
            wire.text(row, "room_id") or "-",
            _beginning(row),
        )
        for row in rows
    ]
    return columns.table(("RUN_ID", "STATUS", "CREATED", "ROOM", "OUTPUT"), lines)


def _beginning(row: JsonObject) -> str:
    if row.get("payload_redacted") is True:
        return "(withheld)"
    text = " ".join((wire.text(row, "output") or wire.text(row, "error")).split())
    return text if len(text) <= 80 else text[:79] + "…"
