"""Hostile recipes and images on the real engine: no image comes of the first, no trick of the second."""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from runner.engine import errors, hardening
from runner.engine.base import BuildSpec, ContainerSpec, Exit, ExitReason, ImageInfo
from runner.engine.builds import RECIPE_LABEL
from tests.hostile import recipes
from tests.hostile.agent.places import MARKER
from tests.hostile.containers import Yard
from tests.runner.engine import contexts

pytestmark = pytest.mark.docker

_EARLY = "#!/bin/sh\necho early > /tmp/early\n"
# Run instead of the image's own command: it tells who and where it is.
_TELL = """
import json, os
kind = {line.split()[1]: line.split()[2] for line in open("/proc/self/mounts")}
print(json.dumps({
    "ids": [os.getuid(), os.getgid()], "cwd": os.getcwd(), "early": os.path.exists("/tmp/early"),
    "checked": os.path.exists("/tmp/checked"), "token": os.environ.get("SESSION_TOKEN"),
    "word": open("/run/hive/in/WORD").read(), "kinds": kind, "root": sorted(os.listdir("/")),
    "hosts": open("/etc/hosts").read(), "here": sorted(os.listdir("."))[:50], "url": os.environ.get("BRIDGE_URL"),
}))
"""


@contextlib.contextmanager
def _built(yard: Yard, text: str) -> Iterator[ImageInfo]:
    tag = f"hivemind-test-recipe:{secrets.token_hex(6)}"
    files: dict[str, str | bytes] = {"Dockerfile": text, "agent.py": _TELL, "early.sh": _EARLY, "hosts": "6.6.6.6 x\n"}
    spec = BuildSpec(tag=tag, context=contexts.pack(files), fetch_missing=False, timeout_seconds=60)
    try:
        yield yard.engine.build_image(spec)
    finally:
        yard.engine.close()
        yard.engine.remove_image(tag)


def _run(yard: Yard, image: ImageInfo) -> Exit:
    spec = ContainerSpec(
        name=f"hivemind-test-recipe-{secrets.token_hex(6)}",
        image=image.id,
        run_id="0123456789ab",
        stage="query",
        entrypoint=("python3", "-I", "-c", _TELL),
    )
    with yard.engine.prepare(spec) as prepared:
        labels = docker.APIClient(version="auto").inspect_container(prepared.container_id)["Config"]["Labels"]
        assert labels[hardening.RUN_LABEL] == "0123456789ab"
        assert labels[hardening.MANAGED_BY_LABEL] == hardening.MANAGED_BY
        assert labels[hardening.INSTANCE_LABEL] == yard.engine._config.instance
        prepared.release({"SESSION_TOKEN": "of-the-stage", "BRIDGE_URL": "b"}, files={"WORD": b"of-the-stage"})
        return prepared.wait(time.monotonic() + 20)


def _as_always(told: dict[str, Any]) -> None:
    """What holds for every program, whatever its image says."""
    assert told["ids"] == [1000, 1000]
    assert not told["early"] and not told["checked"]
    assert (told["token"], told["word"], told["url"]) == ("of-the-stage", "of-the-stage", "b")
    assert told["hosts"] == "127.0.0.1\tlocalhost\n"
    assert "6.6.6.6" not in told["hosts"]
    assert not any(name.startswith(MARKER) for name in told["here"] + told["root"])


@pytest.mark.parametrize("name", recipes.REFUSED)
def test_no_image_comes_of_it(yard: Yard, name: str) -> None:
    with pytest.raises(errors.EngineError) as refused, _built(yard, recipes.REFUSED[name]) as image:
        _run(yard, image)
    assert isinstance(refused.value, errors.BuildError | errors.InvalidSpec), refused.value


@pytest.mark.parametrize("name", recipes.HARMLESS)
def test_settings_of_the_image_change_nothing(yard: Yard, name: str) -> None:
    with _built(yard, recipes.HARMLESS[name]) as image:
        assert image.labels[hardening.MANAGED_BY_LABEL] == hardening.MANAGED_BY
        assert image.labels[hardening.INSTANCE_LABEL] == yard.engine._config.instance
        assert image.labels[RECIPE_LABEL] != "forged"
        ended = _run(yard, image)
        assert ended.reason is ExitReason.EXITED and ended.code == 0, ended.stderr
        told = json.loads(ended.stdout)
        _as_always(told)
        assert all(told["kinds"][volume] == "tmpfs" for volume in image.volumes)


@pytest.mark.parametrize("name", recipes.PLACED)
def test_nothing_of_the_image_gets_between_the_gate_and_its_program(yard: Yard, name: str) -> None:
    marker = Path("/tmp") / f"{MARKER}-{os.getpid()}"
    marker.write_text("of the host")
    text = f"{recipes.BASE}COPY . /app/\nUSER root\n{recipes.PLACED[name]}\n"
    try:
        with _built(yard, text) as image:
            ended = _run(yard, image)
    except errors.EngineError:
        return  # it did not start, which is as good
    finally:
        marker.unlink()
    if ended.reason is ExitReason.EXITED and ended.code == 0:
        _as_always(json.loads(ended.stdout))
    else:
        assert b"of-the-stage" not in ended.stdout + ended.stderr


def test_a_step_of_a_build_finds_nothing_of_the_machine(yard: Yard) -> None:
    markers = [Path("/tmp") / f"{MARKER}-{os.getpid()}", Path("/root") / f"{MARKER}-{os.getpid()}"]
    for marker in markers:
        marker.write_text("of the host")
    os.environ["HIVEMIND_CANARY_OF_THE_WORKER"] = "canary"
    show = 'import json, os; print(json.dumps({n: open("/found/" + n).read() for n in os.listdir("/found")}))'
    try:
        with _built(yard, f"{recipes.BASE}USER root{recipes.LOOKING}") as image:
            spec = ContainerSpec(
                name=f"hivemind-test-recipe-{secrets.token_hex(6)}",
                image=image.id,
                run_id="r",
                stage="query",
                entrypoint=("python3", "-I", "-c", show),
            )
            with yard.engine.prepare(spec) as prepared:
                prepared.release({})
                found = json.loads(prepared.wait(time.monotonic() + 20).stdout)
    finally:
        del os.environ["HIVEMIND_CANARY_OF_THE_WORKER"]
        for marker in markers:
            marker.unlink()
    assert found["interfaces"].split() == ["lo"]
    assert "canary" not in found["environment"]
    empty = ("places", "mount", "descriptors", "markers", "everything")
    assert {name: found[name] for name in empty} == dict.fromkeys(empty, "")


def test_another_uploaders_image_is_nobodys_base(yard: Yard) -> None:
    with _built(yard, recipes.BASE + "COPY agent.py /app/sealed.py\n") as victim:
        api = docker.APIClient(version="auto")
        (tag,) = api.inspect_image(victim.id)["RepoTags"]
        short = victim.id.removeprefix("sha256:")
        for text in (
            f"FROM {tag}\n",
            f"FROM {tag.upper()}\n",
            f"FROM docker.io/library/{tag}\n",
            f"FROM {victim.id}\n",
            f"FROM {short}\n",
            f"FROM {short[:12]}\n",
            f"FROM {tag.partition(':')[0]}@{victim.id}\n",
            f"ARG A={tag}\nFROM $A\n",
            f"ARG A={short[:6]}\nARG B={short[6:12]}\nFROM ${{A}}${{B}}\n",
            f"{recipes.BASE}COPY --from={tag} /app/sealed.py /x\n",
            f"{recipes.BASE}COPY --from={victim.id} /app/sealed.py /x\n",
            f"{recipes.BASE}COPY --chown=1:1 --from={short[:12]} /app/sealed.py /x\n",
            f"{recipes.BASE}AS a\nFROM a\nCOPY --from={tag} /app/sealed.py /x\n".replace("\nAS", " AS"),
        ):
            with pytest.raises(errors.BuildError), _built(yard, text):
                pass
