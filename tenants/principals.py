"""Who is asking, as a value.

A closed union; every `match` over it ends with a case that must not be reached.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from attestation.tokens import Token
from hivemind.kit.audit import Actor
from tenants.models import ApiKey, Tenant

Role = Literal["owner", "query", "share"]


@dataclass(frozen=True)
class Owner:
    """The holder of a tenant's owner key."""

    tenant: Tenant
    key: ApiKey
    bearer: Token = field(repr=False)
    is_authenticated: Literal[True] = True
    role: Role = "owner"

    @property
    def token_id(self) -> str:
        """Short id of the owner key."""
        return self.key.token_id

    @property
    def actor(self) -> Actor:
        """How the audit trail names this caller."""
        return Actor(f"owner:{self.key.token_id}")


@dataclass(frozen=True)
class RoomGuest:
    """The holder of an invite (`query`) or of a share link (`share`): bound to one room of `tenant`."""

    tenant: Tenant
    room_id: str
    token_id: str
    role: Role
    constraints: dict[str, Any]
    bearer: Token = field(repr=False)
    is_authenticated: Literal[True] = True

    @property
    def holder(self) -> str:
        """Name of this caller's wrap of the room key."""
        return f"{self.role}:{self.token_id}"

    @property
    def actor(self) -> Actor:
        """How the audit trail names this caller."""
        return Actor(f"{'invite' if self.role == 'query' else 'share'}:{self.token_id}")


Principal = Owner | RoomGuest
