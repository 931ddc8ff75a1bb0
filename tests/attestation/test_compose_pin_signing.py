import json
from pathlib import Path
from typing import Any

import pytest

from attestation.canonical import PIN_V1
from attestation.encoding import b64
from attestation.errors import (
    BadSignature,
    ManifestError,
    OtherTenant,
    PinExpired,
    PinSignerDiffers,
    SignatureMissing,
    VerificationError,
)
from attestation.keys import SigningKey, derive_room_signing_key
from attestation.manifests.compose_pin import ComposePin, VerifiedPin, open_pin, sign_pin

VECTORS = Path(__file__).parents[1] / "vectors"
GOLDEN = json.loads((VECTORS / "compose_pin.json").read_text())
INPUTS = json.loads((VECTORS / "inputs.json").read_text())
WIRE = GOLDEN["envelope"]
KEY = derive_room_signing_key(INPUTS["owner_key"], tenant_id=INPUTS["tenant_id"])


def opened(envelope: object, **changes: Any) -> VerifiedPin:
    known = {
        "tenant_id": INPUTS["tenant_id"],
        "expected_pubkey_b64": KEY.public_b64,
        "now": WIRE["issued_at"],
    }
    return open_pin(envelope, **(known | changes))


def golden_pin() -> ComposePin:
    return ComposePin(
        tenant_id=WIRE["tenant_id"],
        allowed_composes=tuple(WIRE["allowed_composes"]),
        scope_agent_id=WIRE["scope_agent_id"],
        attested_files_digest=WIRE["attested_files_digest"],
        issued_at=WIRE["issued_at"],
        exp=WIRE["exp"],
    )


def test_signing_gives_the_exact_pin() -> None:
    wire = sign_pin(golden_pin(), key=KEY)
    assert wire == WIRE
    assert PIN_V1.encode(wire).decode() == GOLDEN["envelope_text"]
    payload = golden_pin().to_wire(signer_pubkey_b64=KEY.public_b64)
    assert PIN_V1.encode(payload).decode() == GOLDEN["signing_payload_text"]


def test_a_genuine_pin_opens_and_has_its_id() -> None:
    verified = opened(WIRE)
    assert verified.pin == golden_pin()
    assert verified.pin_id == GOLDEN["pin_id"]
    assert verified.canonical.decode() == GOLDEN["envelope_text"]


@pytest.mark.parametrize("moment", GOLDEN["expiry"], ids=lambda moment: str(moment["now"]))
def test_a_pin_expires_after_its_last_second(moment: dict[str, Any]) -> None:
    if not moment["expired"]:
        opened(WIRE, now=moment["now"])
        return
    with pytest.raises(PinExpired):
        opened(WIRE, now=moment["now"])


def test_an_expiry_of_zero_means_never() -> None:
    forever = ComposePin("t_1", (), "", "", issued_at=1, exp=0)
    open_pin(sign_pin(forever, key=KEY), tenant_id="t_1", expected_pubkey_b64=KEY.public_b64, now=9e12)


def test_a_pin_of_another_tenant_is_refused() -> None:
    with pytest.raises(OtherTenant):
        opened(WIRE, tenant_id="t_ffffffffffff")


@pytest.mark.parametrize("expected", ["", b64(b"k" * 32)])
def test_a_pin_of_another_key_is_refused(expected: str) -> None:
    with pytest.raises(PinSignerDiffers):
        opened(WIRE, expected_pubkey_b64=expected)


def test_carol_cannot_put_alice_s_key_on_her_pin(carol: SigningKey) -> None:
    forged = sign_pin(golden_pin(), key=carol) | {"signer_pubkey": KEY.public_b64}
    with pytest.raises(BadSignature):
        opened(forged)


@pytest.mark.parametrize("name", sorted(WIRE.keys() - {"signature"}))
def test_no_member_can_be_changed_or_left_out(name: str) -> None:
    value = WIRE[name]
    other = value + 1 if isinstance(value, int) else [*value, "x"] if isinstance(value, list) else value + "x"
    for tampered in (WIRE | {name: other}, {key: value for key, value in WIRE.items() if key != name}):
        with pytest.raises(VerificationError):
            opened(tampered)


def test_nothing_can_be_added() -> None:
    with pytest.raises(BadSignature):
        opened(WIRE | {"extra": 1})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"signature": ""}, SignatureMissing),
        ({"signature": None}, SignatureMissing),
        ({"signature": 5}, ManifestError),
        ({"signature": "AA=="}, BadSignature),
        ({"schema_version": True}, ManifestError),
        ({"schema_version": 2}, ManifestError),
        ({"issued_at": 1.5}, ManifestError),
        ({"exp": -1}, ManifestError),
        ({"allowed_composes": "ab"}, ManifestError),
        ({"x": "\ud800"}, ManifestError),
    ],
    ids=str,
)
def test_members_of_a_wrong_form_are_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        opened(WIRE | changes)


@pytest.mark.parametrize("junk", [None, [], "x", 5, {}])
def test_what_is_no_pin_is_refused(junk: object) -> None:
    with pytest.raises(ManifestError):
        opened(junk)
