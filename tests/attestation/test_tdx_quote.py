import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.encoding import unhex
from attestation.evidence import report_data
from attestation.evidence.errors import ConfigIdMalformed, QuoteMalformed
from attestation.evidence.quote import ConfigIdKind, read_config_id, read_quote

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "evidence.json").read_text())
QUOTES = {name: base64.b64decode(text) for name, text in GOLDEN["quotes_b64"].items()}
MEASUREMENTS = GOLDEN["ready"]["attestation"]["measurements"]
V4 = QUOTES["v2_ok"]
FIRST = GOLDEN["config_ids"][0]


def as_v5(kind: int = 2, size: int = 584) -> bytes:
    """The same report in the layout of version 5."""
    head = b"\x05\x00" + V4[2:48] + kind.to_bytes(2, "little") + size.to_bytes(4, "little")
    return head + V4[48:632].ljust(size, b"\0") + V4[632:]


@pytest.mark.parametrize("case", GOLDEN["config_ids"], ids=lambda case: case["mr_config_id_hex"][:70])
def test_configuration_ids_yield_the_compose_hash_only_where_they_state_it(case: dict[str, Any]) -> None:
    config_id = bytes.fromhex(case["mr_config_id_hex"].removeprefix("0x"))
    if len(config_id) != 48 or any(config_id[33:]):
        with pytest.raises(ConfigIdMalformed):
            read_config_id(config_id)
        return
    assert (read_config_id(config_id).compose_hash or "") == case["compose_hash"]


def test_the_other_kinds_are_told_apart_instead_of_read_as_a_compose_hash() -> None:
    body = bytes.fromhex(FIRST["mr_config_id_hex"])[1:]
    kinds = [read_config_id(bytes([kind]) + body) for kind in (1, 2, 3)]
    assert [config.kind for config in kinds] == [
        ConfigIdKind.COMPOSE,
        ConfigIdKind.COMPOSE_AND_APP,
        ConfigIdKind.DOCUMENT,
    ]
    assert [config.compose_hash for config in kinds] == [FIRST["compose_hash"], None, None]
    assert read_config_id(bytes(48)).kind is ConfigIdKind.UNSET


@pytest.mark.parametrize(
    "config_id",
    [b"", bytes(47), bytes(49), b"\x04" + bytes(47), b"\xff" + bytes(47), b"\x00\x01" + bytes(46)],
)
def test_a_configuration_id_of_an_unknown_form_is_refused(config_id: bytes) -> None:
    with pytest.raises(ConfigIdMalformed):
        read_config_id(config_id)


@pytest.mark.parametrize("quote", [V4, as_v5(), as_v5(kind=3, size=648)], ids=["v4", "v5 td 1.0", "v5 td 1.5"])
def test_the_report_is_found_in_every_layout(quote: bytes) -> None:
    body = read_quote(quote)
    assert body.mr_td.hex() == MEASUREMENTS["mrtd"]
    assert body.mr_config_id.hex() == MEASUREMENTS["mr_config_id"]
    assert [rtmr.hex() for rtmr in body.rtmrs] == [MEASUREMENTS[f"rtmr{i}"] for i in range(4)]
    signed = GOLDEN["ready"]["attestation"]
    report_data.check_channel(
        body.report_data,
        app_version=signed["hivemind_version"],
        cert_sha256=unhex(signed["tls"]["cert_fingerprint_sha256_hex"], 32),
    )


def test_the_quotes_differ_where_their_names_say() -> None:
    bodies = {name: read_quote(quote) for name, quote in QUOTES.items()}
    assert report_data.read(bodies["v1_ok"].report_data).version == report_data.BUILD_ONLY
    assert read_config_id(bodies["zero_mr_config_id"].mr_config_id).kind is ConfigIdKind.UNSET
    assert read_config_id(bodies["mr_config_id_type2"].mr_config_id).kind is ConfigIdKind.COMPOSE_AND_APP
    assert bodies["debug_td"].td_attributes[0] & 1
    assert not bodies["v2_ok"].td_attributes[0] & 1
    assert bodies["v2_report_data_bit_flipped"].report_data != bodies["v2_ok"].report_data


@pytest.mark.parametrize(
    "quote",
    [
        b"",
        bytes(700),
        V4[:631],
        as_v5()[:637],
        as_v5(kind=1),
        as_v5(kind=2, size=100),
        b"\x03\x00" + V4[2:],
        b"\x06\x00" + V4[2:],
        V4[:4] + bytes(4) + V4[8:],
    ],
)
def test_bytes_of_another_layout_are_refused(quote: bytes) -> None:
    with pytest.raises(QuoteMalformed):
        read_quote(quote)


@given(st.binary(max_size=800))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    for quote in (data, V4[:8] + data, as_v5()[:8] + data):
        try:
            body = read_quote(quote)
        except QuoteMalformed:
            continue
        assert len(body.report_data) == 64
