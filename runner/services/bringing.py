"""Asking a room with a query agent of one's own: package, question and money are stored together or not at all."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import BinaryIO

from agents.enums import AgentType, InspectionMode
from agents.models import Agent
from agents.services import uploads
from agents.services.uploads import Package
from rooms.selectors import rooms
from rooms.services import opening
from rooms.terms import RoomTerms
from runner.errors import PolicyFixed, RoomTakesNoPackages, UploadNotAllowed
from runner.services import agreeing, model_routes, runs
from runner.services.requests import RunRequest
from runner.services.runs import Agreed, Ask, Submitted
from tenants.principals import Owner, Principal


@dataclass(frozen=True)
class Brought:
    """What comes with the question. `policy` is what the asker takes for the room's, None or empty for no opinion."""

    package: Package
    archive: BinaryIO
    policy: str | None = None


def submit(ask: Ask, request: RunRequest, brought: Brought) -> Submitted:
    """Store the package, openable with the room's key alone, and a run whose first step is to build it.

    How far the source may be read follows from the signed manifest. Raises what `runs.submit` raises, and
    RoomTakesNoPackages, UploadNotAllowed, PolicyFixed, BadArchive, TooManyUploads, TooManyAgents, TooMuchSource.
    """
    loaded = rooms.load(ask.principal, ask.room_id)
    _check_may_bring(loaded.terms, ask.principal)
    if brought.policy and brought.policy != loaded.terms.policy:
        raise PolicyFixed
    model_routes.provider_name(request, allowed=loaded.terms.llm_providers)
    package = _as_agreed(brought.package, loaded.terms)
    agreeing.cast_with(agreeing.to_come(loaded, package.inspection_mode), loaded, request)
    room_key = opening.open_room_key(ask.principal, loaded.room)
    unpacked = uploads.unpack(
        brought.archive,
        package,
        tenant=loaded.room.tenant,
        room_id=loaded.room.id,
        uploader_token_id="" if isinstance(ask.principal, Owner) else ask.principal.token_id,
    )
    cast = agreeing.cast_with(unpacked.agent, loaded, request)
    whole = replace(request, package_sha256=_sha256(package, unpacked.agent))
    return runs.store(ask, whole, Agreed(loaded, cast, room_key, unpacked))


def _check_may_bring(terms: RoomTerms, principal: Principal) -> None:
    if not terms.uploadable:
        raise RoomTakesNoPackages
    if not isinstance(principal, Owner) and principal.constraints.get("can_upload_query_agent") is not True:
        raise UploadNotAllowed


def _as_agreed(package: Package, terms: RoomTerms) -> Package:
    sealed = terms.query_visibility == "sealed"
    mode = InspectionMode.SEALED if sealed else InspectionMode.FULL
    return replace(package, agent_type=AgentType.QUERY, inspection_mode=mode)


def _sha256(package: Package, agent: Agent) -> str:
    """Digest of everything about the package that the asker chose."""
    form = asdict(package) | {"private_paths": sorted(package.private_paths), "source_sha256": agent.source_sha256}
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode("utf-8", "replace")).hexdigest()
