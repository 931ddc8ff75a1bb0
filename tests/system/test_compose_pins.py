"""Our client against a whole service with development evidence: pins are kept by both and enforced by the client."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories.service import ROOT, Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
OTHER_BUILD = "ee" * 32
Hmctl = Callable[..., str]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    running = Service()
    running.environment |= {"HIVEMIND_EVIDENCE": "development"}
    with running:
        yield running


def machine(home: Path, service: Service, key: str) -> Hmctl:
    """The client on a machine of the owner's."""

    def hmctl(*words: str, code: int = 0, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hmctl", *words],
            cwd=ROOT,
            env={"HIVEMIND_HOME": str(home / "hive"), "HOME": str(home), "PATH": os.environ["PATH"]},
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if words[-1] == "--json" else done.stdout + done.stderr

    home.mkdir()
    hmctl("init", "--service", service.origin, "--api-key", "-", text=key + "\n")
    return hmctl


def pins(hmctl: Hmctl) -> list[tuple[str, str, bool]]:
    listed = json.loads(hmctl("trust", "pin", "list", "--json"))
    assert listed["at_the_service"]["withheld"] == []
    return [(pin["pin_id"], pin["state"], pin["registered"]) for pin in listed["pins"]]


def checks(hmctl: Hmctl, code: int = 0) -> dict[str, Any]:
    return {item["name"]: item["status"] for item in json.loads(hmctl("doctor", "--json", code=code))["checks"]}


def test_a_pin_goes_with_its_owner_from_machine_to_machine(service: Service, tmp_path: Path) -> None:
    key = service.tenant("pinning")
    desk, laptop = machine(tmp_path / "desk", service, key), machine(tmp_path / "laptop", service, key)

    first = json.loads(desk("trust", "pin", "create", "--live", "--json"))["pin_id"]
    assert pins(desk) == [(first, "in_force", True)]
    assert pins(laptop) == [(first, "in_force", True)]
    assert checks(laptop)["compose pins"] == "ok"

    second = json.loads(desk("trust", "pin", "create", "--compose", OTHER_BUILD, "-y", "--json", code=4))
    assert second["registered"] is False and second["problem"]["code"] == "compose_not_pinned"
    desk("balance", "--json", code=4)
    assert checks(desk, code=4)["compose pins"] == "fail"
    desk("trust", "pin", "revoke", second["pin_id"], "-y", "--local", "--json")
    desk("balance", "--json")


def test_a_rotated_key_takes_its_pins_along_and_a_revoked_pin_stays_revoked(service: Service, tmp_path: Path) -> None:
    desk = machine(tmp_path / "desk", service, service.tenant("rotating"))
    old = json.loads(desk("trust", "pin", "create", "--live", "--expires-in", "30d", "--json"))["pin_id"]

    desk("rotate-key", "-y")

    [(new, state, registered)] = pins(desk)
    assert new != old and (state, registered) == ("in_force", True)
    desk("trust", "pin", "revoke", new, "-y")
    assert pins(desk) == [(new, "revoked", True)]
    desk("trust", "pin", "revoke", "ffffffffffff", "-y", "--json", code=3)
