"""A new trust policy for a room: worked out here, and what comes back is held against it.

The service is told the whole list. It is never left to add the build that it says it runs.
"""

from collections.abc import Mapping
from typing import Any, Final

from attestation.manifests import normalise
from attestation.manifests.room import RoomManifest, TrustPolicy
from attestation.verifier import VerifiedRoom
from hmctl.client.transport import JsonObject
from hmctl.errors import BadUsage, RoomRejected

_CHANGING: Final = frozenset({"trust", "updated_at", "serial"})


def planned(manifest: RoomManifest, *, mode: str | None, composes: tuple[str, ...], live: str | None) -> TrustPolicy:
    """The policy to ask for: `composes` replace the list if there are any, `live` is added (BadUsage)."""
    wanted = mode or manifest.trust.mode
    allowed = normalise.normalise_composes(composes) if composes else manifest.trust.allowed_composes
    allowed = tuple(dict.fromkeys((*allowed, live) if live else allowed))
    if wanted != normalise.OPERATOR_UPDATES and not allowed:
        raise BadUsage(f"--mode {wanted} needs the builds that are allowed: --compose HASH, or --approve-live")
    return TrustPolicy(wanted, allowed)


def request(policy: TrustPolicy) -> JsonObject:
    """The request body. The running build is among the hashes if it was approved, so the service adds none."""
    return {"mode": policy.mode, "allowed_composes": list(policy.allowed_composes), "append_live": False}


def check_update(before: VerifiedRoom, after: VerifiedRoom, policy: TrustPolicy) -> None:
    """Returns when `after` is the next version of `before` with exactly this policy and nothing else (RoomRejected)."""
    old, new = before.manifest, after.manifest
    different = [name for name in sorted({*before.wire, *after.wire}) if _differs(before.wire, after.wire, name)]
    if new.trust != policy:
        different.append("trust")
    if different:
        raise _rejected(f"the service signed something else than asked for: {', '.join(different)}", "trust_differs")
    if (old.serial, new.serial) != (0, 0) and new.serial != old.serial + 1:
        raise _rejected(
            f"the service signed version {new.serial} where version {old.serial + 1} follows", "serial_not_next"
        )
    if new.updated_at is None or new.updated_at < (old.updated_at or old.created_at):
        raise _rejected("the new version is dated before the one that it replaces", "updated_before")


def _differs(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    return name not in _CHANGING and before.get(name, _CHANGING) != after.get(name, _CHANGING)


def _rejected(sentence: str, code: str) -> RoomRejected:
    return RoomRejected(
        sentence, hint="Look at it with `hmctl room inspect` before anybody uses it.", code=code, check="room trust"
    )
