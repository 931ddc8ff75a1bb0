import pytest

from attestation.evidence.errors import NotTdx, QuoteMalformed
from attestation.evidence.quote_parts import MAX_QUOTE_BYTES, read_parts
from tests.attestation import invented

QUOTE = invented.quote()
SIGNATURE_LENGTH_AT = 632


def changed(at: int, value: bytes, quote: bytes = QUOTE) -> bytes:
    return quote[:at] + value + quote[at + len(value) :]


def test_a_quote_comes_apart_into_report_and_chain() -> None:
    parts = read_parts(QUOTE)
    assert parts.body.mr_td == invented.MEASUREMENTS.mr_td
    assert parts.pck_chain.count(b"BEGIN CERTIFICATE") == 3


def test_zeros_behind_a_quote_are_padding_and_nothing_else_is() -> None:
    assert read_parts(QUOTE + bytes(70)) == read_parts(QUOTE)
    for place in (0, 35, 69):
        with pytest.raises(QuoteMalformed):
            read_parts(changed(len(QUOTE) + place, b"\x01", QUOTE + bytes(70)))


def test_a_quote_cut_anywhere_is_refused() -> None:
    for length in [*range(0, 700, 7), *range(700, len(QUOTE), 101), len(QUOTE) - 1]:
        with pytest.raises(QuoteMalformed):
            read_parts(QUOTE[:length])


def test_a_quote_of_an_enclave_is_named_as_such() -> None:
    for version in (b"\x03\x00", b"\x04\x00", b"\x05\x00"):
        with pytest.raises(NotTdx):
            read_parts(changed(4, bytes(4), changed(0, version)))


@pytest.mark.parametrize(
    ("at", "size"),
    [(SIGNATURE_LENGTH_AT, 4), (766, 4), (770 + 448, 2), (770 + 450 + 32 + 2, 4)],
    ids=["signature part", "certification", "enclave's note", "chain"],
)
def test_a_length_that_is_off_by_one_is_refused(at: int, size: int) -> None:
    told = int.from_bytes(QUOTE[at : at + size], "little")
    for off in (-1, 1):
        with pytest.raises(QuoteMalformed):
            read_parts(changed(at, (told + off).to_bytes(size, "little")))


@pytest.mark.parametrize("at", [764, 770 + 450 + 32], ids=["outer", "inner"])
def test_another_kind_of_certification_is_refused(at: int) -> None:
    with pytest.raises(QuoteMalformed):
        read_parts(changed(at, b"\x01\x00"))


def test_a_later_version_with_a_longer_report_is_read_to_its_end() -> None:
    later = invented.as_version_5(QUOTE)
    assert read_parts(later).body.report_data == read_parts(QUOTE).body.report_data
    with pytest.raises(QuoteMalformed):
        read_parts(later[:-1])


def test_more_than_any_machine_sends_is_refused_unread() -> None:
    with pytest.raises(QuoteMalformed):
        read_parts(QUOTE + bytes(MAX_QUOTE_BYTES))
