"""Rooms of the cast, with agents whose source is really stored and sealed."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from agents.enums import AgentType, InspectionMode
from agents.models import Agent
from agents.services import sources
from attestation import digests
from attestation.sealing import kdf
from hivemind.kit import clock, ids
from rooms.models import Room
from rooms.services import rooms, share_links
from rooms.services.requests import RoomRequest
from tenants.credentials import registry
from tenants.principals import RoomGuest
from tests.factories.tenants import Person, client

JSON = "application/json"


@dataclass(frozen=True)
class MadeRoom:
    """A room, its owner and the bearer of its invite."""

    owner: Person
    room_id: str
    invite: str = field(repr=False)

    @property
    def row(self) -> Room:
        """The row as it is now."""
        return Room.objects.get(pk=self.room_id)

    @property
    def url(self) -> str:
        """Where the room lives in the API."""
        return f"/v1/rooms/{self.room_id}"

    @property
    def bob(self) -> Client:
        """A test client that presents the invite."""
        return client(self.invite)

    @property
    def guest(self) -> RoomGuest:
        """The invite's principal, resolved afresh."""
        principal = registry.resolve(self.invite)
        assert isinstance(principal, RoomGuest)
        return principal

    def share(self) -> str:
        """Enable the share link; its token."""
        token = share_links.enable(self.owner.owner, self.row).token
        assert token is not None
        return token.text


def agent(
    person: Person,
    agent_type: AgentType = AgentType.SCOPE,
    *,
    sealed: bool = False,
    room_id: str = "",
    source: bytes = b"print('hello')\n",
) -> Agent:
    """A stored agent of `person` with one file of source."""
    files = [digests.SourceFile("agent.py", 0o644, source)]
    row = Agent.objects.create(
        id=ids.agent_id(),
        tenant=person.tenant,
        room_id=room_id,
        name=f"{agent_type} agent",
        agent_type=agent_type,
        inspection_mode=InspectionMode.SEALED if sealed else InspectionMode.FULL,
        memory_mb=256,
        max_llm_calls=20,
        max_tokens=100_000,
        timeout_seconds=120,
        files_count=1,
        files_digest=digests.files_digest(files),
        attested_files_count=1,
        attested_files_digest=digests.attested_files_digest(files),
        source_sha256=digests.source_digest(files),
        image_id="sha256:" + "1" * 64,
        image_repo_digests=[],
        created_at=clock.now(),
    )
    source_key = kdf.new_key()
    sources.store(row, files, source_key=source_key)
    sources.wrap_for_tenant(row, owner=person.owner, source_key=source_key)
    return row


def room(person: Person, **request: Any) -> MadeRoom:
    """A room of `person`, whose database must exist; with a new scope agent unless `request` names one."""
    request.setdefault("scope_agent_id", "")
    wanted = RoomRequest(**(request | {"scope_agent_id": request["scope_agent_id"] or agent(person).pk}))
    made = rooms.create(person.owner, wanted)
    return MadeRoom(person, made.loaded.room.pk, made.token.text)


def post(by: Client, url: str, body: Any = None) -> HttpResponse:
    """POST `body` as JSON; nothing at all when it is None."""
    return by.post(url) if body is None else by.post(url, json.dumps(body), content_type=JSON)
