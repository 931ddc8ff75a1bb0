"""Programs that carry a privilege of their own, baked into the image, and what starting them gives."""

import functools
import os
import stat
import subprocess
from pathlib import Path

from tests.hostile.agent.trying import DONE, Attempt, Steps, outcome


def _run(program: str, *command: str, **environment: str) -> str:
    variables = {**os.environ, **environment}
    try:
        done = subprocess.run(command, executable=program, capture_output=True, text=True, env=variables, check=False)
    except OSError as error:
        return str(error)
    return done.stdout.strip()


def _set_id_programs() -> Steps:
    steps = {}
    for program in ("setuid", "setgid"):
        path = f"/opt/baked/{program}"
        found = f"{_run(path, 'busybox', 'id', '-u')} {_run(path, 'busybox', 'id', '-g')}"
        steps[f"baked {program} program"] = "EPERM" if found == "1000 1000" else f"{DONE} {found}"
    steps["su"] = "EPERM" if _run("/usr/bin/su", "su", "-c", "id -u") != "0" else DONE
    mode = os.stat("/opt/baked/setuid").st_mode
    steps["the bit was really there"] = "EPERM" if mode & stat.S_ISUID else f"{DONE} {mode:o}"
    return steps


def _own_set_id_program() -> Steps:
    Path("/tmp/own").write_bytes(Path("/opt/baked/setuid").read_bytes())
    os.chmod("/tmp/own", 0o6755)
    return {"give it to root": outcome(functools.partial(os.chown, "/tmp/own", 0, 0))}


def _file_capabilities() -> Steps:
    carried = outcome(lambda: os.getxattr("/opt/baked/capable", "security.capability"))
    program = "print([l for l in open('/proc/self/status') if l.startswith('CapEff')][0].split()[1])"
    effective = _run("/opt/baked/capable", "python3", "-c", program)
    mount = "import ctypes; print(ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, 0))"
    return {
        "the capability was really there": "EPERM" if carried.startswith(DONE) else f"{DONE} without: {carried}",
        "baked capabilities": "EPERM"
        if "not permitted" in effective or effective == "0" * 16
        else f"{DONE} {effective}",
        "mount with them": f"{DONE}" if _run("/opt/baked/capable", "python3", "-c", mount) == "0" else "EPERM",
    }


def _preload_into_a_privileged_program() -> Steps:
    found = _run("/opt/baked/setuid", "busybox", "id", "-u", LD_PRELOAD="/tmp/payload.so", LD_LIBRARY_PATH="/tmp")
    return {"preload into a setuid program": "EPERM" if found == "1000" else f"{DONE} {found}"}


ATTEMPTS: dict[str, Attempt] = {
    "set-id-programs": _set_id_programs,
    "own-set-id-program": _own_set_id_program,
    "file-capabilities": _file_capabilities,
    "preload-into-a-privileged-program": _preload_into_a_privileged_program,
}
