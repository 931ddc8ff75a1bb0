"""The decision about a service, case by case: everything that is not proven or allowed is refused."""

import dataclasses

import pytest

from attestation.evidence.bundle import DevelopmentSigner, NotReady
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.keys import SigningKey
from attestation.policy.base import NotGiven
from hmctl import services
from hmctl.errors import TrustRefused
from hmctl.services import Service
from hmctl.trust import decide
from hmctl.trust.decide import Policy, Standing
from hmctl.trust.examine import Examined
from tests.attestation import invented
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

SIGNER = SigningKey.generate().public_b64
LOCAL, REMOTE = services.parse("http://localhost:8100"), services.parse("https://rooms.example")
DEVELOPMENT = NotReady("no guest agent", "0.3.7", DevelopmentSigner(SIGNER))
BUILD = invented.COMPOSE
READY = invented.bundle()
UNWANTED = NotGiven("not demanded")


def _proven() -> VerifiedEvidence:
    return verify_evidence(
        READY,
        expect=EvidenceExpectation(nonce=invented.NONCE, tls_cert_sha256=invented.CERT),
        collateral=invented.collateral(),
        at=invented.AT,
        roots=invented.authority().trust_root,
        policy=EvidencePolicy(
            platform=invented.IN_ORDER, os_image=UNWANTED, build=UNWANTED, app=UNWANTED, key_provider=UNWANTED
        ),
    )


HARDWARE = Examined(evidence=_proven(), bundle=READY, development=False, certificate_sha256=invented.CERT.hex())
INVENTED = dataclasses.replace(HARDWARE, development=True)


def test_a_local_service_without_hardware_is_development() -> None:
    trust = decide.without_evidence(Policy(LOCAL), DEVELOPMENT)

    assert (trust.standing, trust.signer_pubkey_b64, trust.compose_hash) == (Standing.DEVELOPMENT, SIGNER, "")


@pytest.mark.parametrize("evidence", [DEVELOPMENT, NotReady("booting", "0.3.7")])
def test_a_remote_service_that_proves_nothing_is_refused(evidence: NotReady) -> None:
    with pytest.raises(TrustRefused) as refused:
        decide.without_evidence(Policy(REMOTE), evidence)

    assert refused.value.exit_code == 4
    assert (refused.value.code, refused.value.check) == ("evidence_missing", "attestation bundle")
    assert "--dangerously-skip-attestations" in refused.value.hint


def test_a_remote_service_without_evidence_passes_degraded_when_that_is_allowed() -> None:
    trust = decide.without_evidence(Policy(REMOTE, allow_degraded=True), DEVELOPMENT)

    assert (trust.standing, trust.compose_hash, trust.evidence) == (Standing.DEGRADED, "", None)
    assert "REMOTE" in trust.explanation


def test_verified_evidence_replaces_every_claim() -> None:
    claimed = dataclasses.replace(READY, run_signer_pubkey_b64="claimed", compose_hash="cd" * 32, app_id="claimed")

    trust = decide.with_evidence(Policy(REMOTE), dataclasses.replace(HARDWARE, bundle=claimed))

    assert trust.standing is Standing.VERIFIED
    assert (trust.signer_pubkey_b64, trust.compose_hash) == (invented.SIGNER.b64, BUILD)
    assert (trust.app_id, trust.version) == (invented.FACTS.app_id, invented.VERSION)
    assert trust.certificate_sha256 == invented.CERT.hex()
    assert "not checked: os image" in trust.explanation


def test_evidence_that_binds_less_is_degraded_and_says_what() -> None:
    trust = decide.with_evidence(
        Policy(REMOTE, allow_degraded=True), dataclasses.replace(HARDWARE, unbound=("nonce", "report data"))
    )

    assert trust.standing is Standing.DEGRADED
    assert "nonce, report data" in trust.explanation


@pytest.mark.parametrize(
    ("policy", "passes"),
    [
        (Policy(LOCAL), True),
        (Policy(LOCAL, require_hardware=True), False),
        (Policy(REMOTE), False),
        (Policy(REMOTE, allow_degraded=True), False),
        (Policy(REMOTE, accept_development=True), True),
        (Policy(REMOTE, accept_development=True, require_hardware=True), False),
    ],
)
def test_who_may_offer_development_evidence(policy: Policy, passes: bool) -> None:
    assert policy.tolerance.development is passes
    if passes:
        assert decide.with_evidence(policy, INVENTED).standing is Standing.DEVELOPMENT
        return
    with pytest.raises(TrustRefused) as refused:
        decide.with_evidence(policy, INVENTED)
    assert (refused.value.code, refused.value.check) == ("development_refused", "root of trust")


def test_evidence_that_names_no_build_is_refused() -> None:
    nameless = dataclasses.replace(
        HARDWARE.evidence, machine=dataclasses.replace(HARDWARE.evidence.machine, compose=None)
    )

    with pytest.raises(TrustRefused) as refused:
        decide.with_evidence(Policy(REMOTE, allow_degraded=True), dataclasses.replace(HARDWARE, evidence=nameless))

    assert refused.value.code == "compose_hash_unknown"


def test_a_pinned_build_always_wins() -> None:
    assert decide.with_evidence(Policy(REMOTE, expected_compose=BUILD), HARDWARE).compose_hash == BUILD
    for examined in (HARDWARE, INVENTED):
        with pytest.raises(TrustRefused) as refused:
            decide.with_evidence(Policy(LOCAL, expected_compose="ef" * 32), examined)
        assert (refused.value.code, refused.value.check) == ("build_refused", "compose hash")
    with pytest.raises(TrustRefused):
        decide.without_evidence(Policy(LOCAL, expected_compose=BUILD), DEVELOPMENT)


def test_demanding_hardware_refuses_a_service_without() -> None:
    with pytest.raises(TrustRefused):
        decide.without_evidence(Policy(LOCAL, require_hardware=True), DEVELOPMENT)


def test_skipping_claims_nothing_but_what_it_is() -> None:
    ready = dataclasses.replace(READY, run_signer_pubkey_b64=SIGNER)
    for evidence in (ready, DEVELOPMENT):
        trust = decide.unverified(evidence)
        assert trust.standing is Standing.UNVERIFIED
        assert trust.signer_pubkey_b64 == SIGNER
        assert trust.evidence is None
        assert "not verified" in trust.explanation


@pytest.mark.parametrize(
    ("service", "standing", "needed"),
    [
        (LOCAL, Standing.DEVELOPMENT, False),
        (REMOTE, Standing.VERIFIED, False),
        (REMOTE, Standing.DEVELOPMENT, True),
        (REMOTE, Standing.DEGRADED, True),
    ],
)
def test_where_an_authority_has_to_vouch_for_the_certificate(
    service: Service, standing: Standing, needed: bool
) -> None:
    trust = decide.ServiceTrust(standing, SIGNER, "", "0.3.7", "")

    assert decide.needs_authority(Policy(service), trust) is needed


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
