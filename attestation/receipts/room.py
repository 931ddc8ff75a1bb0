"""Whether a run kept to its room: the owner's terms against the signed statement."""

from collections.abc import Mapping
from typing import Any

from attestation.errors import RoomExpired
from attestation.manifests.normalise import FIXED
from attestation.manifests.room import SEALED, RoomManifest
from attestation.manifests.run_record import COMPLETED, had_row_policies
from attestation.receipts.errors import RoomContradicted


def check_terms(manifest: RoomManifest, body: Mapping[str, Any]) -> None:
    """Returns for a run that the terms allow. Raises RoomContradicted, RoomExpired.

    Which agents ran, by source and image, is held against the terms by `verify_run`.
    """
    expected: dict[str, object] = {
        "room_id": manifest.room_id,
        "output_visibility": manifest.output_visibility,
        "allowed_llm_providers": list(manifest.llm_providers),
        "artifacts_enabled": manifest.allow_artifacts,
        "scope_agent_id": manifest.scope.agent_id,
        "mediator_agent_id": manifest.mediator.agent_id if manifest.mediator else "",
        "query_inspection_mode": "sealed" if manifest.query.visibility == SEALED else "full",
    }
    if manifest.query.mode == FIXED:
        expected["query_agent_id"] = manifest.query.agent_id
    for name, value in expected.items():
        if body.get(name) != value:
            raise RoomContradicted(name)
    if body.get("provider") and body["provider"] not in manifest.llm_providers:
        raise RoomContradicted("provider")
    if body.get("artifacts") and not manifest.allow_artifacts:
        raise RoomContradicted("artifacts")
    if manifest.require_row_policies and body.get("status") == COMPLETED and not had_row_policies(body):
        raise RoomContradicted("scope_enforcement")
    if manifest.expires_at is not None and body["asked_at_ms"] >= manifest.expires_at * 1000:
        raise RoomExpired
