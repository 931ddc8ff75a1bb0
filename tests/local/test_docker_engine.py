"""Finding an engine, and clearing what a killed one left, without touching the machine's own."""

import http.server
import os
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind.local import docker_engine
from hivemind.local.errors import EngineMissing
from hivemind.local.paths import layout


class _Ping(http.server.BaseHTTPRequestHandler):
    """Answers as an engine does, with the status its server was given."""

    def do_GET(self) -> None:
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *args: object) -> None:
        return


class _Engine(socketserver.UnixStreamServer):
    status = 200


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[_Engine]:
    with _Engine(str(tmp_path / "docker.sock"), _Ping) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def test_an_engine_that_answers_is_found(engine: _Engine) -> None:
    address = f"unix://{engine.server_address}"
    assert docker_engine.find({"HIVEMIND_DOCKER_HOST": address}) == address
    engine.status = 500
    assert docker_engine.find({"HIVEMIND_DOCKER_HOST": address}) is None


def test_a_socket_without_an_engine_is_not_an_engine(tmp_path: Path) -> None:
    (tmp_path / "docker.sock").touch()
    assert not docker_engine.answers(f"unix://{tmp_path}/docker.sock")
    assert not docker_engine.answers(f"unix://{tmp_path}/none.sock")


def test_a_configured_engine_that_is_silent_is_never_replaced_by_another(tmp_path: Path) -> None:
    named = {"HIVEMIND_DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    assert docker_engine.find(named) is None
    with pytest.raises(EngineMissing, match="no Docker engine answers"):
        docker_engine.ensure(layout(tmp_path), environment=named)


@pytest.mark.parametrize("content", ["999999999", "not a number", ""])
def test_a_pid_file_of_a_dead_engine_is_removed(tmp_path: Path, content: str) -> None:
    left = tmp_path / "docker.pid"
    left.write_text(content)
    assert docker_engine.clear_stale_pid(left, program="dockerd")
    assert not left.exists()
    assert not docker_engine.clear_stale_pid(left, program="dockerd")


def test_a_pid_that_now_belongs_to_a_stranger_counts_as_dead(tmp_path: Path) -> None:
    left = tmp_path / "docker.pid"
    left.write_text(str(os.getpid()))
    assert docker_engine.clear_stale_pid(left, program="dockerd")


def test_the_pid_file_of_a_living_engine_stays(tmp_path: Path) -> None:
    left = tmp_path / "docker.pid"
    with subprocess.Popen(["sleep", "60"]) as living:
        left.write_text(f"{living.pid}\n")
        assert not docker_engine.clear_stale_pid(left, program="sleep")
        living.kill()
    assert left.exists()
