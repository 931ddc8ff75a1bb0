"""The network address of whoever sent a request, for throttles, lockouts and the trail.

`client_address(request)` is the one place that decides it. What `X-Forwarded-For` says counts only as far as it was
written by proxies that the operator named in `HIVEMIND_TRUSTED_PROXIES`: the list is read from its end, and the first
address that is not such a proxy is the client. Whatever a client wrote in front of that is ignored.
"""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from hivemind.kit.conf import conf

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(request: HttpRequest) -> str:
    """The client's address in its shortest spelling; empty when the connection has none, as on a Unix socket."""
    peer = _parsed(request.META.get("REMOTE_ADDR", ""))
    if peer is None:
        return ""
    nearest = peer
    for hop in _hops(request):
        if not is_trusted(nearest):
            break
        if hop is None:
            break  # a proxy that writes no address vouches for nothing further away
        nearest = hop
    return str(nearest)


def is_trusted(address: Address) -> bool:
    """Whether a proxy of ours has this address."""
    return any(address in network for network in trusted_networks(conf.service.trusted_proxies))


@lru_cache(maxsize=4)
def trusted_networks(setting: str) -> tuple[Network, ...]:
    """The networks listed in `setting`. Raises ImproperlyConfigured when one of them is none."""
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in setting.split(",") if part.strip())
    except ValueError as error:
        raise ImproperlyConfigured(
            "HIVEMIND_TRUSTED_PROXIES must list addresses or networks such as 10.0.0.0/8, separated by commas"
        ) from error


def _hops(request: HttpRequest) -> Iterator[Address | None]:
    """The forwarded addresses, the nearest to us first; None for what is not an address."""
    header: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if header:
        yield from (_parsed(part) for part in reversed(header.split(",")))


def _parsed(text: str) -> Address | None:
    """An address, with or without port, in any of the spellings that proxies use."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
