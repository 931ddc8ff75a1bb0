"""Addresses of services, written in one way so that they can be compared."""

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(address: str) -> str:
    """Scheme, host and, unless it is the scheme's own, port of an http address, in lower case. Its path is left out.

    Raises ValueError for whatever is no such address, or names a user.
    """
    parts = urlsplit(address.strip())
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in _DEFAULT_PORTS or not host or not host.isascii() or parts.username is not None:
        raise ValueError("not an http address")
    if any(not (letter.isalnum() or letter in "-._:%") for letter in host):
        raise ValueError("not a host")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != _DEFAULT_PORTS[parts.scheme] else "")
