"""One image for the same bytes where that is allowed, none of it noticeable elsewhere, and leftovers that go."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import docker
import pytest

from runner.engine import errors
from runner.engine.base import BuildSpec, BuildWatch, ImageInfo
from runner.engine.builds import RECIPE_LABEL
from runner.engine.docker import DockerEngine
from tests.runner.engine import contexts

pytestmark = pytest.mark.docker
TEXT = "FROM hivemind-agent-base\nCOPY agent.py /app/agent.py\nRUN echo stepped\n"


@pytest.fixture
def tags(docker_engine: DockerEngine) -> Iterator[list[str]]:
    """Three tags whose images are removed at the end."""
    names = [f"hivemind-test-shared:{time.monotonic_ns()}-{number}" for number in range(3)]
    yield names
    for name in names:
        docker_engine.remove_image(name)


def spec(tag: str, *, text: str = TEXT, content: str = "print('x')\n", **settings: object) -> BuildSpec:
    context = contexts.pack({"Dockerfile": text, "agent.py": content})
    return BuildSpec(tag=tag, context=context, **settings)  # type: ignore[arg-type]


def stepped(engine: DockerEngine, wanted: BuildSpec) -> tuple[ImageInfo, str]:
    said: list[str] = []
    return engine.build_image(wanted, watch=BuildWatch(said.append)), "".join(said)


def test_the_same_bytes_by_the_same_recipe_are_tagged_and_not_built(
    docker_engine: DockerEngine, tags: list[str]
) -> None:
    first, said = stepped(docker_engine, spec(tags[0], cache_scope="aa"))
    assert "stepped" in said and "Step 1/" in said
    assert len(first.labels[RECIPE_LABEL]) == 64
    again, silent = stepped(docker_engine, spec(tags[1], cache_scope="aa", reuse=(first.id,)))
    assert (again.id, silent) == (first.id, "")
    docker_engine.remove_image(tags[0])
    assert docker_engine.image_info(tags[1]) == again


@pytest.mark.parametrize("changes", [{"content": "print('y')\n"}, {"text": TEXT + "RUN true\n"}, {"cache_scope": "bb"}])
def test_other_bytes_steps_or_scopes_are_built(
    docker_engine: DockerEngine, tags: list[str], changes: dict[str, object]
) -> None:
    first, _ = stepped(docker_engine, spec(tags[0], cache_scope="aa"))
    other, said = stepped(docker_engine, spec(tags[1], **({"cache_scope": "aa", "reuse": (first.id,)} | changes)))
    assert other.id != first.id
    assert "stepped" in said or "Using cache" in said


def test_a_step_of_another_scope_is_never_taken_from_the_cache(docker_engine: DockerEngine, tags: list[str]) -> None:
    text = TEXT + f"RUN echo {time.monotonic_ns()}\n"
    stepped(docker_engine, spec(tags[0], text=text, cache_scope="aa"))
    _, same = stepped(docker_engine, spec(tags[1], text=text, cache_scope="aa"))
    _, other = stepped(docker_engine, spec(tags[2], text=text, cache_scope="bb"))
    assert same.count("Using cache") >= 3
    steps = other.split("Step ")
    assert not [step for step in steps if "RUN" in step and "Using cache" in step]
    assert not [step for step in steps if "COPY" in step and "Using cache" in step]


def test_an_image_that_is_gone_or_not_by_that_recipe_is_not_taken(docker_engine: DockerEngine, tags: list[str]) -> None:
    base = docker_engine.image_info("hivemind-agent-base:latest")
    assert base is not None
    built, said = stepped(docker_engine, spec(tags[0], cache_scope="cc", reuse=("sha256:" + "0" * 64, base.id)))
    assert built.id != base.id and said


def test_a_scope_that_could_say_something_else_is_refused(docker_engine: DockerEngine, tags: list[str]) -> None:
    with pytest.raises(errors.InvalidSpec):
        docker_engine.build_image(spec(tags[0], cache_scope='aa" other="x'))


def test_a_build_that_nobody_wants_any_more_is_ended(docker_engine: DockerEngine, tags: list[str]) -> None:
    began = time.monotonic()
    watch = BuildWatch(lambda text: None, stopped=lambda: time.monotonic() > began + 2)
    with pytest.raises(errors.BuildStopped):
        docker_engine.build_image(spec(tags[0], text="FROM hivemind-agent-base\nRUN sleep 93\n"), watch=watch)
    assert time.monotonic() - began < 8
    assert docker_engine.image_info(tags[0]) is None


def test_only_this_installations_images_are_listed(docker_engine: DockerEngine, tags: list[str]) -> None:
    built, _ = stepped(docker_engine, spec(tags[0], cache_scope="aa"))
    mine = {tag: image for image in docker_engine.list_images() for tag in image.tags}
    assert mine[tags[0]].id == built.id
    assert mine[tags[0]].size_bytes > 0
    assert "hivemind-agent-base:latest" not in mine
    other = DockerEngine(replace(docker_engine._config, instance="another-installation"))
    assert tags[0] not in {tag for image in other.list_images() for tag in image.tags}
    other.close()


def test_what_a_failed_build_left_goes_and_what_is_tagged_stays(docker_engine: DockerEngine, tags: list[str]) -> None:
    kept, _ = stepped(docker_engine, spec(tags[0], cache_scope="aa"))
    mark = str(time.monotonic_ns())
    with pytest.raises(errors.BuildFailed):
        docker_engine.build_image(spec(tags[1], text=f"{TEXT}RUN echo {mark}\nRUN exit 3\n", cache_scope="dd"))
    time.sleep(1.1)  # the engine's moments are whole seconds
    docker_engine.prune_images(older_than_seconds=0)
    found = docker.APIClient(version="auto").images(all=True, filters={"label": ["hivemind-build-scope=dd"]})
    assert found == []
    assert docker_engine.image_info(tags[0]) == kept


def test_builds_go_on_while_images_with_the_same_steps_are_removed(docker_engine: DockerEngine) -> None:
    def build_and_remove(turn: int) -> str:
        tag = f"hivemind-test-shared:{time.monotonic_ns()}-{turn}"
        text = "FROM hivemind-agent-base\nWORKDIR /app\nENV A=1\nCOPY agent.py /app/agent.py\n"
        made = docker_engine.build_image(spec(tag, text=text, content=f"print({turn})\n", cache_scope="cc"))
        docker_engine.remove_image(tag)
        return made.id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(build_and_remove, range(24)))) == 24


def test_a_step_that_speaks_like_the_engine_is_not_built_again(docker_engine: DockerEngine, tags: list[str]) -> None:
    said: list[str] = []
    text = "FROM hivemind-agent-base\nRUN echo once; echo No such image: sha256:00 >&2; false\n"
    with pytest.raises(errors.BuildFailed, match="A step of the Dockerfile failed"):
        docker_engine.build_image(spec(tags[0], text=text), watch=BuildWatch(said.append))
    assert "".join(said).count("Step 2/") == 1
