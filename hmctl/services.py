"""The address of a service: parsed once, compared in one form."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from hmctl.errors import BadInput

_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Service:
    """`scheme://host[:port]`, lower-cased and without a trailing slash."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether the service runs on this machine as far as its name says."""
        return self.host in _LOOPBACK_NAMES or self.host.endswith(".localhost") or is_loopback_address(self.host)

    def is_same_as(self, other: "Service") -> bool:
        """Whether both addresses mean one service; the names of this machine count as one name."""
        if (self.scheme, self.port) != (other.scheme, other.port):
            return False
        plain = self.host in _LOOPBACK_NAMES and other.host in _LOOPBACK_NAMES
        return plain or self.host == other.host


def parse(text: str) -> Service:
    """The service named by `text`; raises BadInput for anything but an http(s) origin."""
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        port = parts.port
    except ValueError:
        raise _bad(text) from None
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS or not host or not host.isascii() or _has_more(parts):
        raise _bad(text)
    shown = f"[{host}]" if ":" in host else host
    default = _DEFAULT_PORTS[parts.scheme]
    suffix = "" if port in (None, default) else f":{port}"
    return Service(f"{parts.scheme}://{shown}{suffix}", parts.scheme, host, port or default)


def is_loopback_address(host: str) -> bool:
    """Whether the text is an address of this machine itself, not a name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _has_more(parts: SplitResult) -> bool:
    odd_host = any(not (ch.isalnum() or ch in ".-_:%") for ch in parts.hostname or "")
    extras = (parts.path, parts.query, parts.fragment, parts.username, parts.password)
    return odd_host or any(extras)


def _bad(text: str) -> BadInput:
    return BadInput(
        f"not the address of a service: {text[:120]!r}",
        hint="Write it as https://host or http://localhost:8100, without a path.",
    )
