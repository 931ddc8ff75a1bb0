"""Receipts with a part of another: evidence, the maker's statements, the room's terms."""

import json
from collections.abc import Callable

from attestation import envelope
from attestation.keys import SigningKey
from attestation.manifests.run_record import evidence_hash
from attestation.receipts.binding import EVIDENCE_NONCE
from tests.conformance import machine as machines
from tests.conformance.case import Expect
from tests.conformance.cases.receipts import Receipt, case, sign
from tests.conformance.world import FORGER, World


def _other_evidence(world: World, receipt: Receipt) -> None:
    """Honest evidence of the same machine, made at another time."""
    receipt["evidence"] = json.loads(json.dumps(world.service.bundle(EVIDENCE_NONCE)))


def _evidence_of_a_forger(world: World, receipt: Receipt) -> None:
    """A forger's machine that names the forger's key, with a record that names this evidence."""
    forger = machines.Machine(root=FORGER, facts=world.service.machine.facts)
    real, world.service.machine = world.service.machine, forger
    receipt["evidence"] = json.loads(json.dumps(world.service.bundle(EVIDENCE_NONCE)))
    world.service.machine = real
    receipt["collateral"] = json.loads(machines.statements(FORGER).to_json())
    receipt["record"]["body"]["evidence_sha256"] = evidence_hash(receipt["evidence"])
    sign(receipt, forger.signer)


def _evidence_altered(world: World, receipt: Receipt) -> None:
    quote = receipt["evidence"]["attestation"]["tdx_quote_hex"]
    receipt["evidence"]["attestation"]["tdx_quote_hex"] = (
        quote[:400] + ("0" if quote[400] != "0" else "1") + quote[401:]
    )


def _other_room(world: World, receipt: Receipt) -> None:
    made = world.changed(room_id="room_ffffffffffff")
    receipt["room_envelope"] = envelope.sign(made.to_wire(), key=world.service.owner)


def _older_terms(world: World, receipt: Receipt) -> None:
    receipt["room_envelope"] = envelope.sign(world.changed(serial=2).to_wire(), key=world.service.owner)


def _terms_altered(world: World, receipt: Receipt) -> None:
    receipt["room_envelope"]["manifest"]["rules"] = "Anything goes."


def _terms_of_another_owner(world: World, receipt: Receipt) -> None:
    forger = SigningKey.generate()
    manifest = receipt["room_envelope"]["manifest"] | {"owner_pubkey_b64": forger.public_b64}
    receipt["room_envelope"] = envelope.sign(manifest, key=forger)


def _collateral_of_a_forger(world: World, receipt: Receipt) -> None:
    receipt["collateral"] = json.loads(machines.statements(FORGER).to_json())


def _collateral_expired(world: World, receipt: Receipt) -> None:
    old = machines.statements(world.service.machine.root, age_seconds=8 * machines.DAY)
    receipt["collateral"] = json.loads(old.to_json())


def _collateral_altered(world: World, receipt: Receipt) -> None:
    text = receipt["collateral"]["tcb_info"]
    receipt["collateral"]["tcb_info"] = text.replace('"tcbEvaluationDataNumber":1', '"tcbEvaluationDataNumber":2')


def _without(member: str) -> Callable[[World, Receipt], object]:
    return lambda world, receipt: receipt.update({member: None})


PARTS = [
    case(
        "other-evidence",
        "the evidence is another one of the same machine",
        _other_evidence,
        Expect(1, "evidence", "evidence_differs"),
    ),
    case(
        "evidence-altered",
        "one digit of the evidence was changed",
        _evidence_altered,
        Expect(1, "evidence", "evidence_differs"),
    ),
    case(
        "evidence-of-a-forger",
        "evidence, statements and record are a forger's",
        _evidence_of_a_forger,
        Expect(1, "certificate chains", "chain_invalid"),
    ),
    case(
        "without-evidence",
        "the evidence is missing",
        _without("evidence"),
        Expect(2, "run signer", "run_signer_unknown"),
    ),
    case(
        "without-collateral",
        "the maker's statements are missing",
        _without("collateral"),
        Expect(2, "evidence", "collateral_missing"),
    ),
    case(
        "collateral-of-a-forger",
        "the maker's statements are a forger's",
        _collateral_of_a_forger,
        Expect(1, "certificate chains", "chain_invalid"),
    ),
    case(
        "collateral-expired",
        "the maker's statements are from before the question",
        _collateral_expired,
        Expect(2, "collateral validity", "collateral_expired"),
    ),
    case(
        "collateral-altered",
        "one of the maker's statements was changed",
        _collateral_altered,
        Expect(1, "collateral signature", "collateral_forged"),
    ),
    case(
        "older-terms", "the terms are an older version", _older_terms, Expect(1, "run record", "manifest_hash_differs")
    ),
    case("other-room", "the terms are those of another room", _other_room, Expect(1, "room id", "room_id_differs")),
    case("terms-altered", "the terms were changed", _terms_altered, Expect(1, "manifest hash", "hash_mismatch")),
    case(
        "terms-of-another-owner",
        "another owner signed the terms",
        _terms_of_another_owner,
        Expect(1, "run record", "manifest_hash_differs"),
    ),
    case(
        "without-terms", "the terms are missing", _without("room_envelope"), Expect(2, "room", "room_envelope_missing")
    ),
    case(
        "member-added",
        "the receipt has one member more",
        lambda w, r: r.update(more=1),
        Expect(1, "receipt", "receipt_malformed"),
    ),
    case(
        "unknown-version",
        "the receipt is of an unknown version",
        lambda w, r: r.update(receipt_version=9),
        Expect(2, "receipt", "receipt_version_unknown"),
    ),
]
CASES = tuple(PARTS)
