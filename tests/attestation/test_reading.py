"""Members of a parsed object: what is absent, of another type or beyond every use is an error that names its field."""

import pytest

from attestation.errors import ManifestError
from attestation.evidence.bundle import parse_bundle
from attestation.evidence.errors import BundleMalformed
from attestation.reading import Reader
from tests.attestation import invented

HUGE = 10**400


@pytest.mark.parametrize("value", [HUGE, -HUGE, float("nan"), float("inf"), True, "1", None, [1]], ids=repr)
def test_what_is_no_moment_is_named(value: object) -> None:
    with pytest.raises(ManifestError) as refused:
        Reader({"at": value}, "room").moment("at")

    assert (refused.value.field, refused.value.code) == ("room.at", "not_number")


def test_a_whole_number_is_a_moment() -> None:
    assert Reader({"at": 1_767_225_600}).moment("at") == 1_767_225_600.0


def test_evidence_with_a_moment_beyond_every_number_is_malformed() -> None:
    with pytest.raises(BundleMalformed):
        parse_bundle(invented.bundle().to_wire() | {"booted_at": HUGE})
