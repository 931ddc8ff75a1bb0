"""Bob knows which key service Olga's machine should get its keys from. Carol has a key service of her own."""

import dataclasses
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from attestation.errors import KernelError, VerificationError
from attestation.evidence.bundle import Ready, parse_bundle
from attestation.evidence.checks import Outcome
from attestation.evidence.development.issuers import DevelopmentIssuers, development_issuers
from attestation.evidence.errors import BundleMalformed, KeyChainBroken, KeyChainMissing
from attestation.evidence.key_chain import KeyChain, check_chain, is_issued_by, make_key_chain, path_digest, public_of
from attestation.evidence.recovery import recover
from attestation.keys import SigningKey
from attestation.policy.base import NotGiven, Policy
from attestation.policy.errors import KeyRootRefused, PolicyEmpty, SubjectUnknown
from attestation.policy.key_root import KeyRootPolicy
from tests.attestation import invented
from tests.attestation.test_verify_evidence import EXPECT, OPEN, started, verify

SECRET = b"\x11" * 32
APP = invented.FACTS.app_id
ISSUERS = development_issuers(b"o" * 32, app_id=APP)
CAROLS = development_issuers(b"c" * 32, app_id=APP)


def chain(issuers: DevelopmentIssuers = ISSUERS, *, secret: bytes = SECRET) -> KeyChain:
    return make_key_chain(secret, issuers.sign_path(secret), run_signer=invented.SIGNER)


CHAIN = chain()


def demanding(*roots: bytes, bundle: Ready | None = None, **changes: Any) -> Any:
    policy: Policy[Any] = KeyRootPolicy(frozenset(roots))
    terms = {"policy": dataclasses.replace(OPEN, run_signer_chain=policy)} | changes
    return verify(invented.bundle(run_signer_chain=CHAIN) if bundle is None else bundle, **terms)


def test_a_known_key_service_is_found_behind_the_run_signer() -> None:
    proven = demanding(CAROLS.root_public, ISSUERS.root_public)
    assert {check.name: check.outcome for check in proven.checks}["run signer chain"] is Outcome.VERIFIED


def test_a_root_may_be_named_in_its_long_form() -> None:
    numbers = ISSUERS.root.public_key().public_numbers()
    demanding(b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))


def test_without_a_demand_the_chain_is_reported_as_not_checked() -> None:
    proven = verify(invented.bundle(run_signer_chain=chain(CAROLS)), policy=OPEN)
    [result] = [check for check in proven.checks if check.name == "run signer chain"]
    assert (result.outcome, result.detail) == (Outcome.NOT_CHECKED, "no key service is demanded")


OTHER_SIGNER = SigningKey.from_seed(b"x" * 32).public
ANOTHERS = development_issuers(b"o" * 32, app_id="0b" * 20)
REFUSED: dict[str, tuple[KeyChain | None, type[VerificationError]]] = {
    "none at all": (None, KeyChainMissing),
    "one from another key service": (chain(CAROLS), KeyRootRefused),
    "one of another application": (chain(ANOTHERS), KeyRootRefused),
    "one for another run signer": (
        make_key_chain(SECRET, ISSUERS.sign_path(SECRET), run_signer=OTHER_SIGNER),
        KeyChainBroken,
    ),
    "the possession of another path": (
        dataclasses.replace(CHAIN, possession=chain(secret=b"\x12" * 32).possession),
        KeyChainBroken,
    ),
    "another application's key": (dataclasses.replace(CHAIN, app_public=CAROLS.root_public), KeyChainBroken),
    "no point": (dataclasses.replace(CHAIN, app_public=b"\x05" * 33), KeyChainBroken),
    "empty signatures": (dataclasses.replace(CHAIN, path_signature=bytes(65)), KeyChainBroken),
    "an empty signature of the root": (dataclasses.replace(CHAIN, app_signature=bytes(65)), KeyRootRefused),
}


@pytest.mark.parametrize("name", REFUSED)
def test_another_chain_is_refused(name: str) -> None:
    shown, reason = REFUSED[name]
    with pytest.raises(reason):
        demanding(ISSUERS.root_public, bundle=invented.bundle(run_signer_chain=shown))


def test_a_demand_that_names_nobody_accepts_nobody() -> None:
    with pytest.raises(PolicyEmpty):
        demanding()


def test_a_root_that_is_no_key_accepts_nobody() -> None:
    with pytest.raises(KeyChainBroken):
        demanding(b"\x02" + b"\xff" * 32)


def test_a_signer_that_the_quote_does_not_name_is_not_what_was_demanded() -> None:
    old = dataclasses.replace(started(2), run_signer_chain=CHAIN)
    with pytest.raises(SubjectUnknown, match="signing runs"):
        demanding(
            ISSUERS.root_public,
            bundle=old,
            expect=dataclasses.replace(EXPECT, nonce=NotGiven("old")),
        )


def test_the_application_must_be_told_by_the_event_log() -> None:
    with pytest.raises(SubjectUnknown, match="application"):
        demanding(ISSUERS.root_public, bundle=invented.bundle(run_signer_chain=CHAIN, event_log_json=""))


@pytest.mark.parametrize("at", range(65))
def test_every_changed_byte_of_a_signature_breaks_the_chain_or_changes_nothing_that_is_believed(at: int) -> None:
    signature = bytearray(CHAIN.path_signature)
    signature[at] ^= 1
    changed = dataclasses.replace(CHAIN, path_signature=bytes(signature))
    if at == 64:  # says which of the candidates signed, and the key itself is there
        check_chain(changed, run_signer=invented.SIGNER)
    else:
        with pytest.raises(KeyChainBroken):
            check_chain(changed, run_signer=invented.SIGNER)


def test_the_chain_survives_the_wire() -> None:
    told = invented.bundle(run_signer_chain=CHAIN)
    read = parse_bundle(json.loads(json.dumps(told.to_wire())))
    assert isinstance(read, Ready)
    assert read.run_signer_chain == CHAIN


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("signature_chain", []),
        ("signature_chain", ["00" * 65] * 3),
        ("signature_chain", ["00" * 64] * 2),
        ("signature_chain", "00"),
        ("path_pubkey_hex", "02"),
        ("app_pubkey_hex", None),
        ("signer_signature_hex", "zz" * 64),
    ],
)
def test_a_chain_of_another_form_is_refused(member: str, value: object) -> None:
    wire = invented.bundle(run_signer_chain=CHAIN).to_wire()
    wire["attestation"]["run_signer_chain"][member] = value
    with pytest.raises(BundleMalformed):
        parse_bundle(wire)


@pytest.mark.parametrize("scalar", [1, 2, 3, 0xDEADBEEF, 2**255 + 12345])
def test_the_signing_key_is_recovered_from_its_signature(scalar: int) -> None:
    app = ec.derive_private_key(scalar, ec.SECP256K1())
    issuers = dataclasses.replace(ISSUERS, app=app)
    for secret in (bytes([first]) * 32 for first in range(1, 5)):
        path = public_of(ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256K1()))
        assert recover(path_digest(path), issuers.sign_path(secret)[0]) == public_of(app)


@pytest.mark.parametrize("signature", [b"", bytes(65), b"\xff" * 65, b"\x01" * 64 + b"\x04", bytes(32) + b"\x01" * 33])
def test_what_is_no_signature_leads_to_no_key(signature: bytes) -> None:
    with pytest.raises(KeyChainBroken):
        recover(b"d" * 32, signature)


def test_a_secret_that_is_no_key_makes_no_chain() -> None:
    with pytest.raises(KernelError):
        make_key_chain(bytes(32), (bytes(65), bytes(65)), run_signer=invented.SIGNER)


def test_a_root_speaks_for_the_application_that_it_named_only() -> None:
    assert is_issued_by(CHAIN, root=ISSUERS.root_public, app_id=APP)
    assert not is_issued_by(CHAIN, root=ISSUERS.root_public, app_id="0b" * 20)
