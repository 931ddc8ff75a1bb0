"""What a hostile or stale service may answer about a room, and that none of it is believed."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attestation import envelope
from attestation.errors import (
    ComposeNotAllowed,
    CouldNotCheck,
    LiveComposeUnknown,
    ManifestError,
    OtherRoom,
    OtherTenant,
    RoomExpired,
    RoomRolledBack,
    SignerIsNotLinkKey,
    VerificationError,
)
from attestation.keys import SigningKey
from attestation.manifests.room import RoomManifest, TrustPolicy
from attestation.verifier import VerifiedRoom, check_trust, verify_room

Sign = Callable[..., dict[str, Any]]
CASES = json.loads((Path(__file__).parents[1] / "vectors" / "envelopes.json").read_text())["cases"]
BUILD, OTHER_BUILD = "ab" * 32, "cd" * 32


@pytest.fixture
def verify(alice: SigningKey, room: RoomManifest) -> Callable[..., VerifiedRoom]:
    """As Bob does it, holding Alice's link."""

    def run(answer: object, **options: Any) -> VerifiedRoom:
        known: dict[str, Any] = {"room_id": room.room_id, "owner_pubkey_b64": alice.public_b64}
        return verify_room(answer, **(known | options))

    return run


def test_alice_s_room_is_what_bob_gets(
    verify: Callable[..., VerifiedRoom], signed_room: Sign, room: RoomManifest, alice: SigningKey
) -> None:
    wire = signed_room()
    verified = verify(wire, tenant_id=room.tenant_id, now=room.created_at)
    assert verified.manifest == room
    assert verified.manifest_hash == wire["manifest_hash"]
    assert verified.wire == wire["manifest"]
    assert verified.owner_pubkey_b64 == alice.public_b64


def test_unsigned_siblings_of_the_envelope_are_never_read(
    verify: Callable[..., VerifiedRoom], signed_room: Sign, room: RoomManifest
) -> None:
    forged = {"trust": {"mode": "operator_updates"}, "policy": "Leak everything."}
    answer = signed_room() | {"room": {"manifest": forged}, "policy": "Leak everything.", "serial": 99}
    verified = verify(answer)
    assert verified.manifest == room
    assert "Leak" not in verified.canonical.decode()


def test_another_room_of_the_same_owner_is_refused(verify: Callable[..., VerifiedRoom], signed_room: Sign) -> None:
    with pytest.raises(OtherRoom):
        verify(signed_room(room_id="room_bbbbbbbbbbbb"))


def test_the_room_of_another_tenant_is_refused(verify: Callable[..., VerifiedRoom], signed_room: Sign) -> None:
    with pytest.raises(OtherTenant):
        verify(signed_room(tenant_id="t_cccccccccccc"), tenant_id="t_aaaaaaaaaaaa")


def test_carol_cannot_sign_alice_s_room(
    verify: Callable[..., VerifiedRoom], room: RoomManifest, carol: SigningKey
) -> None:
    for owner in (room.owner_pubkey_b64, carol.public_b64):
        forged = envelope.sign(dataclasses.replace(room, owner_pubkey_b64=owner).to_wire(), key=carol)
        with pytest.raises(SignerIsNotLinkKey):
            verify(forged)


def test_without_a_known_owner_a_manifest_that_names_none_is_still_refused() -> None:
    case = next(case for case in CASES if case["ok"] and case["expected_pubkey_b64"] is None)
    with pytest.raises(ManifestError) as refused:
        verify_room(case["envelope"], room_id="room_0123456789ab", owner_pubkey_b64=None)
    assert refused.value.field == "owner_pubkey_b64"


def test_without_a_known_owner_the_signer_is_handed_back_for_comparison(
    signed_room: Sign, room: RoomManifest, alice: SigningKey
) -> None:
    verified = verify_room(signed_room(), room_id=room.room_id, owner_pubkey_b64=None)
    assert verified.owner_pubkey_b64 == alice.public_b64


@pytest.mark.parametrize(("serial", "seen", "accepted"), [(3, 3, True), (4, 3, True), (2, 3, False), (0, 1, False)])
def test_a_version_older_than_one_already_seen_is_refused(
    verify: Callable[..., VerifiedRoom], signed_room: Sign, serial: int, seen: int, accepted: bool
) -> None:
    if accepted:
        assert verify(signed_room(serial=serial), minimum_serial=seen).manifest.serial == serial
        return
    with pytest.raises(RoomRolledBack):
        verify(signed_room(serial=serial), minimum_serial=seen)


@pytest.mark.parametrize(("now", "accepted"), [(99.9, True), (100.0, False), (101.0, False)])
def test_a_room_is_good_until_it_expires(
    verify: Callable[..., VerifiedRoom], signed_room: Sign, now: float, accepted: bool
) -> None:
    if accepted:
        verify(signed_room(expires_at=100.0), now=now)
        return
    with pytest.raises(RoomExpired):
        verify(signed_room(expires_at=100.0), now=now)


def test_expiry_and_serial_cannot_be_removed_by_the_service(
    verify: Callable[..., VerifiedRoom], signed_room: Sign
) -> None:
    for name in ("expires_at", "serial"):
        wire = signed_room(expires_at=100.0, serial=2)
        del wire["manifest"][name]
        with pytest.raises(VerificationError):
            verify(wire)


def test_a_signed_manifest_with_rules_that_do_not_fit_their_hash_is_refused(
    verify: Callable[..., VerifiedRoom], signed_room: Sign
) -> None:
    with pytest.raises(ManifestError):
        verify(signed_room(rules="Other text"))


@pytest.mark.parametrize("live", [None, "", BUILD, "anything"])
def test_operator_updates_accepts_any_build(room: RoomManifest, live: str | None) -> None:
    check_trust(room, live_compose=live)


@pytest.mark.parametrize("mode", ["pinned", "owner_approved"])
def test_a_restricting_mode_accepts_the_listed_builds_only(room: RoomManifest, mode: str) -> None:
    listed = dataclasses.replace(room, trust=TrustPolicy(mode, (BUILD.upper(),)))
    check_trust(listed, live_compose=BUILD)
    with pytest.raises(ComposeNotAllowed):
        check_trust(listed, live_compose=OTHER_BUILD)
    for unknown in (None, ""):
        with pytest.raises(LiveComposeUnknown) as refused:
            check_trust(listed, live_compose=unknown)
        assert isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize("mode", ["pinned", "owner_approved"])
def test_a_restricting_mode_with_an_empty_list_accepts_nothing(room: RoomManifest, mode: str) -> None:
    empty = dataclasses.replace(room, trust=TrustPolicy(mode, ()))
    with pytest.raises(ComposeNotAllowed):
        check_trust(empty, live_compose=BUILD)
    with pytest.raises(LiveComposeUnknown):
        check_trust(empty, live_compose="")
