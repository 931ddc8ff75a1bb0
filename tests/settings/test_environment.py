"""A wrong setting stops the start with one line that says what to do."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from hivemind.settings import env
from hivemind.settings.env import SettingsError

ROOT = Path(__file__).resolve().parent.parent.parent


def load(tmp_path: Path, **values: str) -> object:
    return env.load({f"HIVEMIND_{name}": value for name, value in values.items()}, base_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PROT", "8100", "did you mean HIVEMIND_PORT"),
        ("PORT", "80a", "must be a whole number"),
        ("PORT", "0", "must be at least 1"),
        ("CONTAINER_CPU_QUOTA", "nan", "must be at least"),
        ("CONTAINER_MEMORY_MB", "8", "must be at least 16"),
        ("DEBUG", "maybe", "must be true or false"),
        ("SCOPE_MODE", "quick", "must be one of"),
        ("THROTTLE_SIGNUP", "5/fortnight", "'5/fortnight' is not a rate such as 5/hour"),
        ("QUERY_DIRECT_SQL_FALLBACK", "1", "is not a setting"),
        ("ENCLAVE_TLS", "maybe", "must be true or false"),
        ("ENCLAVE_TLS", "1", "takes its key from a guest agent; set HIVEMIND_EVIDENCE"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refusal:
        load(tmp_path, **{name: value})
    assert "\n" not in str(refusal.value)


def test_an_empty_value_means_the_default(tmp_path: Path) -> None:
    assert env.load({"HIVEMIND_PORT": ""}, base_dir=tmp_path).service.port == 8100


def test_a_secret_comes_from_a_file_and_is_never_taken_from_two_places(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("s3cret\n")
    schema = env.load({"HIVEMIND_ADMIN_KEY_FILE": str(secret)}, base_dir=tmp_path)
    assert schema.service.admin_key == "s3cret"
    with pytest.raises(SettingsError, match="both set"):
        load(tmp_path, ADMIN_KEY="x", ADMIN_KEY_FILE=str(secret))
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, ADMIN_KEY_FILE=str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match="not a setting"):
        load(tmp_path, PORT_FILE=str(secret))


@pytest.mark.parametrize(
    ("value", "on"),
    [("1", True), ("TRUE", True), ("yes", True), ("on", True), ("0", False), ("off", False), ("", False)],
)
def test_tls_in_the_machine_is_switched_by_a_word_and_zero_means_off(tmp_path: Path, value: str, on: bool) -> None:
    schema = env.load({"HIVEMIND_EVIDENCE": "dstack", "HIVEMIND_ENCLAVE_TLS": value}, base_dir=tmp_path)
    assert schema.evidence.enclave_tls is on


def test_every_setting_has_its_own_name() -> None:
    names = [f.metadata["name"] for group in env.GROUPS.values() for f in fields(group)]
    assert len(names) == len(set(names))


def test_the_process_ends_with_one_line(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HIVEMIND_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment | {"HIVEMIND_STATE_DIR": str(tmp_path), "HIVEMIND_PROT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "settings: HIVEMIND_PROT is not a setting of Hivemind; did you mean HIVEMIND_PORT?"


def test_no_origin_may_read_answers_until_one_is_configured() -> None:
    from django.test import Client, override_settings

    asked = {"Origin": "https://app.example"}
    assert "Access-Control-Allow-Origin" not in Client().get("/v1/healthz", headers=asked).headers
    with override_settings(CORS_ALLOWED_ORIGINS=["https://app.example"]):
        answer = Client().get("/v1/healthz", headers=asked).headers
        assert answer["Access-Control-Allow-Origin"] == "https://app.example"
        assert "Access-Control-Allow-Credentials" not in answer
        other = Client().get("/v1/healthz", headers={"Origin": "https://evil.example"}).headers
        assert "Access-Control-Allow-Origin" not in other
