import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation import tokens
from attestation.errors import TokenError

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "tokens.json").read_text())["token_hash"]
PREFIXES = (tokens.OWNER, tokens.INVITE, tokens.SHARE, tokens.CREDIT)


@pytest.mark.parametrize("text", GOLDEN)
def test_the_hash_and_both_short_ids_are_those_of_the_protocol(text: str) -> None:
    token = tokens.parse_token(text)
    assert token.hash == tokens.token_hash(text) == GOLDEN[text]["sha256_hex"]
    assert token.token_id == tokens.token_id(text) == GOLDEN[text]["token_id"]
    assert token.share_prefix == GOLDEN[text]["share_prefix"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_minted_token_has_the_exact_shape_and_is_never_minted_twice(prefix: str) -> None:
    minted = {tokens.new_token(prefix) for _ in range(20)}
    assert len(minted) == 20
    assert {tokens.parse_token(text, strict=True).prefix for text in minted} == {prefix}
    assert {len(text) for text in minted} == {len(prefix) + 43}


def test_nothing_is_minted_under_an_unknown_prefix() -> None:
    with pytest.raises(TokenError):
        tokens.new_token("hmx_")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hmk_",
        "hmk_short",
        "hmx_" + "a" * 43,
        "HMK_" + "a" * 43,
        " hmk_" + "a" * 43,
        "hmk_" + "a" * 43 + "\n",
        "hmk_" + "a" * 42 + "/",
        "hmk_" + "a" * 42 + "é",
        "hmk_" + "a" * 42 + "\ud800",
        "hmk_" + "a" * 129,
    ],
)
def test_a_text_that_is_no_token_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(TokenError) as refused:
        tokens.parse_token(text)
    assert not text.strip() or text.strip() not in str(refused.value)


def test_the_strict_shape_refuses_what_was_never_minted() -> None:
    with pytest.raises(TokenError):
        tokens.parse_token("hmk_" + "a" * 42, strict=True)


@given(st.sampled_from(PREFIXES), st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True))
def test_no_way_of_printing_a_token_shows_its_secret(prefix: str, secret: str) -> None:
    token = tokens.parse_token(prefix + secret)
    for shown in (repr(token), str(token), f"{token}", f"{token!r:>80}", str([token]), str({"k": token})):
        assert secret not in shown


def test_tokens_compare_by_their_whole_text() -> None:
    one, other = "hmq_" + "a" * 43, "hmq_" + "a" * 42 + "b"
    assert tokens.parse_token(one) == tokens.parse_token(one)
    assert tokens.parse_token(one) != tokens.parse_token(other)
    assert tokens.parse_token(one) != one
    assert len({tokens.parse_token(one), tokens.parse_token(one), tokens.parse_token(other)}) == 2
