"""Rooms and runs as the wire shows them."""

from typing import Any

from attestation.keys import SigningKey
from attestation.manifests.revocation import Revocation, sign_revocation
from attestation.manifests.room import RoomManifest

STAGES = ("build", "scope", "query", "mediator")


def room(signed: dict[str, Any], manifest: RoomManifest) -> dict[str, Any]:
    """The row as the service shows it: the envelope and its unsigned copies."""
    return {
        "room_id": manifest.room_id,
        "name": manifest.name,
        "envelope": signed,
        "manifest": signed["manifest"],
        "manifest_hash": signed["manifest_hash"],
        "scope_agent_id": manifest.scope.agent_id,
        "fixed_query_agent_id": manifest.query.agent_id,
        "fixed_mediator_agent_id": "",
        "query_mode": manifest.query.mode,
        "revoked_at": None,
    }


def revocation(row: dict[str, Any], *, key: SigningKey, **changes: Any) -> dict[str, Any]:
    """The signed end of a room."""
    manifest = row["envelope"]["manifest"]
    said: dict[str, Any] = {
        "room_id": manifest["room_id"],
        "tenant_id": manifest["tenant_id"],
        "serial": manifest.get("serial", 0) + 1,
        "revoked_at": 1767225800,
        "owner_pubkey_b64": key.public_b64,
    }
    return sign_revocation(Revocation(**(said | changes)), key=key)


def run(run_id: str, room_id: str, *, agent_id: str) -> dict[str, Any]:
    """A run that has just been submitted."""
    return {
        "run_id": run_id,
        "agent_id": agent_id,
        "status": "pending",
        "error": None,
        "output": None,
        "created_at": 1767225700.0,
        "updated_at": 1767225700.0,
        **{f"{stage}_{moment}_at": None for stage in STAGES for moment in ("started", "ended")},
        "room_id": room_id,
        "room_manifest_hash": None,
        "attestation": None,
        "billing_hold_micro_usd": 3_500_000,
        "billing_cost_micro_usd": 0,
        "billing_status": "held",
        "usage": {},
        "artifacts": [],
    }
