import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import CouldNotCheck
from attestation.evidence.collateral import MAX_COLLATERAL_BYTES, Validity, parse_collateral
from attestation.evidence.errors import ChainInvalid, CollateralMalformed
from tests.attestation import invented

WIRE: dict[str, Any] = json.loads(invented.collateral().to_json())
PCK_CHAIN = invented.authority().machine.pem + invented.authority().platform.pem + invented.authority().root.pem


def read(**changes: Any) -> Any:
    return parse_collateral(json.dumps(WIRE | changes).encode())


def test_collateral_is_read_and_written_without_loss() -> None:
    assert read() == invented.collateral()
    assert set(WIRE) == {item.name for item in dataclasses.fields(read())} - {"pck_certificate_chain"}
    assert "BEGIN" not in repr(read())


def test_it_counts_while_all_of_its_parts_do() -> None:
    assert read().validity() == Validity(invented.AT, invented.AT + invented.VALID_SECONDS)


@pytest.mark.parametrize("name", sorted(WIRE))
def test_no_part_may_be_missing_empty_or_of_another_type(name: str) -> None:
    missing = {key: value for key, value in WIRE.items() if key != name}
    with pytest.raises(CollateralMalformed):
        parse_collateral(json.dumps(missing).encode())
    for value in ("", None, 5, [WIRE[name]], {}):
        with pytest.raises(CollateralMalformed):
            read(**{name: value})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"\xff",
        json.dumps(WIRE | {"more": "x"}).encode(),
        json.dumps(WIRE).encode()[:-1] + b', "pck_crl": "00"}',
        b"[" * 100_000,
        b" " * (MAX_COLLATERAL_BYTES + 1),
    ],
    ids=["empty", "list", "null", "text", "no text", "unknown", "repeated", "nested", "too long"],
)
def test_another_form_is_no_verdict(data: bytes) -> None:
    with pytest.raises(CollateralMalformed) as refused:
        parse_collateral(data)
    assert isinstance(refused.value, CouldNotCheck)


@pytest.mark.parametrize("value", ["AB", "0", "zz", "0x00", "00" * 63, "00" * 65])
def test_signatures_are_exactly_64_bytes_of_lowercase_hex(value: str) -> None:
    with pytest.raises(CollateralMalformed):
        read(tcb_info_signature=value)


@pytest.mark.parametrize(
    "changes",
    [
        {"pck_crl": "00"},
        {"root_ca_crl": WIRE["tcb_info_signature"]},
        {"tcb_info": "{}"},
        {"tcb_info": "[]"},
        {"tcb_info": WIRE["tcb_info"].replace("Z", "", 1)},
        {"qe_identity": '{"issueDate":"9999-12-31T23:59:59-23:59","nextUpdate":"2026-01-01T00:00:00Z"}'},
        {"qe_identity": '{"issueDate":"soon","nextUpdate":"later"}'},
        {"tcb_info_issuer_chain": "no chain"},
    ],
    ids=lambda changes: next(iter(changes.items()))[0],
)
def test_statements_without_a_readable_time_are_no_verdict(changes: dict[str, str]) -> None:
    with pytest.raises(CollateralMalformed):
        read(**changes).validity()


def test_a_machines_chain_is_kept_until_it_is_given_up() -> None:
    with_chain = read(pck_certificate_chain=PCK_CHAIN)
    assert with_chain.pck_certificate_chain == PCK_CHAIN
    assert invented.verified(collateral=with_chain) == invented.verified()
    assert with_chain.without_pck_chain() == invented.collateral()


def test_another_machines_chain_does_not_help_a_quote() -> None:
    carol = invented.authority(b"c" * 32)
    foreign = carol.machine.pem + carol.platform.pem + carol.root.pem
    with pytest.raises(ChainInvalid):
        invented.verified(collateral=read(pck_certificate_chain=foreign))


@given(st.dictionaries(st.sampled_from(sorted(WIRE)), st.text() | st.none() | st.integers(), min_size=1))
def test_no_members_make_the_reader_fail_otherwise(changes: dict[str, Any]) -> None:
    try:
        read(**changes).validity()
    except CollateralMalformed:
        return
