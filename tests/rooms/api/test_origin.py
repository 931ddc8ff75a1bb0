"""The address in links: the operator's, else the request's own; a proxy's word counts only when it is trusted."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from attestation.links import parse_link
from hivemind.kit.conf import override
from rooms.api import origin
from rooms.api.origin import origin_of
from tests.factories import rooms
from tests.factories.rooms import post
from tests.factories.tenants import Person

FORGED = {
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_PORT": "444",
    "HTTP_FORWARDED": "host=evil.example;proto=https",
}


def _service(peer: str = "192.0.2.7", **headers: str) -> str:
    request = RequestFactory().get("/", HTTP_HOST="svc.example:8100", REMOTE_ADDR=peer, **headers)  # type: ignore[arg-type]
    return origin_of(request).service


def test_the_requests_own_host_is_used_when_nothing_is_configured() -> None:
    assert _service() == "http://svc.example:8100"


def test_forwarded_headers_from_anyone_are_ignored() -> None:
    assert _service(**FORGED) == "http://svc.example:8100"
    with override("service", trusted_proxies="10.0.0.0/8, 192.0.2.8"):
        assert _service(**FORGED) == "http://svc.example:8100"
        assert _service(peer="", **FORGED) == "http://svc.example:8100"


@pytest.mark.parametrize("trusted", ["192.0.2.7", "10.0.0.1,192.0.2.0/24", " 192.0.2.7 ,"])
def test_a_trusted_proxy_is_believed(trusted: str) -> None:
    with override("service", trusted_proxies=trusted):
        assert _service(**FORGED) == "https://evil.example:444"


@pytest.mark.parametrize(
    ("headers", "service"),
    [
        ({"HTTP_X_FORWARDED_PROTO": "https"}, "https://svc.example:8100"),
        ({"HTTP_X_FORWARDED_HOST": "a.example, b.example"}, "http://a.example"),
        ({"HTTP_X_FORWARDED_HOST": "a.example", "HTTP_X_FORWARDED_PORT": "80"}, "http://a.example"),
        ({"HTTP_X_FORWARDED_HOST": "a.example:1", "HTTP_X_FORWARDED_PORT": "2"}, "http://a.example:1"),
        ({"HTTP_X_FORWARDED_HOST": "[2001:db8::1]", "HTTP_X_FORWARDED_PORT": "2"}, "http://[2001:db8::1]:2"),
        ({"HTTP_X_FORWARDED_PORT": "99999"}, "http://svc.example:8100"),
        ({"HTTP_X_FORWARDED_PROTO": "javascript"}, "http://svc.example:8100"),
        ({"HTTP_X_FORWARDED_HOST": "a.example/@evil"}, "http://svc.example:8100"),
        ({"HTTP_X_FORWARDED_HOST": "a.example?x"}, "http://svc.example:8100"),
        ({"HTTP_FORWARDED": 'for=1.2.3.4;host="a.example";proto=https, host=b'}, "https://a.example"),
    ],
)
def test_what_a_trusted_proxy_may_say(headers: dict[str, str], service: str) -> None:
    with override("service", trusted_proxies="192.0.2.7"):
        assert _service(**headers) == service


def test_the_configured_address_beats_everything() -> None:
    with override("service", public_url="https://rooms.example/", trusted_proxies="192.0.2.7"):
        assert _service(**FORGED) == "https://rooms.example"


def test_links_carry_the_configured_address(alice: Person) -> None:
    scope = rooms.agent(alice)
    with override("service", public_url="https://rooms.example"):
        body = post(alice.client, "/v1/rooms", {"scope_agent_id": scope.pk}).json()
        share = post(alice.client, f"/v1/rooms/{body['room_id']}/share-link").json()
    for text in (body["link"], share["link"]):
        link = parse_link(text)
        assert (link.host, link.service) == ("rooms.example", "https://rooms.example")


def test_a_host_that_is_none_makes_no_link_and_no_room(alice: Person) -> None:
    scope = rooms.agent(alice)
    answer = alice.client.post(
        "/v1/rooms", f'{{"scope_agent_id": "{scope.pk}"}}', content_type="application/json", HTTP_HOST="a b"
    )
    assert answer.status_code in (400, 503)
    assert alice.client.get("/v1/rooms").json() == {"rooms": []}


@pytest.mark.parametrize("setting", [{"trusted_proxies": "localhost"}, {"public_url": "rooms.example"}])
def test_a_setting_that_cannot_be_read_stops_the_start(setting: dict[str, str]) -> None:
    with override("service", **setting), pytest.raises(ImproperlyConfigured):
        origin.check_settings()
