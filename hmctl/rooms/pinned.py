"""The owner's compose pins about single scope agents, held against rooms that use them."""

from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.rooms.reference import RoomRef
from hmctl.trust.pinning import Agent


def check_room(app: App, ref: RoomRef, tenant_id: str, scope_agent_id: str, answer: JsonObject) -> str:
    """The digest that a pin demands of the room's scope agent, empty if none does; what the service shows has it.

    Raises PinRefused for the running build, RoomRejected for another agent or one whose files are not told.
    """
    shown = wire.obj(answer, "scope_agent")
    told = wire.text(shown, "attested_files_digest_sha256") if wire.text(shown, "agent_id") == scope_agent_id else ""
    return app.pins.check_agent(Agent(tenant_id, scope_agent_id, told), ref.service, app.admit(ref.service))


def check_agent(app: App, owner: V1, agent_id: str) -> None:
    """Holds the pins about an agent against it before a room is made with it (PinRefused, RoomRejected)."""
    if not app.pins.is_about(agent_id):
        return
    service = app.profile.service
    tenant_id = wire.required(owner.whoami(), "tenant_id")
    told = wire.text(owner.agent_attest(agent_id), "attested_files_digest_sha256")
    app.pins.check_agent(Agent(tenant_id, agent_id, told), service, app.admit(service))
