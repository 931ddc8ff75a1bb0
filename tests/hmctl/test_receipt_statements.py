"""A receipt of real hardware is kept with the maker's statements, so that its file is enough for ever after."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from attestation.manifests.run_record import evidence_hash
from attestation.receipts.binding import EVIDENCE_NONCE
from tests.hmctl.enclave import Enclave, authority
from tests.hmctl.http_service import Asked
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell
from tests.hmctl.test_receipts import receipted


@pytest.fixture
def enclave(bob: Shell, service: LyingService, tmp_path: Path) -> Enclave:
    """A service in hardware that answers receipts without any statements of its maker."""
    machine = Enclave(service)
    machine.equip(bob, tmp_path)
    asked = Asked("GET", "/v1/attestation", {"nonce": EVIDENCE_NONCE.hex()}, {}, b"")
    evidence: Any = machine.answer(asked)
    stated = {"compose_hash": machine.build, "signer_kind": "dstack", "evidence_sha256": evidence_hash(evidence)}
    service.finish_run = lambda row: {"attestation": receipted(service, row, **stated)}
    service.lie("GET", "/v1/runs/.*/receipt", lambda body: body | {"evidence": evidence})
    return machine


@pytest.fixture
def root(tmp_path: Path) -> str:
    path = tmp_path / "root.der"
    path.write_bytes(authority().trust_root.der)
    return str(path)


def _ask(bob: Shell, service: LyingService, path: Path) -> None:
    assert bob("-y", "room", "accept", service.link()).code == 0
    shown = bob("-y", "room", "ask", service.link(), "How much?", "--receipt", str(path))
    assert shown.code == 0, shown.screen


@pytest.mark.usefixtures("enclave")
def test_a_kept_file_is_checked_by_anybody_without_a_connection(
    bob: Shell, carol: Shell, service: LyingService, tmp_path: Path, root: str
) -> None:
    path, again = tmp_path / "receipt.json", tmp_path / "again.json"
    _ask(bob, service, path)
    run_id = json.loads(path.read_bytes())["record"]["body"]["run_id"]
    assert bob("-y", "receipt", "get", run_id, "--link", service.link(), "-o", str(again)).code == 0
    assert again.read_bytes() == path.read_bytes()
    service.close()

    shown = carol("receipt", "verify", str(path), "--root-ca", root)
    assert shown.code == 0, shown.screen
    assert "verified     run signer: the key that the quote names" in shown.out
    command = [sys.executable, "-m", "attestation", "verify", str(path), "--root-ca", root]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert carol("receipt", "verify", str(path)).code == 1  # the maker of the tests is not the maker


@pytest.mark.usefixtures("enclave")
def test_own_statements_take_the_place_of_the_services(
    bob: Shell, carol: Shell, service: LyingService, tmp_path: Path, root: str
) -> None:
    service.lie("GET", "/v1/runs/.*/receipt", lambda body: body | {"collateral": {"tcb_info": "forged"}})
    path = tmp_path / "receipt.json"
    _ask(bob, service, path)

    kept = json.loads(path.read_bytes())["collateral"]
    assert kept == json.loads(Path(str(bob.environment["HIVEMIND_COLLATERAL"])).read_text())
    assert carol("receipt", "verify", str(path), "--root-ca", root).code == 0


def test_without_statements_the_file_is_kept_and_the_lack_is_told(
    bob: Shell, carol: Shell, service: LyingService, enclave: Enclave, tmp_path: Path, root: str
) -> None:
    path, given = tmp_path / "receipt.json", bob.environment["HIVEMIND_COLLATERAL"]
    _ask(bob, service, path)
    run_id = json.loads(path.read_bytes())["record"]["body"]["run_id"]
    bob.environment |= {"HIVEMIND_COLLATERAL": "", "HIVEMIND_PCCS_URL": "http://127.0.0.1:9"}

    shown = bob("--dangerously-skip-attestations", "receipt", "get", run_id, "--link", service.link(), "-o", str(path))

    assert shown.code == 0, shown.screen
    assert "cannot be checked without --collateral FILE" in shown.err
    assert carol("receipt", "verify", str(path), "--root-ca", root).code == 2
    assert carol("receipt", "verify", str(path), "--root-ca", root, "--collateral", str(given)).code == 0


def test_a_development_receipt_keeps_what_the_service_gave(
    accepted: Shell, service: LyingService, tmp_path: Path
) -> None:
    service.finish_run = lambda row: {"attestation": receipted(service, row)}
    path = tmp_path / "receipt.json"

    assert accepted("room", "ask", service.link(), "How much?", "--receipt", str(path)).code == 0
    assert json.loads(path.read_bytes())["collateral"] is None
