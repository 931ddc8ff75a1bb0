import base64
import random

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from attestation.evidence.chains import check_chains, read_chain
from attestation.evidence.errors import ChainInvalid
from tests.attestation import invented

MACHINE, PLATFORM, ROOT = (
    signer.pem.encode()
    for signer in (invented.authority().machine, invented.authority().platform, invented.authority().root)
)
CHAIN = MACHINE + PLATFORM + ROOT
POINT = invented.authority().trust_root.public_point


def test_a_chain_leads_link_by_link_to_the_root() -> None:
    chain = read_chain(CHAIN)
    assert len(chain) == 3
    check_chains([chain], root_point=POINT)
    assert read_chain(CHAIN.replace(b"\n", b"\r\n")) == chain


@pytest.mark.parametrize(
    "chain",
    [
        PLATFORM + MACHINE + ROOT,
        MACHINE + ROOT,
        MACHINE + PLATFORM,
        MACHINE + PLATFORM + invented.authority(b"c" * 32).root.pem.encode(),
        MACHINE + invented.authority(b"c" * 32).platform.pem.encode() + ROOT,
    ],
    ids=["out of order", "link missing", "root missing", "other root", "other platform"],
)
def test_a_chain_with_a_wrong_link_is_refused(chain: bytes) -> None:
    with pytest.raises(ChainInvalid):
        check_chains([read_chain(chain)], root_point=POINT)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_wrong_chain_among_good_ones_is_refused(place: int) -> None:
    other = invented.authority(b"c" * 32)
    good = [read_chain(CHAIN), read_chain(PLATFORM + ROOT), read_chain(CHAIN)]
    check_chains(good, root_point=POINT)
    foreign = read_chain(b"".join(signer.pem.encode() for signer in (other.machine, other.platform, other.root)))
    crossed = (*foreign[:1], *good[0][1:])
    for wrong in (foreign, crossed):
        with pytest.raises(ChainInvalid):
            check_chains([*good[:place], wrong, *good[place + 1 :]], root_point=POINT)


def test_a_chain_to_another_root_is_refused() -> None:
    with pytest.raises(ChainInvalid):
        check_chains([read_chain(CHAIN)], root_point=invented.authority(b"c" * 32).trust_root.public_point)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_not_even_the_copy_of_the_root_may_be_changed() -> None:
    der = invented.authority().root.certificate.public_bytes(Encoding.DER)
    chance = random.Random(3)
    for _ in range(150):
        changed = bytearray(der)
        changed[chance.randrange(len(der))] ^= 1 << chance.randrange(8)
        text = base64.encodebytes(bytes(changed))
        pem = b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"
        with pytest.raises(ChainInvalid):
            check_chains([read_chain(MACHINE + PLATFORM + pem)], root_point=POINT)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        MACHINE,
        MACHINE * 5,
        b"\n" + CHAIN,
        CHAIN + b"\n",
        CHAIN + b"\0",
        MACHINE + b" " + PLATFORM + ROOT,
        b"# a remark\n" + CHAIN,
        CHAIN.replace(b"BEGIN CERT", b"BEGIN XERT", 1),
        CHAIN.replace(b"-----\nMII", b"-----\n\nMII", 1),
        CHAIN.replace(b"\n", b"\r", 1),
        CHAIN.replace(b"MII", b"MI!", 1),
        MACHINE + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        MACHINE + b"-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n",
    ],
)
def test_a_chain_of_another_form_is_refused(pem: bytes) -> None:
    with pytest.raises(ChainInvalid):
        read_chain(pem)


def test_spare_bits_of_the_encoding_must_be_zero() -> None:
    text = next(line for line in PLATFORM.splitlines() if line.endswith(b"="))
    at = -2 if text.endswith(b"=") and not text.endswith(b"==") else -3
    twin = bytearray(text)
    twin[at] += 1
    assert base64.b64decode(bytes(twin)[-4:]) == base64.b64decode(text[-4:])
    with pytest.raises(ChainInvalid):
        read_chain(CHAIN.replace(text, bytes(twin)))
