"""The model services that an operator has set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Provider:
    """One OpenAI-compatible service.

    `timeout_seconds` bounds how long it may stay silent (read, write and waiting for a connection),
    `connect_seconds` how long it takes to be reached. The key is not printed.
    """

    name: str
    base_url: str
    api_key: str = field(repr=False)
    timeout_seconds: float = 45.0
    connect_seconds: float = 5.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ValueError(f"provider {self.name}: the base URL must be http(s)://host/path, no login")
        if parts.query or parts.fragment:
            raise ValueError(f"provider {self.name}: the base URL must have no query and no fragment")

    @property
    def chat_url(self) -> str:
        """Where chat completions are asked for."""
        return self.base_url.rstrip("/") + "/chat/completions"


@dataclass(frozen=True)
class LlmRoute:
    """Where every model call of one stage goes, whatever the agent asks for."""

    provider: Provider
    model: str
