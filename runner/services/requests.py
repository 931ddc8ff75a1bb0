"""One ask as it arrived: parsed, not yet judged."""

import hashlib
import json
from dataclasses import asdict, dataclass

from runner.errors import BadIdempotencyKey


@dataclass(frozen=True)
class RunRequest:
    """The body of an ask. None means: not given. `package_sha256` stands for an agent that came with it."""

    query: str
    query_agent_id: str | None = None
    mediator_agent_id: str | None = None
    model: str | None = None
    scope_model: str | None = None
    query_model: str | None = None
    mediator_model: str | None = None
    provider: str | None = None
    max_tokens: int | None = None
    max_llm_calls: int | None = None
    timeout_seconds: int | None = None
    client_nonce: str = ""
    max_cost_micro_usd: int | None = None
    package_sha256: str = ""

    @property
    def sha256(self) -> str:
        """Digest of everything asked, by which a replay is told from a clash."""
        asked = asdict(self)
        if not self.package_sha256:
            del asked["package_sha256"]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode("utf-8", "replace")).hexdigest()


def idempotency_key(header: str | None) -> str | None:
    """The caller's key in lower case, None without one. Raises BadIdempotencyKey."""
    if header is None or not header.strip():
        return None
    key = header.strip().lower()
    if not (12 <= len(key) <= 64 and all(c in "0123456789abcdef" for c in key)):
        raise BadIdempotencyKey
    return key
