"""Images that cannot be built say why to their owner, and leave nothing behind."""

import json

import docker
import pytest

from agents.models import Agent, ImageBuild
from agents.services import builds
from agents.services.engine import engine
from tests.factories import packages
from tests.factories.platform import Platform

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        (b"FROM hivemind-agent-base:latest\nRUN echo canary-build-output && exit 7\n", "canary-build-output"),
        (b"FROM nobody-has-this-image:latest\n", "image"),
        (b"", "Dockerfile"),
    ],
)
def test_a_failed_build_tells_its_owner_why(platform: Platform, dockerfile: bytes, words: str) -> None:
    archive = packages.package("pass", dockerfile=dockerfile)
    with pytest.raises(AssertionError, match=words):
        platform.agent("query", "", archive=archive)
    build = ImageBuild.objects.get()
    assert (build.status, build.handoff) == ("failed", {})
    body = platform.alice.client.get(f"/v1/runs/{build.pk}").json()
    assert body["error"].startswith("Image build failed: ")


def test_an_image_that_is_gone_is_built_again_for_the_next_question(platform: Platform) -> None:
    room = platform.room(mediator=None)
    tag = Agent.objects.get(agent_type="query").image_tag
    engine().remove_image(tag)
    body = platform.ask(room, "SELECT count(*) AS n FROM sales")
    assert body["status"] == "completed", body["error"]


def test_an_image_that_somebody_else_tagged_is_not_run(platform: Platform) -> None:
    room = platform.room(mediator=None)
    query, scope = Agent.objects.get(agent_type="query"), Agent.objects.get(agent_type="scope")
    docker.APIClient().tag(scope.image_tag, query.image_tag.removesuffix(":latest"), "latest", force=True)
    assert builds.current_image(Agent.objects.get(pk=query.pk), engine()) is None
    body = platform.ask(room, "SELECT count(*) AS n FROM sales")
    assert json.loads(body["output"]) == [{"n": 3}]
