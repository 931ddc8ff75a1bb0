"""`manage.py dev_guest_agent`: evidence in the real format for a machine without the hardware."""

import os
import signal
import socket as sockets
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from attestation.encoding import b64
from attestation.server.guest import GuestAgent
from attestation.server.services import collecting, sources
from attestation.server.standin.server import StandInServer, answers
from hivemind.kit import conf
from hivemind.local import checkout
from hivemind.management.commands import up
from tests.attestation_server import standing_in
from tests.attestation_server.standing_in import MACHINE, listening

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "DJANGO_SETTINGS_MODULE": "hivemind.settings.test"}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "django", "dev_guest_agent", *map(str, arguments)]


@contextmanager
def running(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(*arguments), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert "proves nothing about hardware" in process.stdout.readline()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def test_the_command_serves_until_it_is_told_to_stop_and_stays_the_same_machine(tmp_path):
    socket, seed = tmp_path / "agent.sock", tmp_path / "state" / "seed"
    found = []
    for _ in range(2):
        with running("--socket", socket, "--seed-file", seed) as process:
            assert stat.S_IMODE(socket.stat().st_mode) == stat.S_IMODE(seed.stat().st_mode) == 0o600
            found.append(collecting.collect(standing_in.source(socket), booted_at=1.0))
        assert process.returncode == 0
        assert not socket.exists()
    first, second = found
    assert first.bundle == second.bundle
    assert first.root == second.root
    assert first.identity.signer.public == second.identity.signer.public


@pytest.mark.parametrize("content", ["", "not base64", b64(b"short")])
def test_a_damaged_seed_is_refused_in_one_line(tmp_path, content):
    seed = tmp_path / "seed"
    seed.write_text(content)
    seed.chmod(0o600)
    arguments = command("--socket", tmp_path / "agent.sock", "--seed-file", seed)
    ended = subprocess.run(arguments, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("CommandError: the seed in")
    assert ended.stderr.count("\n") == 1


def test_a_living_agent_keeps_its_socket_and_a_dead_ones_is_taken_over(tmp_path):
    path = tmp_path / "agent.sock"
    with listening(path):
        with pytest.raises(OSError, match="already"):
            StandInServer(path, answers(MACHINE))
        assert GuestAgent(str(path), call_seconds=5).info()
    with sockets.socket(sockets.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    with listening(path):
        assert GuestAgent(str(path), call_seconds=5).info()


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("/GetQuote", b'{"report_data": ""}', 400),
        ("/GetQuote", b'{"report_data": "' + b"00" * 65 + b'"}', 400),
        ("/GetQuote", b'{"report_data": 5}', 400),
        ("/GetQuote", b"{}", 400),
        ("/GetKey", b"[]", 400),
        ("/GetKey", b"{", 400),
        ("/GetKey", b" " * 70_000, 400),
        ("/Sign", b"{}", 404),
        ("/GetQuote", b'{"report_data": "00"}', 200),
        ("/Info", b"", 200),
    ],
)
def test_calls_of_another_form_are_refused_as_a_guest_agent_does(tmp_path, call, body, status):
    path = tmp_path / "agent.sock"
    with listening(path), httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        assert client.post(f"http://agent{call}", content=body).status_code == status


def test_the_build_is_the_digest_of_the_published_text():
    told = MACHINE.info()
    assert told["compose_hash"] == MACHINE.facts.compose_hash
    assert "proves nothing about hardware" in MACHINE.app_compose


@pytest.mark.parametrize(
    ("mode", "endpoint", "starts"),
    [("", "", False), ("dstack", "", False), ("development", "/elsewhere.sock", False), ("development", "", True)],
)
def test_the_whole_service_brings_the_stand_in_only_when_it_is_wanted(mode, endpoint, starts):
    with conf.override("evidence", mode=mode, dstack_endpoint=endpoint):
        children = up._children(checkout.read())
    assert (children[-1].name == "guest-agent") is starts


def test_the_agent_is_looked_for_where_the_settings_say(monkeypatch, tmp_path):
    with conf.override("evidence", mode="development"):
        assert sources.endpoint() == str(sources.development_socket())
    with conf.override("evidence", mode="dstack", dstack_endpoint="http://agent.example"):
        assert sources.endpoint() == "http://agent.example"
    here = tmp_path / "dstack.sock"
    here.touch()
    monkeypatch.setattr(sources, "USUAL_SOCKETS", ("/nowhere/dstack.sock", str(here)))
    with conf.override("evidence", mode="dstack"):
        assert sources.endpoint() == str(here)
