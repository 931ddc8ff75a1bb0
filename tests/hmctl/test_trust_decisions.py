"""The decision about a service, case by case: everything that is not proven or allowed is refused."""

import pytest

from attestation.errors import VerificationError
from attestation.evidence.bundle import AppAuth, DevelopmentSigner, NotReady, Ready, TlsClaim
from attestation.keys import SigningKey
from hmctl import services
from hmctl.errors import TrustRefused
from hmctl.trust.decide import Policy, Proven, Standing, decide
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

SIGNER = SigningKey.generate().public_b64
LOCAL, REMOTE = services.parse("http://localhost:8100"), services.parse("https://rooms.example")
DEVELOPMENT = NotReady("no guest agent", "0.3.7", DevelopmentSigner(SIGNER))
BUILD = "ab" * 32
READY = Ready(
    booted_at=0.0,
    quote=b"quote",
    event_log_json="[]",
    measurements={},
    compose_hash="cd" * 32,
    app_id="app",
    instance_id="i",
    hivemind_version="0.3.7",
    report_data_version=2,
    app_auth=AppAuth(),
    tls=TlsClaim(),
    run_signer_pubkey_b64=SIGNER,
    run_signer_key_path="",
)


def _proves(evidence: Ready) -> Proven:
    return Proven(BUILD, "proven-signer", "checked")


def _fails(evidence: Ready) -> Proven:
    raise VerificationError


def test_a_local_service_without_hardware_is_development() -> None:
    trust = decide(Policy(LOCAL), DEVELOPMENT)

    assert (trust.standing, trust.signer_pubkey_b64, trust.compose_hash) == (Standing.DEVELOPMENT, SIGNER, "")


@pytest.mark.parametrize("evidence", [DEVELOPMENT, NotReady("booting", "0.3.7"), READY])
def test_a_remote_service_that_proves_nothing_is_refused(evidence: NotReady | Ready) -> None:
    with pytest.raises(TrustRefused) as refused:
        decide(Policy(REMOTE), evidence)

    assert refused.value.exit_code == 4
    assert "--dangerously-skip-attestations" in refused.value.hint


def test_a_degraded_remote_service_passes_only_without_hardware_claims() -> None:
    assert decide(Policy(REMOTE, allow_degraded=True), DEVELOPMENT).standing is Standing.DEVELOPMENT
    with pytest.raises(TrustRefused):
        decide(Policy(REMOTE, allow_degraded=True), READY)


def test_verified_evidence_replaces_every_claim() -> None:
    trust = decide(Policy(REMOTE), READY, prove=_proves)

    assert (trust.standing, trust.signer_pubkey_b64, trust.compose_hash) == (
        Standing.VERIFIED,
        "proven-signer",
        BUILD,
    )


def test_evidence_that_does_not_verify_is_refused_locally_too() -> None:
    for service in (LOCAL, REMOTE):
        with pytest.raises(TrustRefused):
            decide(Policy(service, allow_degraded=True), READY, prove=_fails)


def test_a_remote_service_must_be_https() -> None:
    with pytest.raises(TrustRefused, match="not https"):
        decide(Policy(services.parse("http://rooms.example")), READY, prove=_proves)


def test_a_pinned_build_always_wins() -> None:
    assert decide(Policy(REMOTE, expected_compose=BUILD), READY, prove=_proves).compose_hash == BUILD
    with pytest.raises(TrustRefused, match="another build"):
        decide(Policy(REMOTE, expected_compose="ef" * 32), READY, prove=_proves)
    with pytest.raises(TrustRefused):
        decide(Policy(LOCAL, expected_compose=BUILD), DEVELOPMENT)


def test_demanding_hardware_refuses_development() -> None:
    with pytest.raises(TrustRefused):
        decide(Policy(LOCAL, require_hardware=True), DEVELOPMENT)


def test_skipping_claims_nothing_but_what_it_is() -> None:
    for evidence in (READY, DEVELOPMENT):
        trust = decide(Policy(REMOTE, skip=True), evidence, prove=_fails)
        assert trust.standing is Standing.UNVERIFIED
        assert trust.signer_pubkey_b64 == SIGNER
        assert "not verified" in trust.explanation


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("http://LocalHost:8100/", "http://127.0.0.1:8100", True),
        ("http://[::1]:8100", "http://localhost:8100", True),
        ("https://a.example", "https://a.example:443", True),
        ("https://a.example", "http://a.example:443", False),
        ("http://localhost:8100", "http://localhost:8101", False),
        ("http://localhost.evil.example", "http://localhost", False),
        ("http://x.localhost", "http://localhost", False),
    ],
)
def test_when_two_addresses_are_one_service(left: str, right: str, same: bool) -> None:
    assert services.parse(left).is_same_as(services.parse(right)) is same


@pytest.mark.parametrize("host", ["localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2x", "0.0.0.0"])
def test_only_this_machine_is_local(host: str) -> None:
    assert not services.parse(f"http://{host}").is_loopback


def test_malformed_evidence_is_refused_before_any_credential(alice: Shell, service: LyingService) -> None:
    for body in ({}, {"ready": "yes"}, {"ready": True, "attestation": {}}, {"ready": False, "development": 3}):
        service.answer("GET", "/v1/attestation", body)
        shown = alice("room", "list")
        assert shown.code == 4, body
    assert {asked.path for asked in service.asked} == {"/v1/attestation"}


def test_attest_shows_claims_and_says_so(alice: Shell, service: LyingService) -> None:
    shown = alice("trust", "attest")

    assert shown.screen == (
        "exit 0\n--- out\n"
        f"Service:    {service.url}\n"
        "Ready:      no\n"
        "Reason:     no guest agent\n"
        "Version:    0.3.7\n"
        f"Run signer: {service.signer.public_b64} (DEVELOPMENT key)\n"
        "--- err\nwarning: these are the service's own claims; none of them was verified\n"
    )


def test_show_and_reset_work_on_the_published_file(alice: Shell) -> None:
    import json

    entry = {"app_id": "app1", "approved_compose_hash": BUILD, "approved_at": "2026-01-02T00:00:00Z", "history": []}
    store = alice.home / "trust.json"
    store.write_text(json.dumps({"version": 1, "services": {"https://rooms.example": entry}}))

    assert BUILD in alice("trust", "show").out
    assert json.loads(alice("trust", "show", "https://rooms.example/").out) == entry
    assert alice("trust", "show", "https://other.example").code == 1
    assert alice("trust", "reset").code == 1
    assert alice("trust", "reset", "https://rooms.example").code == 0
    assert json.loads(store.read_text())["services"] == {}
    store.write_text('{"version": 9}')
    assert alice("trust", "show").code == 1
