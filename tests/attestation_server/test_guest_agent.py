"""The port to the guest agent: bounded in time and size, whatever listens there."""

import json
import logging
import socket as sockets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from attestation.server import errors
from attestation.server.guest import MAX_ANSWER_BYTES, GuestAgent
from tests.attestation_server import standing_in
from tests.attestation_server.standing_in import MACHINE, listening

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


@contextmanager
def saying(path: Path, *pieces: bytes, pause: float = 0.0) -> Iterator[None]:
    """Somebody who answers every connection with these pieces."""
    with sockets.socket(sockets.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                        time.sleep(pause)
                except OSError:
                    pass  # the other side has seen enough

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(10)
        assert not thread.is_alive()


def agent(path: Path, *, seconds: float = 5.0) -> GuestAgent:
    return GuestAgent(str(path), call_seconds=seconds)


def test_the_three_calls_of_a_real_agent_are_answered_with_types(path):
    with listening(path):
        asked = agent(path)
        assert asked.key("a") == asked.key("a") != asked.key("b")
        assert asked.quote(bytes(64)).quote == bytes.fromhex(MACHINE.quote(bytes(64))["quote"])
        info = asked.info()
    assert (info.app_id, info.compose_hash) == (MACHINE.facts.app_id, MACHINE.facts.compose_hash)
    assert len(info.mr_aggregated) == 64


def test_hex_of_older_agents_is_read(path):
    told = MACHINE.info()
    old = told | {"app_id": "0x" + told["app_id"].upper(), "tcb_info": json.loads(told["tcb_info"])}
    del old["compose_hash"]
    with listening(path, Info=lambda _: old):
        info = agent(path).info()
    assert (info.app_id, info.compose_hash) == (MACHINE.facts.app_id, MACHINE.facts.compose_hash)


def test_an_agent_that_is_not_there_is_unreachable(path):
    with pytest.raises(errors.GuestAgentUnreachable):
        agent(path).info()


def test_an_agent_that_hangs_up_is_unreachable(path):
    with saying(path, HEAD + b"Content-Length: 100\r\n\r\n{"), pytest.raises(errors.GuestAgentUnreachable):
        agent(path).info()


def test_a_silent_agent_costs_no_more_than_the_time_of_one_call(path):
    started = time.monotonic()
    with listening(path, Info=standing_in.slowly(lambda _: MACHINE.info(), 1.0)), pytest.raises(errors.GuestAgentSlow):
        agent(path, seconds=0.2).info()
    assert time.monotonic() - started < 3


def test_an_agent_that_drips_costs_no_more_than_the_time_of_one_call(path):
    drops = [HEAD + b"Content-Length: 50\r\n\r\n", *[b" "] * 20]
    with saying(path, *drops, pause=0.1), pytest.raises(errors.GuestAgentSlow):
        agent(path, seconds=0.4).info()


def test_an_endless_answer_is_cut_off(path):
    flood = [HEAD + b"Connection: close\r\n\r\n", *[b" " * 65536] * (MAX_ANSWER_BYTES // 65536 + 2)]
    with saying(path, *flood), pytest.raises(errors.GuestAgentMalformed):
        agent(path).info()


@pytest.mark.parametrize("body", [b"", b"[]", b"nothing", b'"text"', b"[" * 100_000, b'{"tcb_info": 5}'])
def test_an_answer_of_another_form_is_refused(path, body):
    answer = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    with saying(path, answer), pytest.raises(errors.GuestAgentMalformed):
        agent(path).info()


@pytest.mark.parametrize("key", ["", "00" * 31, "zz" * 32, 7, None])
def test_a_key_that_is_none_is_refused(path, key):
    with listening(path, GetKey=lambda _: {"key": key}), pytest.raises(errors.GuestAgentMalformed):
        agent(path).key("runs")


def test_a_real_agent_has_no_development_root(path):
    told = MACHINE.development() | {"collateral": "{}"}
    with listening(path, Development=lambda _: told), pytest.raises(errors.GuestAgentMalformed):
        agent(path).development()
    with saying_no_such_call(path), pytest.raises(errors.GuestAgentRefused):
        agent(path).development()


@contextmanager
def saying_no_such_call(path: Path) -> Iterator[None]:
    path.unlink(missing_ok=True)
    with saying(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"):
        yield


def test_no_key_comes_out_in_logs_or_errors(path, caplog):
    caplog.set_level(logging.DEBUG)
    secret = MACHINE.key("runs")["key"]
    damaged = HEAD + f'Content-Length: 80\r\n\r\n{{"key": "{secret}"'.ljust(100).encode()
    with saying(path, damaged.ljust(len(HEAD) + 22 + 80)), pytest.raises(errors.EvidenceUnavailable) as refused:
        agent(path).key("runs")
    path.unlink(missing_ok=True)
    with listening(path):
        agent(path).key("runs")
    seen = caplog.text + repr(refused.value) + repr(refused.value.__cause__) + repr(vars(refused.value))
    assert secret not in seen
    assert standing_in.SEED.hex() not in seen + repr(MACHINE)
