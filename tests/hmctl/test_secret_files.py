"""What looks like a secret stays at home unless its owner insists, and no byte of it is ever shown."""

from pathlib import Path

import pytest

from attestation.digests import SourceFile
from hmctl.errors import BadInput
from hmctl.packages import packing, secret_files

PRIVATE_KEY = b"-----BEGIN OPENSSH " + b"PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n"


def found(path: str, content: bytes = b"x") -> list[str]:
    return [suspect.path for suspect in secret_files.find([SourceFile(path, 0o644, content)])]


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "deep/down/.env",
        ".env.production",
        "prod.env",
        ".ENV",
        ".netrc",
        ".git-credentials",
        "keys/id_ed25519",
        "tls/server.key",
        "store.p12",
        "home/.aws/credentials",
        ".docker/config.json",
    ],
)
def test_names_that_mean_secrets_are_found(path: str) -> None:
    assert found(path) == [path]


@pytest.mark.parametrize(
    "path",
    [".env.example", "environment.py", "keyboard.py", "id_rsa.pub", "docs/credentials", "ca.pem", "config.json"],
)
def test_names_that_only_sound_alike_are_not(path: str) -> None:
    assert found(path) == []


@pytest.mark.parametrize(
    "content",
    [
        PRIVATE_KEY,
        b"-----BEGIN " + b"PRIVATE KEY-----",
        b"KEY = 'hmk_" + b"a" * 43 + b"'",
        b"link: hmq_" + b"B-" * 21 + b"c",
        b"sk-or-v1-" + b"0" * 64,
        b"aws = AKIA" + b"Z" * 16,
        b"//registry.example/:_authToken=abcdefgh1234",
    ],
)
def test_contents_that_are_secrets_are_found_in_any_file(content: bytes) -> None:
    assert found("notes.txt", b"first line\n" + content) == ["notes.txt"]


def test_a_certificate_and_a_short_look_alike_are_no_secrets() -> None:
    assert found("ca.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n") == []
    assert found("agent.py", b"TOKEN = 'hmk_short'; risk-or-v1 = 'sk-or-v1-x'") == []


def test_the_refusal_names_files_and_a_way_on_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM hivemind-agent-base\n")
    (tmp_path / ".env").write_text("PASSWORD=canary-value-1")
    (tmp_path / "key.txt").write_bytes(PRIVATE_KEY)
    with pytest.raises(BadInput) as refused:
        packing.pack(tmp_path)
    assert ".env (settings with secrets), key.txt (a private key)" in refused.value.message
    assert ".dockerignore" in refused.value.hint and "--allow-secrets" in refused.value.hint
    assert "canary" not in refused.value.message + refused.value.hint
    assert {file.path for file in packing.pack(tmp_path, allow_secrets=True).files} == {
        ".env",
        "Dockerfile",
        "key.txt",
    }


def test_a_secret_that_an_ignore_file_names_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM hivemind-agent-base\n")
    (tmp_path / ".env").write_text("PASSWORD=x")
    (tmp_path / ".dockerignore").write_text(".env\n")
    assert [file.path for file in packing.pack(tmp_path).files] == ["Dockerfile"]


def test_an_archive_is_looked_into_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM hivemind-agent-base\n")
    (folder / ".env").write_text("x")
    archive = tmp_path / "agent.tar.gz"
    archive.write_bytes(packing.pack(folder, allow_secrets=True).archive)
    with pytest.raises(BadInput, match="looks like secrets"):
        packing.pack(archive)
