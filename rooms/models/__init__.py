"""The agreement: rooms, who may enter them, and what is stored in them."""

from rooms.models.invite import Invite
from rooms.models.key_wrap import RoomKeyWrap
from rooms.models.room import Room
from rooms.models.share_link import ShareLink
from rooms.models.vault_item import VaultItem

__all__ = ["Invite", "Room", "RoomKeyWrap", "ShareLink", "VaultItem"]
