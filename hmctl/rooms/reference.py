"""ROOM arguments: an id at the active profile's service, or a link that says everything itself."""

from dataclasses import dataclass

from attestation import links
from attestation.errors import BadKey, LinkError
from attestation.keys import VerifyKey
from hmctl import ids, services
from hmctl.app import App
from hmctl.errors import BadInput, BadLink, ForeignService
from hmctl.secret import Secret
from hmctl.services import Service


@dataclass(frozen=True)
class RoomRef:
    """A room, where it is, and as whom to speak about it.

    `owner_pubkey_b64` is the anchor that the caller brought (None for a bare id). `service_text` is the address
    as written in the link.
    """

    room_id: str
    service: Service
    service_text: str
    bearer: Secret
    owner_pubkey_b64: str | None = None
    is_link: bool = False
    is_share: bool = False


def read(app: App, text: str) -> RoomRef:
    """The room as the bearer of the link, or as the active profile for a bare id."""
    if links.is_link(text):
        return _from_link(text)
    return _own(app, ids.checked(text, what="room"))


def read_as_owner(app: App, text: str) -> RoomRef:
    """The room as the active profile, which must be at home at the link's service (ForeignService)."""
    if not links.is_link(text):
        return _own(app, ids.checked(text, what="room"))
    link = _from_link(text)
    own = _own(app, link.room_id)
    if not own.service.is_same_as(link.service):
        raise ForeignService(
            f"the link is of {link.service.url}, profile {app.profile.name!r} is of {own.service.url}",
            hint="Choose the profile that owns the room with --profile NAME before the command.",
        )
    return RoomRef(
        room_id=own.room_id,
        service=own.service,
        service_text=own.service_text,
        bearer=own.bearer,
        owner_pubkey_b64=link.owner_pubkey_b64,
    )


def payer_for(app: App, ref: RoomRef, *, allow_foreign: bool) -> Secret | None:
    """Whose credit pays for an ask: the active `hmk_` profile for a link, nobody to name for an own room.

    Raises ForeignService when the profile's key would go to a service that only the link names.
    """
    if not ref.is_link:
        return None
    key = app.require_key()
    if not key.starts_with("hmk_"):
        raise BadInput(
            f"profile {app.profile.name!r} holds no tenant key (hmk_…), so it cannot pay for this question",
            hint="Choose a tenant profile with --profile NAME before the command.",
        )
    if not app.profile.service.is_same_as(ref.service) and not allow_foreign:
        raise ForeignService(
            f"the link leads to {ref.service.url}, but profile {app.profile.name!r} belongs to "
            f"{app.profile.service.url}: its owner key would be handed to another service",
            hint=f"Use a profile made at {ref.service.url} (--profile NAME before the command). "
            "--allow-foreign-payer sends the key nevertheless.",
        )
    return key


def _from_link(text: str) -> RoomRef:
    try:
        link = links.parse_link(text)
        VerifyKey.from_b64(link.owner_pubkey_b64)  # before the token leaves for a room that could never be verified
    except (LinkError, BadKey) as problem:
        raise BadLink(str(problem), hint=problem.remedy) from None
    try:
        service = services.parse(link.service)
    except BadInput as problem:
        raise BadLink(problem.message, hint="Ask the room's owner for the whole link.") from None
    return RoomRef(
        room_id=link.room_id,
        service=service,
        service_text=link.service,
        bearer=Secret(link.token, what="the link's token"),
        owner_pubkey_b64=link.owner_pubkey_b64,
        is_link=True,
        is_share=link.is_share,
    )


def _own(app: App, room_id: str) -> RoomRef:
    service = app.profile.service
    return RoomRef(room_id=room_id, service=service, service_text=service.url, bearer=app.require_key())
