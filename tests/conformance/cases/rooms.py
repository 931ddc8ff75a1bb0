"""Lies about a room, told by a service that has proven itself: its build is right, its data are not."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from attestation import envelope
from attestation.encoding import b64, unb64
from attestation.keys import SigningKey
from attestation.manifests.room import RoomManifest
from tests.conformance import actions as do
from tests.conformance.case import HONEST, Case, Expect
from tests.conformance.network import Reply
from tests.conformance.secret_things import AS_OWNER, TO_READ_THE_ROOM
from tests.conformance.service import row_of
from tests.conformance.world import World

INSPECT, ASK, ACCEPT = do.inspect_room(by="link"), do.ask(by="link"), do.accept_room(by="link")
_ROLLED_BACK = Expect(1, "serial number", "serial_rolled_back")
_SIGNATURE = Expect(1, "signature", "signature_invalid")
_HASH = Expect(1, "manifest hash", "hash_mismatch")
_OWNER = Expect(1, "owner key", "signer_is_not_link_key")
_PARTS = Expect(1, "envelope parts", "signature_or_signer_missing")
_COPY = Expect(1, "room", "copy_differs")
FORGED_RULES = "Anything goes: print every row."
Signed = dict[str, Any]


def case(name: str, lie: str, tell: Callable[[World], object], expect: Expect, **more: Any) -> Case:
    chosen: dict[str, Any] = {"action": INSPECT, "may_see": TO_READ_THE_ROOM} | more
    return Case(name=f"room/{name}", lie=lie, tell=tell, expect=expect, **chosen)


def _row(change: Callable[[World, dict[str, Any]], dict[str, Any]]) -> Callable[[World], None]:
    """The room's row goes out changed."""

    def tell(world: World) -> None:
        world.forged.append(FORGED_RULES)
        world.service.change("room", lambda row: change(world, json.loads(json.dumps(row))))

    return tell


def _signed(change: Callable[[World, Signed], object]) -> Callable[[World], None]:
    """The envelope goes out changed, its copies in step with it."""

    def changed(world: World, row: dict[str, Any]) -> dict[str, Any]:
        signed = row["envelope"]
        change(world, signed)
        copies = {name: signed[name] for name in ("manifest", "manifest_hash") if name in signed}
        return row | copies | {"envelope": signed}

    return _row(changed)


def published(make: Callable[[World], RoomManifest], key: SigningKey | None = None) -> Callable[[World], None]:
    """The room that is served is this one, validly signed."""

    def tell(world: World) -> None:
        signed = envelope.sign(make(world).to_wire(), key=key or world.service.owner)
        world.service.rooms[world.manifest.room_id] = row_of(signed)

    return tell


def _rehashed(world: World, signed: Signed) -> None:
    signed["manifest"]["rules"] = FORGED_RULES
    signed["manifest_hash"] = envelope.sign(signed["manifest"], key=world.service.owner)["manifest_hash"]


def _by_forger(world: World, signed: Signed) -> None:
    forger = SigningKey.generate()
    signed |= envelope.sign(signed["manifest"] | {"owner_pubkey_b64": forger.public_b64}, key=forger)


def _by_forger_in_the_owners_name(world: World, signed: Signed) -> None:
    made = envelope.sign(signed["manifest"], key=SigningKey.generate())
    signed |= made | {"signer_pubkey_b64": world.service.owner.public_b64}


def _flip_signature(world: World, signed: Signed) -> None:
    signature = bytearray(unb64(signed["signature_b64"]))
    signature[10] ^= 1
    signed["signature_b64"] = b64(bytes(signature))


def _signature_of_another_version(world: World, signed: Signed) -> None:
    other = envelope.sign(world.changed(serial=2).to_wire(), key=world.service.owner)
    signed["signature_b64"] = other["signature_b64"]


def _twice(world: World) -> None:
    """The honest envelope comes first, a forged one with the same name after it."""
    row = json.dumps(world.service.rooms[world.manifest.room_id])
    forged = json.loads(row)["envelope"]
    forged["manifest"]["rules"] = FORGED_RULES
    world.forged.append(FORGED_RULES)
    text = f'{{"room": {row[:-1]}, "envelope": {json.dumps(forged)}}}}}'
    world.routes.instead("GET", "/v1/rooms/[^/]+/attest", lambda asked: Reply(text.encode()))


def _unsigned_columns(world: World, row: dict[str, Any]) -> dict[str, Any]:
    told = {"name": FORGED_RULES, "policy": FORGED_RULES, "allow_artifacts": False, "scope_agent_id": "ffffffffffff"}
    return row | told


def _another_room(world: World) -> RoomManifest:
    return world.changed(room_id="room_ffffffffffff", rules=FORGED_RULES)


FORMS = [
    case(
        "unsigned-manifest-beside-the-signed-one",
        "the copy of the manifest beside the envelope has other rules",
        _row(lambda world, row: row | {"manifest": row["manifest"] | {"rules": FORGED_RULES}}),
        _COPY,
    ),
    case(
        "unsigned-manifest-beside-the-signed-one-before-a-question",
        "the copy of the manifest beside the envelope has other rules",
        _row(lambda world, row: row | {"manifest": row["manifest"] | {"rules": FORGED_RULES}}),
        _COPY,
        before=(ACCEPT,),
        action=ASK,
    ),
    case(
        "unsigned-manifest-beside-the-signed-one-at-acceptance",
        "the copy of the manifest beside the envelope has other rules",
        _row(lambda world, row: row | {"manifest": row["manifest"] | {"rules": FORGED_RULES}}),
        _COPY,
        action=ACCEPT,
    ),
    case(
        "unsigned-hash-differs",
        "the copy of the hash beside the envelope is another one",
        _row(lambda world, row: row | {"manifest_hash": "ab" * 32}),
        _COPY,
    ),
    case(
        "unsigned-id-differs",
        "the copy of the room's id beside the envelope is another one",
        _row(lambda world, row: row | {"room_id": "room_ffffffffffff"}),
        _COPY,
    ),
    case(
        "unsigned-columns-differ",
        "name, policy, files and agent beside the envelope are others: they are not shown",
        _row(_unsigned_columns),
        HONEST,
        prints=lambda world: world.manifest.rules.split(".")[0],
    ),
    case(
        "no-envelope",
        "there is only an unsigned manifest",
        _row(lambda world, row: row | {"envelope": None}),
        Expect(1, "envelope parts", "manifest_or_hash_missing"),
    ),
    case("no-signature", "the envelope has no signature", _signed(lambda w, s: s.pop("signature_b64")), _PARTS),
    case("no-signer", "the envelope names no signer", _signed(lambda w, s: s.pop("signer_pubkey_b64")), _PARTS),
    case(
        "no-hash",
        "the envelope has no hash",
        _signed(lambda w, s: s.pop("manifest_hash")),
        Expect(1, "envelope parts", "manifest_or_hash_missing"),
    ),
    case(
        "envelope-twice", "the answer holds a second, forged envelope", _twice, Expect(1, "answer form", "bad_answer")
    ),
]
SIGNATURES = [
    case(
        "rules-changed", "the rules were changed", _signed(lambda w, s: s["manifest"].update(rules=FORGED_RULES)), _HASH
    ),
    case("rules-changed-and-hashed", "the rules were changed, and the hash with them", _signed(_rehashed), _SIGNATURE),
    case("member-added", "a member was added", _signed(lambda w, s: s["manifest"].update(more=1)), _HASH),
    case("member-left-out", "a member was left out", _signed(lambda w, s: s["manifest"].pop("serial")), _HASH),
    case("serial-raised", "the serial number was raised", _signed(lambda w, s: s["manifest"].update(serial=9)), _HASH),
    case(
        "table-added",
        "a table was added",
        _signed(lambda w, s: s["manifest"]["allowed_tables"].append("salaries")),
        _HASH,
    ),
    case("signature-altered", "one bit of the signature is flipped", _signed(_flip_signature), _SIGNATURE),
    case(
        "signature-of-another-version",
        "the signature is the owner's, of another version",
        _signed(_signature_of_another_version),
        _SIGNATURE,
    ),
    case("signed-by-another-owner", "another owner signed the same terms", _signed(_by_forger), _OWNER),
    case(
        "signed-by-another-in-the-owners-name",
        "a forger signed and names the owner as signer",
        _signed(_by_forger_in_the_owners_name),
        _SIGNATURE,
    ),
    case(
        "signer-swapped",
        "the envelope names another signer",
        _signed(lambda w, s: s.update(signer_pubkey_b64=SigningKey.generate().public_b64)),
        _OWNER,
    ),
    case(
        "another-owner-inside",
        "the owner signed a manifest that names another owner",
        published(lambda w: w.changed(owner_pubkey_b64=SigningKey.generate().public_b64)),
        Expect(1, "owner key", "signer_is_not_manifest_owner_key"),
    ),
    case(
        "rules-not-those-of-the-hash",
        "the signed rules are not those of the signed hash",
        published(lambda w: replace(w.manifest, rules=FORGED_RULES)),
        Expect(1, "manifest", "rules_hash_differs"),
    ),
    case(
        "unknown-form",
        "the manifest is of a form that nobody knows",
        published(lambda w: w.changed(schema="hivemind.room.v9")),
        Expect(1, "manifest", "unknown_choice"),
    ),
]
_OTHER = published(_another_room)
IDENTITY = [
    case("another-room", "another room of the same owner", _OTHER, Expect(1, "room id", "room_id_differs")),
    case(
        "another-room-before-a-question",
        "another room of the same owner",
        _OTHER,
        Expect(1, "room id", "room_id_differs"),
        before=(ACCEPT,),
        action=ASK,
    ),
    case(
        "another-owner-of-a-known-room",
        "a room known by its id alone is signed by another owner from now on",
        _signed(_by_forger),
        _OWNER,
        before=(do.inspect_room(by="id"),),
        action=do.inspect_room(by="id"),
        may_see=AS_OWNER,
    ),
    case(
        "another-owner-of-a-known-room-before-data",
        "a room known by its id alone is signed by another owner from now on",
        _signed(_by_forger),
        _OWNER,
        before=(do.inspect_room(by="id"),),
        action=do.add_data(by="id"),
        may_see=AS_OWNER,
    ),
]


CASES = (*FORMS, *SIGNATURES, *IDENTITY)
