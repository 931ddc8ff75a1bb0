"""A server that is to end TLS starts with the machine's certificate or not at all."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from attestation.evidence.enclave_tls import enclave_certificate
from attestation.server import errors
from attestation.server.services import enclave_start
from hivemind.kit import conf
from tests.attestation_server.standing_in import MACHINE, listening

ROOT = Path(__file__).resolve().parents[2]
MADE = enclave_certificate(bytes.fromhex(MACHINE.key("hivemind-tls-v1")["key"]))


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    socket = tmp_path / "agent.sock"
    with conf.override(
        "evidence", mode="development", enclave_tls=True, dstack_endpoint=str(socket), timeout_seconds=2
    ):
        yield socket


def test_the_certificate_is_that_of_the_machine(path):
    with listening(path):
        made = enclave_start.certificate_at_start()
    assert made is not None
    assert made.der == MADE.der


def test_without_the_setting_no_agent_is_asked(path):
    with conf.override("evidence", enclave_tls=False):
        assert enclave_start.certificate_at_start() is None


def test_an_agent_that_comes_later_is_waited_for(path):
    with ExitStack() as agent:
        timer = threading.Timer(0.7, lambda: agent.enter_context(listening(path)))
        timer.start()
        made = enclave_start.certificate_at_start()
        timer.join()
    assert made is not None
    assert made.der == MADE.der


def test_the_wait_for_an_agent_ends(path):
    began = time.monotonic()
    with pytest.raises(errors.GuestAgentUnreachable) as refusal:
        enclave_start.certificate_at_start()
    assert 1.9 < time.monotonic() - began < 5
    assert str(path) in enclave_start.why_not(refusal.value)
    assert "guest agent not reachable" in enclave_start.why_not(refusal.value)


@pytest.mark.parametrize("answer", [{}, {"key": ""}, {"key": "00" * 31}, {"key": 7}])
def test_an_answer_that_holds_no_key_is_not_waited_over(path, answer: dict[str, Any]):
    began = time.monotonic()
    with listening(path, GetKey=lambda _: answer), pytest.raises(errors.GuestAgentMalformed):
        enclave_start.certificate_at_start()
    assert time.monotonic() - began < 1.5


def test_gunicorn_ends_with_one_clear_line_when_there_is_no_key(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HIVEMIND_", "DJANGO_"))} | {
        "HIVEMIND_STATE_DIR": str(tmp_path),
        "HIVEMIND_EVIDENCE": "dstack",
        "HIVEMIND_ENCLAVE_TLS": "yes",
        "HIVEMIND_DSTACK_ENDPOINT": str(tmp_path / "nobody.sock"),
        "HIVEMIND_EVIDENCE_TIMEOUT_SECONDS": "1",
        "HIVEMIND_PORT": "1",
    }
    command = ["gunicorn", "--config", "python:hivemind.web_server", "hivemind.wsgi:application"]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("HIVEMIND_ENCLAVE_TLS is on and there is no key for it: guest agent not reachable")
