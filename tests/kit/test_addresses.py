"""Whose address counts: the connection's, or what a proxy of ours says about it."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from hivemind.kit.addresses import client_address
from hivemind.kit.conf import override

PROXY, SECOND, CLIENT, LIE = "10.0.0.9", "10.0.0.8", "203.0.113.5", "198.51.100.1"


def address(peer: str, forwarded: str = "", *, trusted: str = "10.0.0.0/8") -> str:
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    with override("service", trusted_proxies=trusted):
        return client_address(request)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (CLIENT, "", CLIENT),
        (CLIENT, LIE, CLIENT),
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"{LIE}, {CLIENT}", CLIENT),
        (PROXY, f"{LIE}, {CLIENT}, {SECOND}", CLIENT),
        (PROXY, f"{SECOND}", SECOND),
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{LIE}, not an address", PROXY),
        (PROXY, f"{CLIENT}:4711", CLIENT),
        (PROXY, "[2001:db8::5]:4711", "2001:db8::5"),
        (PROXY, "2001:0db8:0000::5", "2001:db8::5"),
        (PROXY, f"::ffff:{CLIENT}", CLIENT),
        (f"::ffff:{PROXY}", CLIENT, CLIENT),
        ("", CLIENT, ""),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_is_the_client(peer: str, forwarded: str, client: str) -> None:
    assert address(peer, forwarded) == client


def test_nobody_is_believed_when_no_proxy_is_named() -> None:
    assert address(PROXY, CLIENT, trusted="") == PROXY


def test_a_setting_that_names_no_network_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        address(PROXY, CLIENT, trusted="my proxy")
