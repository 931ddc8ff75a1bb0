"""A receipt with one byte changed is refused, or it is the same statement in another spelling."""

import json
import random
from typing import Any

import pytest

from attestation.canonical import ROOM_V1
from attestation.errors import KernelError
from attestation.receipt import VerifiedReceipt
from attestation.receipts.document import parse_receipt
from tests.attestation import paid

MUTATIONS = 1_000


def proven(verdict: VerifiedReceipt) -> tuple[Any, ...]:
    """Everything that a verdict lets its reader believe."""
    return verdict.run, verdict.room, verdict.evidence, verdict.checks


def mutated(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data))
    value = dice.choice([b for b in range(256) if b != data[place]])
    if dice.random() < 0.7:  # what stays readable goes deeper
        value = dice.choice([b for b in range(32, 127) if b != data[place]])
    return data[:place] + bytes([value]) + data[place + 1 :]


@pytest.mark.parametrize(
    ("document", "seed"),
    [(paid.receipt(), 1), (paid.receipt(**paid.CANCELLED), 2)],
    ids=["completed", "cancelled"],
)
def test_one_changed_byte_is_refused_or_only_another_spelling(document: dict[str, Any], seed: int) -> None:
    expect = paid.known(client_nonce=None, answer=None, artifacts=None)
    data, dice = json.dumps(document, indent=1).encode(), random.Random(seed)
    before = proven(paid.check(parse_receipt(data), expect))
    for _ in range(MUTATIONS):
        twin = mutated(data, dice)
        try:
            after = proven(paid.check(parse_receipt(twin), expect))
        except KernelError:
            continue
        assert after == before
        assert ROOM_V1.encode(parse_receipt(twin)) == ROOM_V1.encode(document), twin


def test_another_spelling_is_the_same_statement() -> None:
    document = paid.receipt()
    data = json.dumps(document, indent=1).encode()
    before = proven(paid.check(document))
    for old, new in ((b" ", b"\t"), (b'"run_id"', b'"\\u0072un_id"'), (b"1779999000.0", b"1779999000e0")):
        assert old in data
        assert proven(paid.check(parse_receipt(data.replace(old, new, 1)))) == before


def test_one_changed_byte_of_a_machines_receipt_proves_nothing_else() -> None:
    document, dice = paid.of_a_machine(), random.Random(3)
    data = ROOM_V1.encode(document)
    before = proven(paid.check(parse_receipt(data)))
    for _ in range(MUTATIONS):
        twin = mutated(data, dice)
        try:
            after = proven(paid.check(parse_receipt(twin)))
        except KernelError:
            continue
        assert after == before
        told = dict(parse_receipt(twin))  # type: ignore[call-overload]
        # Only the maker's statements stand outside the signed record; they carry signatures of their own.
        assert told | {"collateral": None} == document | {"collateral": None}
