"""Receipts that were changed, exchanged or replayed after they were given out. No connection is opened for these."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attestation.canonical import ROOM_V1
from attestation.encoding import b64, unb64
from attestation.keys import SigningKey
from attestation.receipts.document import encode_receipt
from tests.conformance import actions as do
from tests.conformance.case import Case, Expect
from tests.conformance.secret_things import NOTHING, TO_ASK
from tests.conformance.setting import DEVELOPMENT, HARDWARE, Setting
from tests.conformance.world import World

Receipt = dict[str, Any]
_BEFORE = (do.accept_room(by="link"), do.ask(**{"by": "link", "with": "receipt"}))
_SIGNATURE = Expect(1, "signature", "signature_invalid")
_SIGNER = Expect(1, "run signer", "signer_key_differs")
# Members of the signed statement, and what is put in their place.
STATED: dict[str, object] = {
    "run_id": "ffffffffffff",
    "status": "failed",
    "compose_hash": "ab" * 32,
    "room_id": "room_ffffffffffff",
    "room_manifest_hash": "ab" * 32,
    "prompt_hash": "ab" * 32,
    "output_hash": "ab" * 32,
    "timestamp": 1,
    "client_nonce": "ab" * 32,
    "scope_files_digest": "ab" * 32,
    "agents": [],
    "models": {"query": "other/model"},
    "container_runtime": "runc",
    "guard_verdicts": {"allow": 9},
    "artifacts": [],
    "cost_micro_usd": 1,
    "provider": "tinfoil",
    "evidence_sha256": "ab" * 32,
    "signer_kind": "development",
}


def case(
    name: str,
    lie: str,
    change: Callable[[World, Receipt], object],
    expect: Expect,
    *,
    setting: Setting = HARDWARE,
) -> Case:
    def spoil(world: World, _: Path) -> None:
        path = world.folder / "receipt.json"
        receipt = json.loads(path.read_text())
        changed = change(world, receipt)
        path.write_bytes(encode_receipt(changed if isinstance(changed, dict) else receipt) + b"\n")

    return Case(
        name=f"receipt/{name}",
        lie=lie,
        spoil=spoil,
        setting=setting,
        before=_BEFORE,
        action=do.verify_receipt(),
        expect=expect,
        may_see=NOTHING,
    )


def _state(member: str, value: object) -> Callable[[World, Receipt], object]:
    return lambda world, receipt: receipt["record"]["body"].update({member: value})


def sign(receipt: Receipt, key: SigningKey) -> None:
    record = receipt["record"]
    record["body"]["signer_pubkey_b64"] = record["signer_pubkey_b64"] = key.public_b64
    record["signature_b64"] = b64(key.sign(ROOM_V1.encode(record["body"])))


def _by_machine(member: str, value: object) -> Callable[[World, Receipt], object]:
    """The machine itself signs something else."""

    def change(world: World, receipt: Receipt) -> None:
        receipt["record"]["body"][member] = value
        sign(receipt, world.service.machine.signer)

    return change


def _forged(world: World, receipt: Receipt) -> None:
    sign(receipt, SigningKey.generate())


def _forged_in_the_machines_name(world: World, receipt: Receipt) -> None:
    forger = SigningKey.generate()
    receipt["record"]["signature_b64"] = b64(forger.sign(ROOM_V1.encode(receipt["record"]["body"])))


def _flip(world: World, receipt: Receipt) -> None:
    signature = bytearray(unb64(receipt["record"]["signature_b64"]))
    signature[7] ^= 1
    receipt["record"]["signature_b64"] = b64(bytes(signature))


def _replayed(world: World, receipt: Receipt) -> Receipt:
    """Signed for another question of the same room, under this run's id."""
    changed = copy.deepcopy(receipt)
    changed["record"]["body"]["prompt_hash"] = "ab" * 32
    sign(changed, world.service.machine.signer)
    return changed


MEMBERS = [
    case(
        f"{member.replace('_', '-')}-changed", f"{member} was changed in the receipt", _state(member, value), _SIGNATURE
    )
    for member, value in STATED.items()
]
SIGNED = [
    case("signature-altered", "one bit of the signature is flipped", _flip, _SIGNATURE),
    case("forged", "a forger signed the record", _forged, _SIGNER),
    case(
        "forged-in-the-machines-name",
        "a forger signed and names the machine's key",
        _forged_in_the_machines_name,
        _SIGNATURE,
    ),
    case(
        "forged-in-development",
        "a forger signed the record of a development service",
        _forged,
        _SIGNER,
        setting=DEVELOPMENT,
    ),
    case(
        "other-question",
        "the machine signed it for another question than was asked from here",
        _replayed,
        Expect(1, "own notes", "notes_differ"),
    ),
    case(
        "cost-beyond-reason",
        "the signed cost is not what the signed use comes to",
        _by_machine("cost_micro_usd", 9),
        Expect(1, "consistency", "receipt_inconsistent"),
    ),
    case(
        "provider-not-allowed",
        "the machine used a provider that the room does not allow",
        _by_machine("provider", "tinfoil"),
        Expect(1, "room", "room_contradicted"),
    ),
    case(
        "other-build-signed",
        "the machine states another build than its evidence",
        _by_machine("compose_hash", "ab" * 32),
        Expect(1, "run record", "compose_hash_differs"),
    ),
]


def _cut(world: World, _: Path) -> None:
    path = world.folder / "receipt.json"
    path.write_text(path.read_text()[:-5])


def _twice(world: World, _: Path) -> None:
    path = world.folder / "receipt.json"
    path.write_text('{"evidence": null, ' + path.read_text().lstrip()[1:])


def _respelled(world: World, _: Path) -> None:
    path = world.folder / "receipt.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2))


TEXTS = [
    Case(
        name=f"receipt/{name}",
        lie=lie,
        spoil=spoil,
        before=_BEFORE,
        action=do.verify_receipt(),
        expect=Expect(1, "receipt", code),
    )
    for name, lie, spoil, code in (
        ("cut", "the file is cut", _cut, "receipt_malformed"),
        ("member-twice", "a member is there twice", _twice, "receipt_malformed"),
        ("respelled", "the file says the same in another spelling", _respelled, "receipt_respelled"),
    )
]


def _another_runs(world: World) -> None:
    def change(receipt: Receipt) -> Receipt:
        body = receipt["record"]["body"] | {"run_id": "ffffffffffff"}
        return receipt | {"record": receipt["record"] | {"body": body}}

    world.service.change("receipt", change)


def _another_record(world: World) -> None:
    def change(receipt: Receipt) -> Receipt:
        body = receipt["record"]["body"] | {"timestamp": 1}
        return receipt | {"record": receipt["record"] | {"body": body}}

    world.service.change("receipt", change)


FETCHED = [
    Case(
        name="receipt/of-another-run-handed-out",
        lie="the service hands out the receipt of another run",
        tell=_another_runs,
        before=(_BEFORE[0], do.ask(by="link")),
        action=do.get_receipt(),
        expect=Expect(1, "answer form", "bad_answer"),
        may_see=frozenset({"invite"}),
    ),
    Case(
        name="receipt/other-than-the-answer-came-with",
        lie="the receipt holds another record than the answer came with",
        tell=_another_record,
        before=_BEFORE[:1],
        action=do.ask(**{"by": "link", "with": "receipt"}),
        expect=Expect(6, "receipt", "receipt_differs"),
        may_see=TO_ASK,
    ),
]
CASES = (*MEMBERS, *SIGNED, *TEXTS, *FETCHED)
