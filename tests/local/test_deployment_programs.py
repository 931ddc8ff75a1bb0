"""The small programs of a deployment: secrets made once, a lock read for another Python, a beat that is looked at."""

import os
import time
from pathlib import Path

import docker
import pytest

from deploy.image import beating, make_secrets, name_agent_base
from deploy.lock_for import lock_for

LOCK = Path(__file__).resolve().parents[2] / "requirements" / "server.lock"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "chown", lambda *_: None)  # the tests' account need not be root
    return tmp_path


def test_secrets_are_made_once_and_differ(folder: Path) -> None:
    make_secrets.ensure(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    make_secrets.ensure(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    assert len(set(first.values())) == len(first) == 4
    assert all(len(value) > 40 for value in first.values())
    assert first["database-url"] == f"postgresql://hivemind:{first['service-password']}@postgres:5432/hivemind"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o440}


def test_a_secret_that_was_half_written_is_written_anew(folder: Path) -> None:
    (folder / "secret-key.new").write_text("ha")
    make_secrets.ensure(folder)
    assert len((folder / "secret-key").read_text()) > 40
    assert not (folder / "secret-key.new").exists()


def test_a_lock_is_read_for_the_python_of_the_base() -> None:
    older, newer = (lock_for(LOCK.read_text(), version) for version in ("3.11.2", "3.12.4"))
    assert "async-timeout==" in older
    assert "async-timeout==" not in newer
    assert older.count("\ndjango-unfold==") == newer.count("\ndjango-unfold==") == 1
    for text in (older, newer):
        assert "pywin32" not in text
        assert " ; " not in text
        pins = [line for line in text.splitlines() if "==" in line]
        assert all(line.endswith("\\") for line in pins), "every package keeps its hashes"
        assert text.count("--hash=sha256:") > len(pins)


@pytest.mark.parametrize(("age", "status"), [(0, 0), (600, 0), (1200, 1)])
def test_a_beat_that_writes_no_more_is_noticed(tmp_path: Path, age: int, status: int) -> None:
    schedule = tmp_path / "schedule.db"
    schedule.touch()
    os.utime(schedule, (time.time() - age,) * 2)
    assert beating.main(tmp_path / "schedule") == status


def test_a_beat_that_never_wrote_is_noticed(tmp_path: Path) -> None:
    assert beating.main(tmp_path / "schedule") == 1


@pytest.mark.docker
def test_agents_bases_get_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_agent_base, "ENGINE", os.environ.get("DOCKER_HOST", name_agent_base.ENGINE))
    engine = docker.DockerClient(base_url=name_agent_base.ENGINE)
    base = engine.images.get("hivemind-agent-base:latest")
    names = ("hivemind-test-named-base", "hivemind-test-named-base-hermes")
    monkeypatch.setattr(name_agent_base, "NAMES", names)
    try:
        name_agent_base.main([f"{name}={base.id}" for name in names])
        assert {engine.images.get(f"{name}:latest").id for name in names} == {base.id}
    finally:
        for name in names:
            engine.images.remove(f"{name}:latest", noprune=True)


def test_no_other_image_gets_a_name_from_it() -> None:
    with pytest.raises(SystemExit, match="not from 'postgres'"):
        name_agent_base.main(["postgres=registry.example/evil@sha256:" + "0" * 64])
