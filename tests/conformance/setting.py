"""Where a case plays: how the service is reached, what vouches for it, and what its user demanded and approved."""

from dataclasses import dataclass, field
from typing import Any, Literal

LOOPBACK, REMOTE = "127.0.0.1", "rooms.example"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The honest circumstances.

    `evidence` is what vouches for the machine, `certificate` says whether TLS ends inside it and who vouches for the
    key, `statements` how the client comes by the hardware maker's data. `approved` says which build the user approved
    before, `demands` is the policy file, `switches` are the flags of the command, `variables` what else stands in the
    environment.
    """

    scheme: Literal["http", "https"] = "https"
    host: str = REMOTE
    evidence: Literal["hardware", "development", "none", "startup"] = "hardware"
    certificate: Literal["enclave", "public", "enclave, vouched for"] = "enclave"
    statements: Literal["file", "cache service"] = "file"
    approved: Literal["this build", "another build", "nothing"] = "this build"
    demands: dict[str, Any] | None = None
    switches: frozenset[str] = frozenset()
    variables: dict[str, str] = field(default_factory=dict)
    profile: Literal["here", "elsewhere", "none"] = "here"
    manifest: dict[str, Any] = field(default_factory=dict)
    outcome: Literal["completed", "failed"] = "completed"
    restricted: bool = False

    @property
    def is_remote(self) -> bool:
        return self.host != LOOPBACK


HARDWARE = Setting()
DEVELOPMENT = Setting(evidence="development", host=LOOPBACK, scheme="http", approved="nothing")
DEVELOPMENT_TLS = Setting(evidence="development", host=LOOPBACK, approved="nothing")
ACCEPT_DEVELOPMENT, ALLOW_DEGRADED, YES, SKIP = "accept development", "allow degraded", "yes", "skip"
