"""The registry contract's answers: exactly what its encoder writes, nothing that looks like it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import EncodingError
from attestation.reproduce.errors import RegistryAnswerMalformed
from attestation.reproduce.releases import ask_allowed, ask_release, read_allowed, read_release, read_result
from tests.attestation.released import encoded, word

BUILD = "c0" * 32
HONEST = {"approved": 1, "approved_at": 1_700_000_000, "revoked_at": 0, "commit": b"3c" * 20, "uri": b"https://x/y"}


def test_published_questions_and_answers_are_understood(vectors: Callable[[str], Any]) -> None:
    vector = vectors("onchain")
    build, expected = vector["compose_hash"], vector["release"]

    assert f"0x{ask_allowed(build).hex()}" == vector["is_app_allowed_calldata"]
    assert f"0x{ask_release(build).hex()}" == vector["releases_calldata"]
    release = read_release(read_result(vector["release_returndata"]))
    assert (release.approved, release.approved_at, release.revoked_at) == (
        expected["approved"],
        expected["approved_at"],
        expected["revoked_at"],
    )
    assert (release.commit, release.uri) == (expected["git_commit"], expected["compose_uri"])


def test_whole_words_mean_what_published_clients_take_them_for_and_short_ones_nothing(
    vectors: Callable[[str], Any],
) -> None:
    results = {item["result"]: item["value"] for item in vectors("onchain")["bool_results"]}
    whole = {text: value for text, value in results.items() if len(text) == 66}
    assert len(whole) == 2
    for text, value in whole.items():
        assert read_allowed(read_result(text)) is value
    for text in results.keys() - whole.keys():
        with pytest.raises(RegistryAnswerMalformed):
            read_allowed(read_result(text))


@pytest.mark.parametrize("text", [None, 1, True, "", "1", "0x1", "0xZZ", "0X" + "00" * 32, "0x" + "AA" * 32, ["0x"]])
def test_a_result_that_is_no_hex_is_refused(text: object) -> None:
    with pytest.raises(RegistryAnswerMalformed):
        read_result(text)


@pytest.mark.parametrize("returned", [b"", word(1)[1:], word(1) + word(0), word(2), b"\x01" + word(1)[1:]])
def test_only_one_whole_word_of_one_or_zero_is_a_yes_or_no(returned: bytes) -> None:
    with pytest.raises(RegistryAnswerMalformed):
        read_allowed(returned)


@pytest.mark.parametrize("build", ["", "c0" * 31, "C0" * 32, "0x" + "c0" * 32, "c0" * 33])
def test_only_a_whole_build_hash_is_asked_about(build: str) -> None:
    for ask in (ask_allowed, ask_release):
        with pytest.raises(EncodingError):
            ask(build)


def test_a_build_that_was_never_registered_reads_as_not_approved() -> None:
    release = read_release(encoded(approved=0, approved_at=0, revoked_at=0, commit=b"", uri=b""))

    assert (release.approved, release.commit, release.uri) == (False, "", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"approved": 2},
        {"approved": 2**255 + 1},
        {"approved_at": 2**64},
        {"revoked_at": 2**64},
        {"commit": b"\xff"},
        {"uri": b"x" * 2049},
    ],
)
def test_values_that_the_contract_cannot_hold_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(RegistryAnswerMalformed):
        read_release(encoded(**(HONEST | changes)))


@pytest.mark.parametrize(
    ("position", "value"),
    [(3, 0), (3, 192), (3, 2**256 - 1), (4, 160), (4, 288), (5, 65), (5, 2**256 - 1), (5, 0), (8, 2**64)],
    ids=lambda number: str(number)[:8],
)
def test_other_offsets_and_lengths_are_refused(position: int, value: int) -> None:
    honest = encoded(**HONEST)
    with pytest.raises(RegistryAnswerMalformed):
        read_release(honest[: position * 32] + word(value) + honest[(position + 1) * 32 :])


def test_bytes_more_or_less_or_in_the_padding_are_refused() -> None:
    honest = encoded(**HONEST)
    assert read_release(honest).uri == "https://x/y"
    for other in (honest + word(0), honest[:-32], honest[:-1], honest[:160], b"", honest[:-1] + b"\x01"):
        with pytest.raises(RegistryAnswerMalformed):
            read_release(other)


@given(st.binary(max_size=600))
def test_no_bytes_lead_to_another_error(returned: bytes) -> None:
    for read in (read_allowed, read_release):
        try:
            read(returned)
        except RegistryAnswerMalformed:
            continue


@given(st.text(max_size=80), st.text(max_size=80), st.booleans(), st.integers(0, 2**64 - 1))
def test_what_the_contract_encodes_is_read_back(commit: str, uri: str, approved: bool, at: int) -> None:
    written = encoded(approved=approved, approved_at=at, revoked_at=0, commit=commit.encode(), uri=uri.encode())
    release = read_release(written)

    assert (release.commit, release.uri, release.approved, release.approved_at) == (commit, uri, approved, at)
