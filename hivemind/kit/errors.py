"""Domain errors: one class per reason below one family per kind, each with a stable code and a sentence for people.

Nothing here knows HTTP; `hivemind.kit.api.exceptions` alone maps families to statuses.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A rule of the domain said no. `str()` is a sentence that may be shown to whoever asked."""

    code: ClassVar[str] = "error"
    sentence: ClassVar[str] = "The request was refused."

    def __init__(self, sentence: str | None = None, **extra: Any) -> None:
        super().__init__(sentence or self.sentence)
        self.extra: Mapping[str, Any] = extra


class Unauthenticated(DomainError):
    """Nobody is known by the credential presented."""

    code = "unauthenticated"
    sentence = "Missing or invalid token"


class Denied(DomainError):
    """The caller is known and may not do this."""

    code = "denied"
    sentence = "This token does not allow that"


class NotFound(DomainError):
    """There is no such thing, or the caller may not know that there is."""

    code = "not_found"
    sentence = "Not found"


class Conflict(DomainError):
    """The thing is in a state, or already exists, so that this cannot be done."""

    code = "conflict"


class Gone(DomainError):
    """The thing was made under rules that are no longer served."""

    code = "gone"


class Invalid(DomainError):
    """A value is well formed and still not acceptable."""

    code = "invalid"


class Malformed(DomainError):
    """The request does not have the documented shape. `problems` holds one mapping per fault."""

    code = "malformed"

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__("The request does not have the documented shape")
        self.problems = problems


class Unpayable(DomainError):
    """Nobody pays for this, or the payer cannot."""

    code = "unpayable"


class Throttled(DomainError):
    """Too many requests; come back after `retry_after_seconds`."""

    code = "throttled"
    sentence = "Too many requests"


class Unavailable(DomainError):
    """Something the request needs is not there at the moment."""

    code = "unavailable"


class TenantSealed(Unavailable):
    """The tenant's root key cannot be opened with what was presented."""

    code = "tenant_sealed"
    sentence = "Tenant is sealed: its keys cannot be opened with this credential"


class RoomSealed(Unavailable):
    """The room's key cannot be opened with what was presented."""

    code = "room_sealed"
    sentence = "Room data is sealed: this credential cannot open it; present the owner key or the room's invite"
