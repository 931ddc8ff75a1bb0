"""Find the machine's Docker engine; as root on Debian or Ubuntu, install and start one.

An engine that was killed leaves pid files behind which keep the next one from starting, in particular after a
reboot of a container or a reuse of the number; those are removed when no engine has the pid.
"""

import http.client
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hivemind.local import processes
from hivemind.local.errors import EngineMissing, NotReady
from hivemind.local.packages import can_install, install
from hivemind.local.packages import find as find_command
from hivemind.local.paths import Layout

SYSTEM_SOCKET = "/var/run/docker.sock"
START_SECONDS = 60.0
PING_SECONDS = 5.0
PACKAGES = ("docker.io", "iptables", "ca-certificates", "mmdebstrap")
CLIENT = "docker-cli"  # a package of its own in newer releases, part of docker.io in older ones
PID_FILES = {"/var/run/docker.pid": "dockerd", "/var/run/docker/containerd/containerd.pid": "containerd"}
ADVICE = """no Docker engine answers. Do one of these and start again:
  - as root on Debian or Ubuntu: run this script as root, and it installs and starts docker.io itself
  - otherwise install Docker (https://docs.docker.com/engine/install/), start it, and let your account use it:
      sudo systemctl start docker && sudo usermod -aG docker "$USER" && newgrp docker
  - or name an engine that runs elsewhere: export HIVEMIND_DOCKER_HOST=unix:///path/to/docker.sock"""


def find(environment: Mapping[str, str]) -> str | None:
    """Return the address of an engine that answers, or None. A configured address is the only one tried."""
    return next((address for address in _candidates(environment) if answers(address)), None)


def _candidates(environment: Mapping[str, str]) -> list[str]:
    configured = environment.get("HIVEMIND_DOCKER_HOST") or environment.get("DOCKER_HOST")
    if configured:
        return [configured]
    places = [SYSTEM_SOCKET]
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        places += [f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock"]
    return [f"unix://{path}" for path in places]


def answers(address: str) -> bool:
    """Return whether the engine at `address` answers a ping; an address that is no socket is believed."""
    if not address.startswith("unix://"):
        return True
    connection = http.client.HTTPConnection("localhost", timeout=PING_SECONDS)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PING_SECONDS)
    try:
        client.connect(address.removeprefix("unix://"))
        connection.sock = client
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def ensure(layout: Layout, *, environment: Mapping[str, str]) -> str:
    """Return the address of an engine that answers; start or install it and its client if need be and allowed.

    Raises EngineMissing with what to do, or NotReady with the end of the engine's log.
    """
    found = find(environment)
    if found:
        _provide_client()
        return found
    if environment.get("HIVEMIND_DOCKER_HOST") or environment.get("DOCKER_HOST") or os.geteuid() != 0:
        raise EngineMissing(ADVICE)
    if not find_command("dockerd"):
        if not can_install():
            raise EngineMissing(ADVICE)
        install(PACKAGES, if_known=[CLIENT])
    _start(layout)
    _provide_client()
    return f"unix://{SYSTEM_SOCKET}"


def _provide_client() -> None:
    """Make sure that there is a `docker` command, which makes the agents' base image."""
    if shutil.which("docker"):
        return
    if not can_install():
        raise EngineMissing("the command docker is missing; install your system's Docker client")
    install([], if_known=[CLIENT])
    if not shutil.which("docker"):
        install(["docker.io"])


def _start(layout: Layout) -> None:
    address, log = f"unix://{SYSTEM_SOCKET}", layout.log_dir / "dockerd.log"
    if _service_manager_starts() and processes.wait_until(lambda: answers(address), seconds=START_SECONDS):
        return
    program = find_command("dockerd")
    if program is None:
        raise EngineMissing(ADVICE)
    for path, name in PID_FILES.items():
        clear_stale_pid(Path(path), program=name)
    child = processes.start([program], log=log, cwd=Path("/"), env=_environment())
    processes.wait_until(lambda: answers(address) or child.poll() is not None, seconds=START_SECONDS)
    if not answers(address):
        raise NotReady(f"the Docker engine did not start; the end of {log}:\n{processes.last_lines(log)}")


def _service_manager_starts() -> bool:
    """Ask systemd, where it is the init, to start Docker; return whether it agreed."""
    if not Path("/run/systemd/system").is_dir():
        return False
    done = subprocess.run(["systemctl", "start", "docker"], check=False, capture_output=True)
    return done.returncode == 0


def _environment() -> dict[str, str]:
    path = os.environ.get("PATH", "/usr/bin:/bin")
    secret = {name for name in os.environ if name.startswith("HIVEMIND_")}
    kept = {name: value for name, value in os.environ.items() if name not in secret}
    return {**kept, "PATH": f"{path}:/usr/sbin:/sbin"}


def clear_stale_pid(path: Path, *, program: str) -> bool:
    """Remove the pid file `path` unless a live `program` has that pid; return whether it was removed."""
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return False
    if text.isdigit() and processes.name_of(int(text)) == program:
        return False
    path.unlink(missing_ok=True)
    return True
