"""A room ends by its owner's signature alone, and the signature stands under nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from attestation import envelope
from attestation.canonical import ROOM_V1
from attestation.encoding import b64, unb64
from attestation.errors import CouldNotCheck, OtherRoom, OtherTenant, SignerIsNotLinkKey, VerificationError
from attestation.keys import SigningKey
from attestation.manifests.revocation import Revocation, RevocationMissing, sign_revocation, verify_revocation

ROOM, TENANT = "room_aaaaaaaaaaaa", "t_aaaaaaaaaaaa"


@pytest.fixture
def statement(alice: SigningKey) -> Revocation:
    return Revocation(
        room_id=ROOM, tenant_id=TENANT, serial=2, revoked_at=1_760_000_000, owner_pubkey_b64=alice.public_b64
    )


@pytest.fixture
def signed(alice: SigningKey, statement: Revocation) -> dict[str, Any]:
    return sign_revocation(statement, key=alice)


def _verify(signed: object, alice: SigningKey, **known: Any) -> Revocation:
    expected = {"room_id": ROOM, "owner_pubkey_b64": alice.public_b64} | known
    return verify_revocation(signed, **expected).revocation


def test_what_alice_signed_is_what_bob_gets(signed: dict[str, Any], alice: SigningKey, statement: Revocation) -> None:
    assert _verify(signed, alice, tenant_id=TENANT) == statement
    assert verify_revocation(signed, room_id=ROOM, owner_pubkey_b64=alice.public_b64).wire == signed


@pytest.mark.parametrize("claim", [None, "revoked", [], {}, {"statement": "over"}, {"revoked_at": 1.0}])
def test_a_bare_claim_is_no_verdict(claim: object, alice: SigningKey) -> None:
    with pytest.raises(RevocationMissing) as caught:
        _verify(claim, alice)
    assert isinstance(caught.value, CouldNotCheck)


TWINS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another serial": lambda s: s | {"statement": s["statement"] | {"serial": 3}},
    "another time": lambda s: s | {"statement": s["statement"] | {"revoked_at": 1_760_000_001}},
    "a float time": lambda s: s | {"statement": s["statement"] | {"revoked_at": 1_760_000_000.0}},
    "another schema": lambda s: s | {"statement": s["statement"] | {"schema": "hivemind.room.v1"}},
    "one more member": lambda s: s | {"statement": s["statement"] | {"note": "x"}},
    "one member less": lambda s: s | {"statement": {k: v for k, v in s["statement"].items() if k != "serial"}},
    "a sibling": lambda s: s | {"note": "x"},
    "no signature": lambda s: s | {"signature_b64": ""},
    "a number for a signature": lambda s: s | {"signature_b64": 1},
    "no base64": lambda s: s | {"signature_b64": "*"},
    "no signer": lambda s: s | {"signer_pubkey_b64": ""},
}


@pytest.mark.parametrize("twin", TWINS)
def test_a_changed_statement_is_refused(twin: str, signed: dict[str, Any], alice: SigningKey) -> None:
    with pytest.raises(VerificationError):
        _verify(TWINS[twin](signed), alice)


def test_every_flipped_bit_of_the_signature_is_refused(signed: dict[str, Any], alice: SigningKey) -> None:
    raw = unb64(signed["signature_b64"])
    for index in range(len(raw)):
        forged = bytes(byte ^ (1 << index % 8) if at == index else byte for at, byte in enumerate(raw))
        with pytest.raises(VerificationError):
            _verify(signed | {"signature_b64": b64(forged)}, alice)


def test_carols_word_ends_no_room_of_alice(alice: SigningKey, carol: SigningKey, statement: Revocation) -> None:
    with pytest.raises(SignerIsNotLinkKey):
        _verify(sign_revocation(statement, key=carol), alice)
    with pytest.raises(VerificationError):
        _verify(sign_revocation(statement, key=carol) | {"signer_pubkey_b64": alice.public_b64}, alice)


def test_the_end_of_one_room_ends_no_other(signed: dict[str, Any], alice: SigningKey) -> None:
    with pytest.raises(OtherRoom):
        _verify(signed, alice, room_id="room_bbbbbbbbbbbb")
    with pytest.raises(OtherTenant):
        _verify(signed, alice, tenant_id="t_bbbbbbbbbbbb")


def test_no_signature_of_a_room_or_a_plain_text_stands_under_a_revocation(
    signed: dict[str, Any], alice: SigningKey
) -> None:
    plain = b64(alice.sign(ROOM_V1.encode(signed["statement"])))
    for signature in (plain, envelope.sign(signed["statement"], key=alice)["signature_b64"]):
        with pytest.raises(VerificationError):
            _verify(signed | {"signature_b64": signature}, alice)
    as_room = {
        "manifest": signed["statement"],
        "manifest_hash": envelope.sign(signed["statement"], key=alice)["manifest_hash"],
        "signature_b64": signed["signature_b64"],
        "signer_pubkey_b64": alice.public_b64,
    }
    with pytest.raises(VerificationError):
        envelope.open_signed(as_room, expected_pubkey_b64=alice.public_b64)


def test_the_signed_bytes_are_those_of_the_wire_format(
    vectors: Callable[[str], Any], statement: Revocation, signed: dict[str, Any], alice: SigningKey
) -> None:
    golden = vectors("revocation")
    assert signed == golden["signed"]
    domain, canonical = b"hivemind:room-revocation:v1", ROOM_V1.encode(statement.to_wire())
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in (domain, canonical))
    assert framed.hex() == golden["signed_bytes_hex"]
    alice.public.verify(unb64(golden["signed"]["signature_b64"]), framed)
