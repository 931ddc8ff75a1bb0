"""TLS of one command: the certificate of the first connection is the only one, before a byte of a request leaves."""

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hmctl import services
from hmctl.client.channel import CertificateRefused, Channel
from hmctl.client.transport import Answer, Call, Transport
from hmctl.clock import SystemClock
from hmctl.errors import BadInput, HmctlError, TrustRefused
from hmctl.secret import Secret
from tests.hmctl.http_service import Reply
from tests.hmctl.secured import REMOTE, Authority, ConnectProxy, SecuredService, Shown

CLOSES = {"Connection": "close"}
SECRET = Secret("hmk_" + "s" * 43)


@pytest.fixture
def honest(authority: Authority) -> Shown:
    return authority.issue(vouched=False)


@pytest.fixture
def other(authority: Authority) -> Shown:
    return authority.issue(vouched=False)


@pytest.fixture
def secured(honest: Shown) -> Iterator[SecuredService]:
    running = SecuredService(honest)
    running.answer("GET", "/v1/closes", Reply({}, headers=CLOSES))
    running.answer("GET", "/v1/stays", Reply({}))
    yield running
    running.close()


@pytest.fixture
def transport(secured: SecuredService) -> Iterator[Transport]:
    made = Transport(services.parse(secured.url))
    yield made
    made.close()


def _get(transport: Transport, path: str = "/v1/stays", *, seconds: float = 10.0) -> Answer:
    return transport.send(Call("GET", path, seconds, bearer=SECRET))


def _refused(transport: Transport, path: str = "/v1/stays") -> TrustRefused:
    with pytest.raises(TrustRefused) as refused:
        _get(transport, path)
    assert refused.value.exit_code == 4
    assert refused.value.check == "tls channel"
    return refused.value


def test_the_first_certificate_is_noted_and_stays(transport: Transport, secured: SecuredService, honest: Shown) -> None:
    assert transport.channel.seen is None
    for path in ("/v1/stays", "/v1/closes", "/v1/closes"):
        _get(transport, path)
        assert transport.channel.seen == honest.sha256
    assert secured.connections == 2


def test_another_certificate_is_refused_before_the_request(
    transport: Transport, secured: SecuredService, honest: Shown, other: Shown
) -> None:
    secured.choose = lambda number: honest if number == 1 else other
    _get(transport, "/v1/closes")
    secured.asked.clear()

    assert _refused(transport).code == "certificate_changed"
    assert _refused(transport).code == "certificate_changed"

    assert secured.connections == 3
    assert secured.asked == []
    assert transport.channel.seen == honest.sha256


def test_the_first_certificate_is_welcome_again_after_a_refusal(
    transport: Transport, secured: SecuredService, honest: Shown, other: Shown
) -> None:
    secured.choose = lambda number: other if number == 2 else honest
    _get(transport, "/v1/closes")
    _refused(transport)

    assert _get(transport).status == 200


def test_threads_agree_on_one_certificate(
    transport: Transport, secured: SecuredService, honest: Shown, other: Shown
) -> None:
    secured.choose = lambda number: honest if number % 2 else other

    def ask(_: int) -> str:
        try:
            _get(transport, "/v1/closes")
        except TrustRefused as problem:
            return problem.code
        return "answered"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(ask, range(24)))

    assert set(outcomes) == {"answered", "certificate_changed"}
    assert len(secured.asked) == outcomes.count("answered")
    assert transport.channel.seen in (honest.sha256, other.sha256)


def test_a_proxy_changes_nothing(
    secured: SecuredService, honest: Shown, other: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured.choose = lambda number: honest if number == 1 else other
    proxy = ConnectProxy(secured.port)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    transport = Transport(services.parse(f"https://{REMOTE}"))

    _get(transport, "/v1/closes")
    assert transport.channel.seen == honest.sha256
    secured.asked.clear()
    assert _refused(transport).code == "certificate_changed"

    assert secured.asked == []
    assert proxy.asked == [f"CONNECT {REMOTE}:443 HTTP/1.1"] * 2
    transport.close()
    proxy.close()


def test_tls_inside_a_proxys_tls_is_held_to_the_same(honest: Shown, other: Shown) -> None:
    channel = Channel(services.parse(f"https://{REMOTE}"), clock=SystemClock())

    _handshake(channel, honest.context)
    assert channel.seen == honest.sha256
    _handshake(channel, honest.context)
    with pytest.raises(CertificateRefused):
        _handshake(channel, other.context)


def _handshake(channel: Channel, server: ssl.SSLContext) -> None:
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    there = server.wrap_bio(to_server, to_client, server_side=True)
    here = channel.context.wrap_bio(to_client, to_server, server_hostname=REMOTE)
    for side in (here, there, here, there):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


class TestAnAuthority:
    """Where no evidence names the certificate, somebody else has to vouch for it."""

    @pytest.fixture(autouse=True)
    def _trusts_the_authority(self, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))

    def test_vouches_for_its_own(self, authority: Authority, transport: Transport, secured: SecuredService) -> None:
        shown = authority.issue()
        secured.choose = lambda number: shown
        _get(transport)

        transport.require_authority()

        assert _get(transport).status == 200
        assert secured.connections == 2

    def test_does_not_vouch_for_a_certificate_that_signs_itself(
        self, transport: Transport, secured: SecuredService
    ) -> None:
        _get(transport)
        secured.asked.clear()

        transport.require_authority()

        assert _refused(transport).code == "certificate_not_trusted"
        assert secured.asked == []

    def test_does_not_vouch_for_another_name(
        self, authority: Authority, secured: SecuredService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = authority.issue("somebody-else.example")
        secured.choose = lambda number: shown
        proxy = ConnectProxy(secured.port)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        transport = Transport(services.parse(f"https://{REMOTE}"))
        transport.require_authority()

        assert _refused(transport).code == "certificate_not_trusted"
        assert secured.asked == []
        proxy.close()

    def test_does_not_replace_the_certificate_seen_first(
        self, authority: Authority, transport: Transport, secured: SecuredService, honest: Shown
    ) -> None:
        vouched = authority.issue()
        secured.choose = lambda number: honest if number == 1 else vouched
        _get(transport)

        transport.require_authority()

        assert _refused(transport).code == "certificate_changed"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authorities_that_cannot_be_read_are_an_error(
    content: str | None, transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "authorities.pem"
    if content:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    with pytest.raises(BadInput, match="SSL_CERT_FILE"):
        transport.require_authority()


def test_nothing_in_the_clear_leaves_this_machine() -> None:
    for address in ("http://rooms.example", "http://192.0.2.1:8100", "http://localhost.evil.example"):
        with pytest.raises(TrustRefused, match="remote and not https") as refused:
            Transport(services.parse(address))
        assert (refused.value.code, refused.value.check) == ("not_https", "tls channel")


def test_an_old_version_of_tls_is_not_spoken(transport: Transport, secured: SecuredService, honest: Shown) -> None:
    honest.context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    honest.context.maximum_version = ssl.TLSVersion.TLSv1_1
    honest.context.set_ciphers("ALL:@SECLEVEL=0")

    with pytest.raises(HmctlError):
        _get(transport)
    assert secured.asked == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_of_this_machine_that_leads_elsewhere_gets_nothing(
    scheme: str, secured: SecuredService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's resolver answers for `rooms.localhost` with a machine of their own."""
    connect = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda _, *rest, **more: connect(_here(secured), *rest, **more))
    monkeypatch.setattr(socket.socket, "getpeername", lambda _: ("192.0.2.7", 443))
    transport = Transport(services.parse(f"{scheme}://rooms.localhost"))

    assert _refused(transport).code == "not_this_machine"
    assert secured.asked == []
    transport.close()


def _here(secured: SecuredService) -> tuple[str, int]:
    return "127.0.0.1", secured.port
