"""Signed members of a room's terms that this version does not know: they are shown, because they were agreed to."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from attestation.manifests.room import RoomManifest
from hmctl.io import one_line


def members(manifest: RoomManifest, wire: Mapping[str, Any]) -> dict[str, str]:
    """By dotted name, the JSON of every member of the signed object that `manifest` does not hold."""
    left_out_when_empty = {"allowed_tables": [], "updated_at": 0, "serial": 0, "expires_at": 0, "agents": []}
    known: dict[str, Any] = left_out_when_empty | manifest.to_wire()
    known["scope"] = {"require_row_policies": False} | known["scope"]
    if manifest.mediator is None:
        known["mediator"] = {"agent_id": "", "visibility": ""}
    return dict(_beyond(wire, known, where=""))


def _beyond(value: object, known: object, *, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and isinstance(known, Mapping):
        for name, inner in value.items():
            path = f"{where}.{one_line(name)}" if where else one_line(name)
            if name in known:
                yield from _beyond(inner, known[name], where=path)
            else:
                yield path, json.dumps(inner, sort_keys=True)
    elif isinstance(value, list) and isinstance(known, list):
        for index, (inner, same) in enumerate(zip(value, known, strict=False)):
            yield from _beyond(inner, same, where=f"{where}[{index}]")
