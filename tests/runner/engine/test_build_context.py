"""The archive that the engine gets holds plain files, our Dockerfile, and nothing that leads out of it."""

import tarfile
from pathlib import Path

import pytest

from runner.engine import build_context, errors
from tests.runner.engine import contexts


def _rewritten(context: bytes | Path) -> dict[str, bytes]:
    with (
        build_context.rewritten(context, lambda old: b"NEW " + old) as out,
        tarfile.open(fileobj=out) as tar,
    ):
        members = [member for member in tar if member.isfile()]
        assert len({member.name for member in members}) == len(members)
        return {member.name: tar.extractfile(member).read() for member in members}  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_the_dockerfile_is_replaced_and_the_rest_stays(mode: str, tmp_path: Path) -> None:
    context = contexts.pack({"Dockerfile": "FROM a", "app/agent.py": "x", "empty": ""}, mode=mode)
    expected = {"Dockerfile": b"NEW FROM a", "app/agent.py": b"x", "empty": b""}
    assert _rewritten(context) == expected
    (tmp_path / "context").write_bytes(context)
    assert _rewritten(tmp_path / "context") == expected


def test_a_second_dockerfile_of_another_spelling_does_not_survive() -> None:
    context = contexts.pack({"Dockerfile": "FROM a", "./Dockerfile": "FROM b", "x/../Dockerfile": "FROM c"})
    assert _rewritten(context) == {"Dockerfile": b"NEW FROM c"}


def test_modes_stay_but_set_id_bits_do_not() -> None:
    context = contexts.pack({"Dockerfile": "F", "run": "x"}, file_mode=0o6755)
    with build_context.rewritten(context, lambda old: old) as out, tarfile.open(fileobj=out) as tar:
        assert tar.getmember("run").mode == 0o755


@pytest.mark.parametrize("files", [{}, {"agent.py": "x"}, {"sub/Dockerfile": "F"}, {"dockerfile": "F"}])
def test_without_a_dockerfile_at_the_root_there_is_nothing_to_build(files: dict[str, str | bytes]) -> None:
    with pytest.raises(errors.DockerfileMissing):
        build_context.rewritten(contexts.pack(files), lambda old: old)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(errors.BuildRefused):
        build_context.rewritten(contexts.pack({"Dockerfile": "F", path: "x"}), lambda old: old)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind: bytes) -> None:
    with pytest.raises(errors.BuildRefused):
        build_context.rewritten(contexts.with_link("link", "/etc/passwd", kind=kind), lambda old: old)


@pytest.mark.parametrize("context", [b"", b"not a tar", contexts.pack({"Dockerfile": "F" * 5000})[:1000]])
def test_what_is_no_archive_is_refused(context: bytes) -> None:
    with pytest.raises((errors.BuildRefused, errors.DockerfileMissing)):
        build_context.rewritten(context, lambda old: old)
