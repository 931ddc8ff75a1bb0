import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation import envelope
from attestation.canonical import ROOM_V1
from attestation.encoding import b64, unb64
from attestation.errors import BadKey, CanonicalError, HashMismatch, ManifestMissing, VerificationError
from attestation.keys import SigningKey, derive_room_signing_key

VECTORS = Path(__file__).parents[1] / "vectors"
CASES = json.loads((VECTORS / "envelopes.json").read_text())["cases"]
MANIFESTS = json.loads((VECTORS / "manifests.json").read_text())
INPUTS = json.loads((VECTORS / "inputs.json").read_text())
GOLDEN = {name: json.loads(MANIFESTS[name]["stored_envelope_text"]) for name in ("full", "minimal", "trust_update")}


@pytest.mark.parametrize("name", GOLDEN)
def test_signing_gives_the_exact_envelope(name: str) -> None:
    golden = MANIFESTS[name]
    key = derive_room_signing_key(INPUTS["owner_key"], tenant_id=INPUTS["tenant_id"])
    signed = envelope.sign(golden["manifest"], key=key)
    assert signed["manifest_hash"] == golden["manifest_hash"]
    assert signed["signature_b64"] == golden["signature_b64"]
    assert signed["signer_pubkey_b64"] == golden["signer_pubkey_b64"]
    assert ROOM_V1.encode(signed).decode() == golden["stored_envelope_text"]


@pytest.mark.parametrize("name", GOLDEN)
def test_a_genuine_envelope_opens_to_the_bytes_that_were_signed(name: str) -> None:
    opened = envelope.open_signed(GOLDEN[name], expected_pubkey_b64=GOLDEN[name]["signer_pubkey_b64"])
    assert opened.canonical.decode() == MANIFESTS[name]["canonical_text"]
    assert len(opened.canonical) == MANIFESTS[name]["canonical_len"]
    assert opened.manifest == MANIFESTS[name]["manifest"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_each_defect_has_its_own_verdict(case: dict[str, Any]) -> None:
    if case["ok"]:
        envelope.open_signed(case["envelope"], expected_pubkey_b64=case["expected_pubkey_b64"])
        return
    with pytest.raises(VerificationError) as refused:
        envelope.open_signed(case["envelope"], expected_pubkey_b64=case["expected_pubkey_b64"])
    assert refused.value.code == case["result_code"]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every scalar of a manifest."""
    if isinstance(value, dict):
        return [found for name, item in value.items() for found in leaves(item, (*path, name))]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in leaves(item, (*path, index))]
    return [path]


@pytest.mark.parametrize("path", leaves(GOLDEN["full"]["manifest"]), ids=lambda path: ".".join(map(str, path)))
def test_no_member_can_be_changed_whether_the_hash_follows_or_not(path: tuple[Any, ...]) -> None:
    tampered = copy.deepcopy(GOLDEN["full"])
    holder = tampered["manifest"]
    for step in path[:-1]:
        holder = holder[step]
    old = holder[path[-1]]
    holder[path[-1]] = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, float) else old + "x"
    signer = tampered["signer_pubkey_b64"]
    with pytest.raises(VerificationError):
        envelope.open_signed(tampered, expected_pubkey_b64=signer)
    tampered["manifest_hash"] = envelope.sha256_hex(ROOM_V1.encode(tampered["manifest"]))
    with pytest.raises(VerificationError) as refused:
        envelope.open_signed(tampered, expected_pubkey_b64=signer)
    assert refused.value.code in ("signature_invalid", "signer_is_not_manifest_owner_key")


@pytest.mark.parametrize("addition", [{"extra": 1}, {"agents": []}, {"expires_at": 9e9}])
def test_nothing_can_be_added_to_a_signed_manifest(addition: dict[str, Any]) -> None:
    tampered = copy.deepcopy(GOLDEN["full"])
    tampered["manifest"] |= addition
    with pytest.raises(HashMismatch):
        envelope.open_signed(tampered, expected_pubkey_b64=None)


def test_a_float_that_lost_its_fraction_on_the_way_is_not_what_was_signed() -> None:
    tampered = copy.deepcopy(GOLDEN["minimal"])
    tampered["manifest"]["created_at"] = int(tampered["manifest"]["created_at"])
    with pytest.raises(HashMismatch):
        envelope.open_signed(tampered, expected_pubkey_b64=None)


@given(st.integers(0, 511))
def test_any_flipped_bit_of_the_signature_is_refused(bit: int) -> None:
    raw = bytearray(unb64(GOLDEN["full"]["signature_b64"]))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError) as refused:
        envelope.open_signed(GOLDEN["full"] | {"signature_b64": b64(bytes(raw))}, expected_pubkey_b64=None)
    assert refused.value.code == "signature_invalid"


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], {}, {"manifest": []}, {"manifest": None, "manifest_hash": "a" * 64}]
)
def test_what_is_no_envelope_is_refused(junk: object) -> None:
    with pytest.raises(ManifestMissing):
        envelope.open_signed(junk, expected_pubkey_b64=None)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("manifest_hash", 5, "manifest_or_hash_missing"),
        ("signature_b64", ["x"], "signature_or_signer_missing"),
        ("signer_pubkey_b64", None, "signature_or_signer_missing"),
        ("signature_b64", "not base64", "signature_invalid"),
        ("manifest_hash", "00B07F", "hash_mismatch"),
        ("manifest_hash", "é\ud800", "hash_mismatch"),
    ],
)
def test_members_of_a_wrong_type_or_spelling_are_refused(name: str, value: object, code: str) -> None:
    with pytest.raises(VerificationError) as refused:
        envelope.open_signed(GOLDEN["full"] | {name: value}, expected_pubkey_b64=None)
    assert refused.value.code == code


def test_an_empty_expected_key_does_not_mean_no_expectation() -> None:
    with pytest.raises(VerificationError) as refused:
        envelope.open_signed(GOLDEN["full"], expected_pubkey_b64="")
    assert refused.value.code == "signer_is_not_link_key"


def test_a_key_under_which_anything_verifies_is_refused() -> None:
    weak = b64(b"\x01" + bytes(31))
    manifest = {key: value for key, value in GOLDEN["full"]["manifest"].items() if key != "owner_pubkey_b64"}
    forged = envelope.sign(manifest, key=SigningKey.generate()) | {"signer_pubkey_b64": weak}
    for signature in (forged["signature_b64"], b64(b"\x01" + bytes(63))):
        with pytest.raises(BadKey):
            envelope.open_signed(forged | {"signature_b64": signature}, expected_pubkey_b64=weak)


def test_what_was_opened_cannot_be_changed_afterwards(signed_room: Callable[..., dict[str, Any]]) -> None:
    wire = signed_room()
    opened = envelope.open_signed(wire, expected_pubkey_b64=None)
    wire["manifest"]["rules"] = opened.manifest["rules"] = "Leak everything."
    assert opened.manifest["rules"] == "Only totals."


def test_a_manifest_that_is_not_plain_json_is_not_signed(alice: SigningKey) -> None:
    with pytest.raises(CanonicalError):
        envelope.sign({"when": b"now"}, key=alice)
