"""The address of this service as it is written into links.

The operator's `HIVEMIND_PUBLIC_URL` decides. Without it the request's own host counts; what proxies say about it counts
only when the connection comes from one that the operator named in `HIVEMIND_TRUSTED_PROXIES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.http import HttpRequest
from django.http.request import host_validation_re

from hivemind.kit.addresses import is_trusted, trusted_networks
from hivemind.kit.conf import conf
from rooms.errors import ServiceAddressUnknown

_SCHEMES = ("http", "https")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True)
class Origin:
    """Where clients reach this service: base URL without trailing slash, and the host that links display."""

    service: str
    host: str


def origin_of(request: HttpRequest) -> Origin:
    """The address for links made in this request. Raises ServiceAddressUnknown."""
    if conf.service.public_url:
        service = conf.service.public_url.rstrip("/")
        return Origin(service, urlsplit(service).netloc)
    scheme, host = request.scheme or "http", _own_host(request)
    if _from_trusted_proxy(request):
        said = _forwarded(request.headers)
        scheme = said.scheme or scheme
        host = _with_port(said.host or host, scheme, said.port)
    return Origin(f"{scheme}://{host}", host)


def check_settings() -> None:
    """Raise ImproperlyConfigured when a trusted proxy is neither an address nor a network, or the URL is not one."""
    trusted_networks(conf.service.trusted_proxies)
    url = conf.service.public_url
    if url and (urlsplit(url).scheme not in _SCHEMES or not urlsplit(url).hostname):
        raise ImproperlyConfigured("HIVEMIND_PUBLIC_URL must be an http or https address such as https://host")


@dataclass(frozen=True)
class _Forwarded:
    scheme: str
    host: str
    port: str


def _forwarded(headers: Mapping[str, str]) -> _Forwarded:
    """What the nearest client-side proxy said: the `X-Forwarded-*` headers first, then RFC 7239."""
    standard = _first_hop(headers.get("Forwarded", ""))
    scheme = (_first(headers.get("X-Forwarded-Proto", "")) or standard.get("proto", "")).lower()
    host = _first(headers.get("X-Forwarded-Host", "")) or standard.get("host", "")
    port = _first(headers.get("X-Forwarded-Port", ""))
    return _Forwarded(
        scheme=scheme if scheme in _SCHEMES else "",
        host=host if host_validation_re.fullmatch(host.lower()) else "",
        port=port if port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536 else "",
    )


def _with_port(host: str, scheme: str, port: str) -> str:
    has_port = host.rpartition("]")[2].find(":") >= 0
    return host if has_port or not port or port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"


def _first(values: str) -> str:
    return values.split(",", maxsplit=1)[0].strip()


def _first_hop(header: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in _first(header).split(";"))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _own_host(request: HttpRequest) -> str:
    try:
        return request.get_host()
    except DisallowedHost as error:
        raise ServiceAddressUnknown from error


def _from_trusted_proxy(request: HttpRequest) -> bool:
    try:
        return is_trusted(ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return False
