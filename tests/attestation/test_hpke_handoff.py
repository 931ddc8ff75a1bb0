import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import SealBroken, SealError
from attestation.sealing.context import handoff_context
from attestation.sealing.handoff import WorkerKey, seal_to

WORKER = WorkerKey.generate()
RUN = handoff_context("run-1", worker_id="worker-1")


@given(st.binary(max_size=100))
def test_the_worker_it_was_sealed_to_opens_it(secret: bytes) -> None:
    assert WORKER.open(seal_to(WORKER.public_bytes, secret, context=RUN), context=RUN) == secret


def test_another_worker_or_a_restarted_one_opens_nothing() -> None:
    blob = seal_to(WORKER.public_bytes, b"key", context=RUN)
    with pytest.raises(SealBroken):
        WorkerKey.generate().open(blob, context=RUN)


@pytest.mark.parametrize(
    ("subject", "worker_id"), [("run-2", "worker-1"), ("run-1", "worker-2"), ("run-1w", "orker-1")]
)
def test_a_hand_off_moved_to_another_run_or_worker_does_not_open(subject: str, worker_id: str) -> None:
    blob = seal_to(WORKER.public_bytes, b"key", context=RUN)
    with pytest.raises(SealBroken):
        WORKER.open(blob, context=handoff_context(subject, worker_id=worker_id))


@given(st.data())
def test_any_flipped_bit_is_refused(data: st.DataObject) -> None:
    blob = bytearray(seal_to(WORKER.public_bytes, b"key", context=RUN))
    # Also the top bit of the X25519 coordinate, which RFC 7748 ignores: HPKE authenticates the encoding.
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        WORKER.open(bytes(blob), context=RUN)


@pytest.mark.parametrize("blob", [b"", b"x" * 10, bytes(80), b"\xff" * 200])
def test_bytes_that_were_never_sealed_are_refused(blob: bytes) -> None:
    with pytest.raises(SealBroken):
        WORKER.open(blob, context=RUN)


@pytest.mark.parametrize("public", [b"", b"x" * 31, b"x" * 33, bytes(32)])
def test_a_public_key_that_protects_nothing_is_refused(public: bytes) -> None:
    with pytest.raises(SealError):
        seal_to(public, b"key", context=RUN)


def test_a_hand_off_needs_a_context() -> None:
    with pytest.raises(SealError):
        seal_to(WORKER.public_bytes, b"key", context=b"")
    with pytest.raises(SealError):
        WORKER.open(b"x" * 80, context=b"")


def test_a_worker_key_shows_its_public_half_only() -> None:
    assert repr(WORKER) == f"WorkerKey(public={WORKER.public_bytes.hex()})"
