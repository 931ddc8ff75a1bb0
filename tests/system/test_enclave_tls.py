"""A whole service with development evidence that ends TLS itself: what Bob sees on the wire is what the quote names."""

import http.client
import json
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest

from attestation.encoding import unb64
from attestation.errors import VerificationError
from attestation.evidence.bundle import Ready, parse_bundle
from attestation.evidence.collateral import parse_collateral
from attestation.evidence.enclave_tls import enclave_certificate
from attestation.evidence.errors import ReportDataDiffers
from attestation.evidence.key_chain import compressed
from attestation.evidence.platform import TcbStatus
from attestation.evidence.roots import DevelopmentRoot
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.policy.base import NotGiven
from attestation.policy.key_root import KeyRootPolicy
from attestation.policy.software import AppPolicy, ComposePolicy
from attestation.policy.tcb import TcbPolicy
from attestation.server.standin.machine import DevelopmentMachine
from tests.factories.service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
START_SECONDS = 120


class SecuredService(Service):
    """The same with evidence and with TLS."""

    def __init__(self) -> None:
        super().__init__()
        self.environment |= {"HIVEMIND_EVIDENCE": "development", "HIVEMIND_ENCLAVE_TLS": "1"}
        self.origin = f"https://127.0.0.1:{self.port}"
        self.base = f"{self.origin}/v1"

    def connect(self) -> http.client.HTTPSConnection:
        """A connection on which the certificate is looked at by nobody but the test."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)

    def _await(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if get(self.connect(), "/v1/healthz")["status"] == "ok":
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)
        raise RuntimeError(f"the service did not start; see {self.state}/up.log")


def get(connection: http.client.HTTPSConnection, path: str) -> dict[str, Any]:
    connection.request("GET", path)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer


@pytest.fixture(scope="module")
def service() -> Iterator[SecuredService]:
    running = SecuredService()
    running.start()
    try:
        yield running
    finally:
        running.__exit__(None, None, None)


def seen(connection: http.client.HTTPSConnection) -> bytes:
    assert isinstance(connection.sock, ssl.SSLSocket)
    der = connection.sock.getpeercert(binary_form=True)
    assert der is not None
    return der


def machine(service: SecuredService) -> DevelopmentMachine:
    seed = unb64((service.state / "development-guest-agent.seed").read_text())
    return DevelopmentMachine(seed, "0.3.7")


def verify(body: dict[str, Any], of: DevelopmentMachine, **expected: Any) -> VerifiedEvidence:
    return verify_evidence(
        parse_bundle(body),
        expect=EvidenceExpectation(**expected),
        collateral=parse_collateral(json.dumps(body["development"]["collateral"]).encode()),
        at=int(time.time()),
        roots=DevelopmentRoot(unb64(body["development"]["root_ca_der_b64"])),
        policy=EvidencePolicy(
            platform=TcbPolicy(
                allowed_statuses=frozenset({TcbStatus.UP_TO_DATE}), minimum_evaluation_number=0, allow_development=True
            ),
            os_image=NotGiven("no list of images"),
            build=ComposePolicy(frozenset({of.facts.compose_hash})),
            app=AppPolicy(of.facts.app_id),
            key_provider=NotGiven("nobody demanded one"),
            run_signer_chain=KeyRootPolicy(frozenset({compressed(of.key_service_root)})),
        ),
    )


def test_the_certificate_on_the_wire_is_the_derived_one_and_the_quote_binds_it(service: SecuredService) -> None:
    connection, nonce = service.connect(), secrets.token_bytes(32)
    body = get(connection, f"/v1/attestation?nonce={nonce.hex()}")
    olga = machine(service)
    certificate = enclave_certificate(bytes.fromhex(olga.key("hivemind-tls-v1")["key"]))
    assert seen(connection) == certificate.der
    proven = verify(body, olga, nonce=nonce, tls_cert_sha256=certificate.sha256)
    assert proven.development
    assert set(proven.not_checked) == {"os image", "key provider"}
    told = parse_bundle(body)
    assert isinstance(told, Ready)
    assert told.tls.cert_pem == certificate.pem
    assert told.tls.pinning_url == f"https://{olga.facts.app_id}-{service.port}s.dstack-pha-prod9.phala.network"
    with pytest.raises(ReportDataDiffers):
        verify(body, olga, nonce=nonce, tls_cert_sha256=b"c" * 32)
    with pytest.raises(VerificationError):
        verify(body, olga, nonce=secrets.token_bytes(32), tls_cert_sha256=certificate.sha256)


def test_older_clients_find_the_certificate_in_the_quote_of_the_start(service: SecuredService) -> None:
    connection = service.connect()
    body = get(connection, "/v1/attestation")
    olga = machine(service)
    told = parse_bundle(body)
    assert isinstance(told, Ready)
    assert told.report_data_version == 2
    certificate = enclave_certificate(bytes.fromhex(olga.key("hivemind-tls-v1")["key"]))
    assert told.tls.cert_fingerprint_sha256_hex == certificate.sha256.hex()


def test_one_connection_serves_several_requests_with_one_certificate(service: SecuredService) -> None:
    connection = service.connect()
    certificates, sockets = set(), set()
    for _ in range(3):
        assert get(connection, "/v1/healthz")["status"] == "ok"
        certificates.add(seen(connection))
        sockets.add(id(connection.sock))
    assert len(certificates) == len(sockets) == 1


def test_plain_http_gets_no_answer_of_the_service(service: SecuredService) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as plain:
        plain.sendall(b"GET /v1/healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = plain.recv(65536)
    assert b"features" not in answer


def test_no_file_of_the_service_holds_the_key(service: SecuredService) -> None:
    certificate = enclave_certificate(bytes.fromhex(machine(service).key("hivemind-tls-v1")["key"]))
    body = b"".join(certificate.private_pem().splitlines()[1:-1])
    scalar = f"{certificate.key.private_numbers().private_value:064x}".encode()
    looked_at = 0
    for path in service.state.rglob("*"):
        if path.is_file() and path.stat().st_size < 10_000_000 and not path.is_relative_to(service.state / "postgres"):
            content = path.read_bytes()
            looked_at += 1
            assert body not in content.replace(b"\n", b"")
            assert scalar not in content.lower()
    assert looked_at > 3


def test_a_restart_shows_the_same_certificate(service: SecuredService) -> None:
    connection = service.connect()
    get(connection, "/v1/healthz")
    before = seen(connection)
    assert service.kill("hivemind.web_server")
    service._await()
    connection = service.connect()
    get(connection, "/v1/healthz")
    assert seen(connection) == before


def test_sessions_of_the_admin_are_for_tls_alone(service: SecuredService) -> None:
    connection = service.connect()
    connection.request("GET", "/admin/login/")
    answer = connection.getresponse()
    answer.read()
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)
