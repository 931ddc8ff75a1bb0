import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.keccak import keccak256, sponge256


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (b"testing", "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02"),
    ],
)
def test_known_digests(data: bytes, digest: str) -> None:
    assert keccak256(data).hex() == digest


@pytest.mark.parametrize("length", [0, 1, 134, 135, 136, 137, 271, 272, 273])
def test_the_sponge_with_the_standards_padding_is_sha3(length: int) -> None:
    data = bytes(range(256)) * 2
    assert sponge256(data[:length], domain=0x06) == hashlib.sha3_256(data[:length]).digest()


@given(st.binary(max_size=300))
def test_both_paddings_share_one_permutation(data: bytes) -> None:
    assert sponge256(data, domain=0x06) == hashlib.sha3_256(data).digest()
    assert keccak256(data) != hashlib.sha3_256(data).digest()
