"""What a service says about a root of its own making: read strictly, never mistaken for the maker's."""

import json
from typing import Any

import pytest

from attestation.encoding import b64
from attestation.evidence.development_member import parse_development_member
from attestation.evidence.errors import BundleMalformed
from tests.attestation import invented


def _member(**changes: Any) -> dict[str, Any]:
    whole = {
        "label": "made here",
        "root_ca_der_b64": b64(invented.authority().trust_root.der),
        "collateral": json.loads(invented.collateral().to_json()),
    }
    return whole | changes


def test_a_whole_member_is_a_root_with_its_statements() -> None:
    found = parse_development_member({"ready": True, "development": _member()})

    assert found is not None
    assert (found.label, found.root) == ("made here", invented.authority().trust_root)
    assert found.collateral == invented.collateral()
    assert found.root.development


def test_without_the_member_the_service_claims_hardware() -> None:
    assert parse_development_member({"ready": True}) is None


def test_unknown_members_are_left_alone() -> None:
    assert parse_development_member({"development": _member(note="x")}) is not None


@pytest.mark.parametrize(
    "response",
    [
        None,
        [],
        "development",
        {"development": None},
        {"development": []},
        {"development": {}},
        {"development": _member(label=3)},
        {"development": _member(root_ca_der_b64="")},
        {"development": _member(root_ca_der_b64="not base64")},
        {"development": _member(root_ca_der_b64=b64(b"no certificate"))},
        {"development": _member(collateral=None)},
        {"development": _member(collateral="text")},
        {"development": _member(collateral={})},
        {"development": _member(collateral=json.loads(invented.collateral().to_json()) | {"more": "x"})},
        {"development": _member(collateral=json.loads(invented.collateral().to_json()) | {"pck_crl": "zz"})},
        {"development": _member(collateral=json.loads(invented.collateral().to_json()) | {"tcb_info": "\ud800"})},
    ],
)
def test_a_damaged_member_is_refused(response: object) -> None:
    with pytest.raises(BundleMalformed):
        parse_development_member(response)


def test_no_more_than_a_mebibyte_is_read() -> None:
    large = json.loads(invented.collateral().to_json()) | {"tcb_info": "x" * 1024 * 1024}

    with pytest.raises(BundleMalformed):
        parse_development_member({"development": _member(collateral=large)})
