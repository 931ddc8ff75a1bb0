"""The attach stream is taken apart within limits, however it is cut into pieces."""

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.limits import Limits
from runner.engine.streams import Output, Pumped, pump


def _frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50)), max_size=10),
    st.integers(min_value=1, max_value=20),
)
def test_frames_are_joined_however_they_are_cut(frames: list[tuple[int, bytes]], piece: int) -> None:
    data = b"".join(_frame(stream, payload) for stream, payload in frames)
    output = Output(Limits())
    for start in range(0, len(data), piece):
        assert output.add(data[start : start + piece]) is None
    assert bytes(output.stdout) == b"".join(payload for stream, payload in frames if stream == 1)
    assert bytes(output.stderr) == b"".join(payload for stream, payload in frames if stream == 2)


def test_stdout_up_to_the_limit_is_fine_and_one_byte_more_is_a_breach() -> None:
    output = Output(Limits(stdout_bytes=10))
    assert output.add(_frame(1, b"x" * 10)) is None
    assert output.add(_frame(1, b"x")) is Pumped.STDOUT_EXCEEDED


def test_a_frame_that_claims_to_be_huge_is_not_held() -> None:
    output = Output(Limits(stdout_bytes=10))
    assert output.add(b"\x01\0\0\0\xff\xff\xff\xff" + b"x" * 1000) is Pumped.STDOUT_EXCEEDED
    assert len(output.stdout) == 11


def test_stderr_is_cut_silently_and_a_flood_is_a_breach() -> None:
    output = Output(Limits(stderr_bytes=5, stderr_flood_bytes=100))
    assert output.add(_frame(2, b"y" * 100)) is None
    assert bytes(output.stderr) == b"yyyyy"
    assert output.add(_frame(2, b"y")) is Pumped.STDERR_EXCEEDED


def test_an_unknown_stream_never_counts_as_an_answer() -> None:
    output = Output(Limits())
    output.add(_frame(3, b"from the engine") + _frame(0, b"?"))
    assert bytes(output.stdout) == b""


@pytest.fixture
def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def test_reading_stops_at_the_end_of_the_stream(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    with ours, theirs:
        theirs.sendall(_frame(1, b"all"))
        theirs.shutdown(socket.SHUT_WR)
        output = Output(Limits())
        assert pump(ours, output, deadline_monotonic=time.monotonic() + 5) is Pumped.END
        assert bytes(output.stdout) == b"all"


def test_reading_stops_at_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    with ours, theirs:
        assert pump(ours, Output(Limits()), deadline_monotonic=time.monotonic() + 0.05) is Pumped.DEADLINE
        assert pump(ours, Output(Limits()), deadline_monotonic=time.monotonic() - 1) is Pumped.DEADLINE


def test_a_stream_that_another_thread_has_closed_has_ended(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    ours.close()
    with theirs:
        assert pump(ours, Output(Limits()), deadline_monotonic=time.monotonic() + 5) is Pumped.END
