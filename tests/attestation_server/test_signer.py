"""The development key that signs run records: one per installation, closed to others, honest about itself."""

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client

from attestation.evidence.bundle import NotReady, parse_bundle
from attestation.keys import VerifyKey, derive_run_signer
from attestation.server import signer
from attestation.server.errors import SignerUnusable
from attestation.server.services import evidence
from tests.attestation_server import standing_in

ROOT = Path(__file__).resolve().parents[2]
PRINT_KEY = """
import os, sys, pathlib, dataclasses
os.environ["DJANGO_SETTINGS_MODULE"] = "hivemind.settings.test"
from django.conf import settings
settings.HIVEMIND = dataclasses.replace(settings.HIVEMIND, state_dir=pathlib.Path(sys.argv[1]))
from attestation.server import signer
print(signer.run_signer().key.public_b64)
"""


@pytest.fixture
def state(tmp_path, settings):
    """An empty state directory of its own."""
    settings.HIVEMIND = replace(settings.HIVEMIND, state_dir=tmp_path / "state")
    return tmp_path / "state"


def test_the_key_is_made_once_and_closed_to_others(state):
    first = signer.run_signer()
    path = state / "development-run-signer.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signer.run_signer().key.public_b64 == first.key.public_b64
    assert first.kind == "development"
    assert [file.name for file in state.iterdir()] == [path.name]
    assert first.key.seed.hex() not in repr(first)


def test_processes_that_start_at_once_agree_on_one_key(state):
    command = [sys.executable, "-c", PRINT_KEY, str(state)]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    keys = {process.communicate(timeout=60)[0].strip() for process in started}
    assert len(keys) == 1
    assert keys == {signer.run_signer().key.public_b64}


def test_another_process_has_the_agents_key_without_being_told(tmp_path):
    socket = tmp_path / "agent.sock"
    environment = {**os.environ, "HIVEMIND_EVIDENCE": "development", "HIVEMIND_DSTACK_ENDPOINT": str(socket)}
    with standing_in.listening(socket):
        command = [sys.executable, "-c", PRINT_KEY.replace(".test", ".base"), str(tmp_path / "state")]
        printed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    derived = derive_run_signer(bytes.fromhex(standing_in.MACHINE.key("hivemind-runs-v1")["key"]))
    assert printed.strip() == derived.public_b64


def test_it_signs_what_its_public_half_verifies(state):
    made = signer.run_signer()
    VerifyKey.from_b64(made.key.public_b64).verify(made.key.sign(b"record"), b"record")


@pytest.mark.parametrize("content", ["", "not base64", "QUJD"])
def test_a_damaged_key_is_refused_and_never_replaced(state, content):
    signer.run_signer()
    path = state / "development-run-signer.key"
    path.write_text(content)
    with pytest.raises(SignerUnusable):
        signer.run_signer()
    assert path.read_text() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(state, mode):
    signer.run_signer()
    (state / "development-run-signer.key").chmod(mode)
    with pytest.raises(SignerUnusable):
        signer.run_signer()


def test_the_bundle_is_public_and_says_what_the_key_is_worth(state, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        body = Client().get("/v1/attestation", headers={"Authorization": "Bearer stale"}).json()
    assert body == {
        "ready": False,
        "reason": "no_attested_hardware",
        "hivemind_version": "0.3.7",
        "development": {
            "run_signer_pubkey_b64": signer.run_signer().key.public_b64,
            "label": "development key, proves nothing about hardware",
        },
    }
    assert isinstance(parse_bundle(body), NotReady)


def test_the_bundle_never_fails(state):
    signer.run_signer()
    (state / "development-run-signer.key").write_text("damaged")
    assert evidence.bundle() == {
        "ready": False,
        "reason": "run_signer_unusable",
        "hivemind_version": "0.3.7",
    }


def test_there_is_no_build_digest_without_hardware():
    assert signer.compose_hash() == ""
