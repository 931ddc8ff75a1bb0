"""Row policies in what is signed: the room that requires them, and the record that says what was in force."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attestation.canonical import ROOM_V1
from attestation.errors import ManifestError
from attestation.manifests.room import TrustPolicy, parse_room, with_trust
from attestation.manifests.run_record import had_row_policies
from attestation.receipts.errors import RoomContradicted
from tests.attestation.paid import ROOM, check, receipt, resigned

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "manifests.json").read_text())
DEMANDING = replace(ROOM, require_row_policies=True)
IN_FORCE: dict[str, Any] = {"scope_enforcement": ("scope_fn", "row_policies"), "row_policies_sha256": "7" * 64}


def test_a_room_that_requires_none_keeps_the_bytes_that_published_clients_know() -> None:
    room = parse_room(GOLDEN["full"]["manifest"])
    assert not room.require_row_policies
    assert ROOM_V1.encode(room.to_wire()).decode() == GOLDEN["full"]["canonical_text"]


def test_the_demand_is_a_member_of_scope_and_survives_reading_writing_and_trust_updates() -> None:
    wire = DEMANDING.to_wire()
    assert wire["scope"] == {"agent_id": "scope-1", "visibility": ROOM.scope.visibility, "require_row_policies": True}
    assert parse_room(wire) == DEMANDING
    updated = with_trust(wire, trust=TrustPolicy("operator_updates"), updated_at=2.0)
    assert parse_room(updated).require_row_policies


@pytest.mark.parametrize("value", [1, "true", None, []])
def test_a_demand_that_is_neither_yes_nor_no_is_refused(value: object) -> None:
    wire = DEMANDING.to_wire()
    with pytest.raises(ManifestError):
        parse_room(wire | {"scope": wire["scope"] | {"require_row_policies": value}})


def test_a_receipt_that_says_what_the_room_demands_holds() -> None:
    verified = check(receipt(room=DEMANDING, **IN_FORCE))
    account = {item.name: item.detail for item in verified.checks}
    assert "permitted rows only" in account["scope enforcement"]
    assert had_row_policies(verified.body)


@pytest.mark.parametrize("stated", [{}, {"scope_enforcement": ("scope_fn",)}], ids=["nothing", "a function"])
def test_a_receipt_without_the_row_policies_that_the_room_demands_is_refused(stated: dict[str, Any]) -> None:
    with pytest.raises(RoomContradicted):
        check(receipt(room=DEMANDING, **stated))


def test_a_lie_of_the_signer_about_them_is_refused() -> None:
    with pytest.raises(RoomContradicted):
        check(resigned(receipt(room=DEMANDING, **IN_FORCE), _without))


def test_where_only_a_function_was_in_force_the_account_says_so() -> None:
    account = {item.name: item.detail for item in check(receipt(scope_enforcement=("scope_fn",))).checks}
    assert "no row policies were in force" in account["scope enforcement"]


def test_an_older_record_says_nothing_about_it() -> None:
    assert "scope enforcement" not in {item.name for item in check(receipt()).checks}


def _without(body: dict[str, Any]) -> None:
    del body["scope_enforcement"], body["row_policies_sha256"]
