"""Writing the audit trail. Every service that writes takes an `Actor` and records its act in its own transaction."""

from dataclasses import dataclass
from typing import Any

from hivemind.kit import clock
from hivemind.kit.models import AuditEvent


@dataclass(frozen=True)
class Actor:
    """Who acts, as the trail names them: `owner:<token id>`, `invite:<token id>`, `operator:<name>`, `system:<job>`."""

    name: str

    @classmethod
    def operator(cls, username: str) -> "Actor":
        """A person who works in the admin."""
        return cls(f"operator:{username}")

    @classmethod
    def system(cls, job: str) -> "Actor":
        """The platform itself."""
        return cls(f"system:{job}")


def record(actor: Actor, action: str, subject: str, *, tenant_id: str = "", **details: Any) -> None:
    """Append one event. Call it inside the transaction of the act, so that neither exists without the other."""
    AuditEvent.objects.create(
        at=clock.now(), actor=actor.name, action=action, subject=subject, tenant_id=tenant_id, details=details
    )
