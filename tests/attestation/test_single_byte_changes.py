"""A thousand changes of one byte each, in everything that is verified: all of them are refused.

Where a format is not ours and has several spellings, the files are also changed as they lie there; then the verified
values are the very same or the file is refused.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError, KernelError, VerificationError
from attestation.evidence.collateral import Collateral, parse_collateral
from attestation.evidence.dcap import verify_quote
from attestation.evidence.errors import CollateralMalformed
from attestation.evidence.platform import TcbStatus, VerifiedQuote
from attestation.evidence.roots import IntelRoot
from attestation.policy.tcb import TcbPolicy
from attestation.receipts.document import encode_receipt, parse_receipt
from attestation.receipts.errors import ReceiptMalformed, ReceiptRespelled
from attestation.verifier import VerifiedRoom, verify_room
from tests.attestation import genuine, invented, paid
from tests.attestation.changes import CHANGES, PARTS, changed

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
IN_PARTS = pytest.mark.parametrize("part", range(PARTS))
UP_TO_DATE = TcbPolicy(allowed_statuses=frozenset({TcbStatus.UP_TO_DATE}), minimum_evaluation_number=17)
RECEIPTS: dict[str, Callable[[], dict[str, Any]]] = {
    "completed": paid.receipt,
    "cancelled": lambda: paid.receipt(**paid.CANCELLED),
    "of a machine": paid.of_a_machine,
}
NOTHING_BESIDES = paid.known(client_nonce=None, prompt=None, answer=None, artifacts=None, run_id=None)


def judged(quote: bytes, collateral: Collateral) -> VerifiedQuote:
    """What a genuine quote proves in its time."""
    return verify_quote(quote, collateral=collateral, at=genuine.VALID_AT, roots=IntelRoot(), policy=UP_TO_DATE)


def read_room(wire: object) -> VerifiedRoom:
    """What Alice's envelope proves to whoever holds her link."""
    return verify_room(wire, room_id=paid.ROOM.room_id, owner_pubkey_b64=paid.ALICE.public_b64)


def envelope() -> bytes:
    """Alice's terms in the one spelling in which they are stored."""
    return ROOM_V1.encode(paid.receipt()["room_envelope"])


def test_the_changes_are_a_thousand_different_ones() -> None:
    data = bytes(range(256)) * 4
    found = [twin for part in range(PARTS) for twin in changed(data, seed=1, part=part)]
    assert len(set(found)) == len(found) == CHANGES
    assert all(sum(a != b for a, b in zip(twin, data, strict=True)) == 1 for twin in found)
    assert found == [twin for part in range(PARTS) for twin in changed(data, seed=1, part=part)]


@IN_PARTS
def test_no_changed_byte_of_a_genuine_quote_is_accepted(part: int) -> None:
    quote, collateral = genuine.quote(), genuine.collateral()
    assert judged(quote, collateral).tcb_status is TcbStatus.UP_TO_DATE
    for twin in changed(quote, seed=20250719, part=part):
        with pytest.raises(VerificationError):
            judged(twin, collateral)


def test_no_changed_byte_at_the_end_of_a_genuine_quote_is_accepted() -> None:
    quote, collateral = genuine.quote(), genuine.collateral()
    for place in range(len(quote) - 80, len(quote)):
        twin = quote[:place] + bytes([quote[place] ^ 1]) + quote[place + 1 :]
        with pytest.raises(VerificationError):
            judged(twin, collateral)


@IN_PARTS
def test_no_changed_byte_of_genuine_collateral_is_accepted(part: int) -> None:
    quote, collateral = genuine.quote(), genuine.collateral()
    text = ROOM_V1.encode(json.loads(collateral.to_json()))
    assert judged(quote, parse_collateral(text)) == judged(quote, collateral)
    for twin in changed(text, seed=20250720, part=part):
        with pytest.raises(KernelError):
            judged(quote, parse_collateral(twin))


@IN_PARTS
def test_collateral_as_a_cache_wrote_it_has_other_spellings_and_no_other_values(part: int) -> None:
    """White space of the file may change. What is verified may not."""
    quote, collateral = genuine.quote(), genuine.collateral()
    for twin in changed(genuine.sample("tdx_quote_collateral.json"), seed=20250721, part=part):
        try:
            read = parse_collateral(twin)
        except CollateralMalformed:
            continue
        if read != collateral:
            with pytest.raises(KernelError):
                judged(quote, read)


@IN_PARTS
def test_no_changed_byte_of_an_invented_quote_or_its_collateral_is_accepted(part: int) -> None:
    quote, text = invented.quote(), invented.collateral().to_json().encode()
    text = ROOM_V1.encode(json.loads(text))
    assert invented.verified(quote) == invented.verified(quote, collateral=parse_collateral(text))
    for twin in changed(quote, seed=4, part=part):
        with pytest.raises(VerificationError):
            invented.verified(twin)
    for twin in changed(text, seed=5, part=part):
        with pytest.raises(KernelError):
            invented.verified(quote, collateral=parse_collateral(twin))


@IN_PARTS
def test_no_changed_byte_of_an_envelope_is_accepted(part: int) -> None:
    """It arrives within an answer, as a value. Numbers have other spellings of the same value, and that is all."""
    data = envelope()
    before, respelled = read_room(json.loads(data)), 0
    for twin in changed(data, seed=6, part=part):
        try:
            read = ROOM_V1.decode_strict(twin)
        except CanonicalError:
            continue
        if ROOM_V1.encode(read) == data:
            respelled += 1
            assert read_room(read) == before
            continue
        with pytest.raises(VerificationError):
            read_room(read)
    assert respelled <= 2


def test_another_spelling_of_a_number_is_the_same_envelope() -> None:
    data = envelope()
    assert data.count(b"1779999000.0") == 1
    twin = data.replace(b"1779999000.0", b"1779999000e0")
    assert read_room(ROOM_V1.decode_strict(twin)) == read_room(ROOM_V1.decode_strict(data))


@IN_PARTS
@pytest.mark.parametrize("name", RECEIPTS)
def test_no_changed_byte_of_a_receipt_is_accepted(name: str, part: int) -> None:
    data = encode_receipt(RECEIPTS[name]()) + b"\n"
    paid.check(parse_receipt(data), NOTHING_BESIDES)
    for twin in changed(data, seed=7, part=part):
        with pytest.raises(KernelError):
            paid.check(parse_receipt(twin), NOTHING_BESIDES)


@pytest.mark.parametrize(
    "respell",
    [
        lambda data: data.replace(b'"run_id"', b'"\\u0072un_id"', 1),
        lambda data: data.replace(b"1779999000.0", b"1779999000e0", 1),
        lambda data: data.replace(b",", b", ", 1),
        lambda data: b" " + data,
        lambda data: data + b"\n\n",
        lambda data: data + b"\r\n",
        lambda data: data.replace(b"/", b"\\/", 1),
        lambda data: json.dumps(json.loads(data), indent=2).encode(),
        lambda data: json.dumps(dict(reversed(json.loads(data).items())), separators=(",", ":")).encode(),
    ],
    ids=["escape", "number", "space", "before", "two line feeds", "return", "solidus", "formatted", "order"],
)
def test_another_spelling_of_a_receipt_is_refused_and_named(respell: Callable[[bytes], bytes]) -> None:
    data = encode_receipt(paid.receipt())
    assert json.loads(respell(data)) == json.loads(data)
    with pytest.raises(ReceiptRespelled) as refused:
        parse_receipt(respell(data))
    assert isinstance(refused.value, ReceiptMalformed) and "formatted copy" in refused.value.remedy


def test_a_receipt_may_end_with_a_line_feed() -> None:
    data = encode_receipt(paid.receipt())
    assert parse_receipt(data + b"\n") == parse_receipt(data)
