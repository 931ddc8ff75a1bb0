"""Why a room says no: one class per reason."""

from hivemind.kit.errors import Conflict, Denied, Gone, Invalid, NotFound, Unavailable

__all__ = [
    "AgentNotFound",
    "AgentReplaced",
    "BlankRoomId",
    "ComposesMissing",
    "ExpiryPast",
    "LiveComposeUnknown",
    "OtherRoomsToken",
    "RevocationNotFound",
    "RoomExpired",
    "RoomLives",
    "RoomNotFound",
    "RoomOutdated",
    "RoomRevoked",
    "ServiceAddressUnknown",
    "ShareLinkNotEnabled",
    "SigningKeyReplaced",
    "TablesMissing",
    "TokenWithoutRoom",
    "TrustChangedMeanwhile",
    "VaultDamaged",
    "VaultFull",
    "VaultItemNotFound",
    "VaultItemTooLarge",
    "VisibilityDiffers",
    "WrongAgentType",
]


class TokenWithoutRoom(Invalid):
    """A guest's token is bound to no room."""

    code = "token_without_room"
    sentence = "This token carries no room"


class BlankRoomId(Invalid):
    """The path names no room."""

    code = "room_id_blank"
    sentence = "room_id must not be blank"


class OtherRoomsToken(Denied):
    """A guest asked about a room that is not its own, whether or not that room exists."""

    code = "token_of_other_room"
    sentence = "This token is bound to another room"


class RoomNotFound(NotFound):
    """The tenant has no such room."""

    code = "room_not_found"
    sentence = "Room not found"


class RoomRevoked(Denied):
    """The owner ended the room."""

    code = "room_revoked"
    sentence = "This room has been revoked"


class RevocationNotFound(NotFound):
    """No owner signed the end of such a room."""

    code = "revocation_not_found"
    sentence = "There is no signed revocation of such a room"


class RoomLives(Conflict):
    """The end of a room can be signed only when there is one."""

    code = "room_lives"
    sentence = "This room is in force; DELETE ends it and signs its end"


class RoomExpired(Denied):
    """The owner's signature was limited in time, and the time is over."""

    code = "room_expired"
    sentence = "This room has expired"


class RoomOutdated(Gone):
    """The manifest does not say which tables the room may read."""

    code = "room_outdated"
    sentence = "The room manifest is missing signed allowed_tables; the owner has to create the room again"


class AgentNotFound(NotFound):
    """An agent that a room names, or is to name, does not exist."""

    code = "agent_not_found"
    sentence = "Agent not found"


class WrongAgentType(Invalid):
    """An agent was named for a stage that it was not made for."""

    code = "agent_type_differs"


class VisibilityDiffers(Invalid):
    """The request says that an agent is inspectable or sealed, and it is the other."""

    code = "visibility_differs"


class AgentReplaced(Conflict):
    """An agent is no longer what the owner signed."""

    code = "agent_replaced"
    sentence = "An agent of this room is no longer the one that the owner signed"


class TablesMissing(Invalid):
    """Tables are named that the tenant's database does not have, or has in several spellings."""

    code = "tables_missing"


class LiveComposeUnknown(Invalid):
    """A rule about builds needs the running build's hash, and the service has none."""

    code = "live_compose_unknown"
    sentence = (
        "This trust mode needs allowed_composes: the hash of the running build is not known because the service is "
        "not attested"
    )


class ExpiryPast(Invalid):
    """A room is to end before it begins."""

    code = "expiry_past"
    sentence = "expires_at must be in the future"


class ComposesMissing(Invalid):
    """A restricting trust mode would accept no build at all."""

    code = "composes_missing"
    sentence = "The trust modes pinned and owner_approved need at least one entry in allowed_composes"


class TrustChangedMeanwhile(Conflict):
    """Another update of the same room was stored first."""

    code = "trust_changed_meanwhile"
    sentence = "The room was changed by another request at the same time; read it again and repeat the update"


class SigningKeyReplaced(Conflict):
    """The tenant's signing key is not the one that signed the room, so nothing new can be signed for it."""

    code = "signing_key_replaced"
    sentence = "The key that signed this room is gone, so the room cannot be changed any more; create a new one"


class ShareLinkNotEnabled(NotFound):
    """The room has no share link."""

    code = "share_link_not_enabled"
    sentence = "The share link of this room is not enabled"


class VaultItemNotFound(NotFound):
    """The room's vault has no such item."""

    code = "vault_item_not_found"
    sentence = "Vault item not found"


class VaultItemTooLarge(Invalid):
    """Text or metadata of one item exceed what is stored."""

    code = "vault_item_too_large"


class VaultFull(Invalid):
    """The vault may not grow further."""

    code = "vault_full"


class VaultDamaged(Conflict):
    """What is stored is not what was put in: items are missing, added, moved or altered. Nothing of it is served."""

    code = "vault_damaged"
    sentence = "The stored data of this room was altered outside the service, so none of it is used"


class ServiceAddressUnknown(Unavailable):
    """No usable address can be written into a link."""

    code = "service_address_unknown"
    sentence = "The address of this service is not known; the operator has to set HIVEMIND_PUBLIC_URL"
