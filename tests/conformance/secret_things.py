"""What must not be lost: random for each case, so that nothing of one case can be taken for another's."""

import secrets
from dataclasses import dataclass, field, fields

from attestation.tokens import INVITE, OWNER, SPEND, new_token


@dataclass(frozen=True)
class SecretThings:
    """Bob's side of a case, by name. `owner_key` is his key at the service, `other_key` his key somewhere else."""

    owner_key: str = field(default_factory=lambda: new_token(OWNER))
    other_key: str = field(default_factory=lambda: new_token(OWNER))
    invite: str = field(default_factory=lambda: new_token(INVITE))
    spend_token: str = field(default_factory=lambda: new_token(SPEND))
    admin_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    question: str = field(default_factory=lambda: f"How much did {secrets.token_hex(9)} pay in May?")
    vault_text: str = field(default_factory=lambda: f"The tenant of {secrets.token_hex(9)} is late.")

    @property
    def by_name(self) -> dict[str, str]:
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @property
    def bearers(self) -> dict[str, str]:
        """Those that must not even be shown to their owner."""
        return {name: text for name, text in self.by_name.items() if name not in ("question", "vault_text")}


NOTHING: frozenset[str] = frozenset()
TO_READ_THE_ROOM = frozenset({"invite"})
AS_OWNER = frozenset({"owner_key"})
TO_ASK = frozenset({"invite", "question", "owner_key"})
