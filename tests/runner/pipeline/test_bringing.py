"""A participant's own agent is built, asks, and leaves no more behind than it must."""

import json
import threading
import time
from typing import Any

import docker
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from agents.models import Agent, ImageBuild
from agents.services.engine import engine
from attestation.digests import text_hash
from attestation.server import signer
from attestation.verifier import RunExpectation, verify_run
from runner.models import Run
from runner.services import execute
from tests.factories import packages, rooms
from tests.factories.platform import Platform
from tests.factories.rooms import MadeRoom

pytestmark = pytest.mark.docker
COUNT = "SELECT count(*) AS n FROM sales"


def place(platform: Platform, **request: Any) -> MadeRoom:
    """An uploadable room over `sales`."""
    scope = platform.agent("scope", packages.ALLOW_ALL)
    wanted = {"scope_agent_id": scope, "llm_providers": (), "allowed_tables": ("sales",)}
    return rooms.room(platform.alice, **(wanted | request))


def bring(platform: Platform, room: MadeRoom, archive: bytes, prompt: str = COUNT) -> dict[str, Any]:
    by = room.bob
    by.defaults["HTTP_X_HIVEMIND_API_KEY"] = platform.bob.api_key
    body = {"name": "mine", "prompt": prompt, "archive": SimpleUploadedFile("a.tar.gz", archive)}
    answer = by.post(f"{room.url}/query-agents", body)
    assert answer.status_code == 200, answer.content
    platform.tags.append(Agent.objects.get(pk=answer.json()["agent_id"]).image_tag)
    return dict(answer.json())


def carried_out(room: MadeRoom, run_id: str) -> dict[str, Any]:
    """This process carries the run out, Bob reads it."""
    execute.run(run_id)
    return dict(room.bob.get(f"/v1/runs/{run_id}").json())


def failed(room: MadeRoom, body: dict[str, Any]) -> RunExpectation:
    """What the record of a failed run has to say."""
    return RunExpectation(
        signer_pubkey_b64=signer.run_signer().key.public_b64,
        run_id=body["run_id"],
        room_id=room.room_id,
        room_manifest_hash=room.row.manifest_hash,
        status="failed",
        prompt_hash=text_hash(COUNT),
        output="",
        error=body["error"],
        compose_hash=None,
        client_nonce=None,
        agents=None,
    )


def test_a_package_is_built_answers_and_is_named_by_the_record(platform: Platform) -> None:
    room = place(platform)
    sent = bring(platform, room, packages.package(packages.ECHO_SQL))
    body = carried_out(room, sent["run_id"])
    assert (body["status"], json.loads(body["output"])) == ("completed", [{"n": 3}]), body["error"]
    assert body["build_started_at"] <= body["build_ended_at"] <= body["scope_started_at"]
    assert (body["build"]["status"], body["build"]["shared"]) == ("completed", False)
    assert body["build"]["step"] == body["build"]["steps"] > 0
    record = body["attestation"]["body"]
    assert (record["query_agent_id"], record["query_files_digest"]) == (sent["agent_id"], sent["files_digest_sha256"])
    agent = Agent.objects.get(pk=sent["agent_id"])
    assert agent.used_at is not None and agent.image_bytes > 0
    assert {a["role"]: (a["source_sha256"], a["image_id"]) for a in record["agents"]}["query"] == (
        sent["source_sha256"],
        agent.image_id,
    )


def test_the_same_bytes_again_take_the_image_that_is_there(platform: Platform) -> None:
    room = place(platform)
    archive = packages.package(packages.ECHO_SQL)
    first, second = bring(platform, room, archive), bring(platform, room, archive)
    carried_out(room, first["run_id"])
    body = carried_out(room, second["run_id"])
    assert body["status"] == "completed", body["error"]
    assert body["build"]["shared"] is True
    one, two = (Agent.objects.get(pk=sent["agent_id"]) for sent in (first, second))
    assert one.image_id == two.image_id
    asked_again = platform.ask(room, COUNT, query_agent_id=two.pk)
    assert asked_again["status"] == "completed" and "build" not in asked_again
    assert asked_again["build_started_at"] is None


def test_an_owners_equal_package_shares_nothing_with_a_guests(platform: Platform) -> None:
    room = place(platform)
    archive = packages.package(packages.ECHO_SQL + f"\n# {time.monotonic_ns()}\n")
    owners = platform.agent("query", "", archive=archive)
    sent = bring(platform, room, archive)
    body = carried_out(room, sent["run_id"])
    assert body["build"]["shared"] is False
    images = {Agent.objects.get(pk=agent_id).image_id for agent_id in (owners, sent["agent_id"])}
    assert len(images) == 2


def test_a_build_that_fails_ends_the_run_in_words_that_hold_nothing_of_the_package(platform: Platform) -> None:
    room = place(platform, output_visibility="owner_and_querier")
    dockerfile = b"FROM hivemind-agent-base:latest\nRUN echo canary-in-the-log && exit 7\n"
    sent = bring(platform, room, packages.package("pass", dockerfile=dockerfile))
    body = carried_out(room, sent["run_id"])
    assert (body["status"], body["outcome"]) == ("failed", "build_failed")
    assert body["error"] == "Image build failed: a step of the Dockerfile failed; its log tells the uploader more"
    verify_run(body["attestation"], expect=failed(room, body))
    assert (body["scope_started_at"], body["billing_status"]) == (None, "settled")
    build = ImageBuild.objects.get(run_id=sent["run_id"])
    assert (build.status, "canary" in build.error) == ("failed", False)
    assert b"canary" not in bytes(build.log_sealed)
    assert "canary" not in json.dumps(platform.alice.client.get(f"/v1/runs/{sent['run_id']}").json())
    url = f"/v1/room-agents/{sent['agent_id']}/build"
    log = room.bob.get(url).json()["log"]
    assert "RUN echo canary-in-the-log" in log and "non-zero code: 7" in log
    assert platform.alice.client.get(url).status_code == 404


def test_a_run_that_is_cancelled_while_it_builds_stops_the_build(platform: Platform) -> None:
    room = place(platform)
    mark = f"sleep 61.{time.monotonic_ns() % 100_000}"
    dockerfile = f"FROM hivemind-agent-base:latest\nRUN {mark}\n".encode()
    sent = bring(platform, room, packages.package("pass", dockerfile=dockerfile))
    carried = threading.Thread(target=_carry_out, args=(sent["run_id"],))
    carried.start()
    api = docker.APIClient(version="auto")
    while not [c for c in api.containers() if mark in c["Command"]]:
        assert carried.is_alive()
        time.sleep(0.1)
    assert room.bob.delete(f"/v1/runs/{sent['run_id']}").status_code == 200
    carried.join(15)
    run = Run.objects.get(pk=sent["run_id"])
    assert (run.status, run.failure_code) == ("cancelled", "cancelled")
    assert ImageBuild.objects.get(run_id=run.pk).status == "failed"


def test_an_image_that_the_engine_lost_is_built_again_to_the_byte(platform: Platform) -> None:
    room = place(platform)
    source = "import os, sys\nprint(oct(os.stat('/app/tool.sh').st_mode & 0o777), open('/app/.hidden', 'rb').read())\n"
    sent = bring(platform, room, packages.package(source, **{".hidden": b"\xff\x00\r\n", "tool.sh": b"#!/bin/sh\n"}))
    first = carried_out(room, sent["run_id"])
    engine().remove_image(Agent.objects.get(pk=sent["agent_id"]).image_tag)
    again = platform.ask(room, COUNT, query_agent_id=sent["agent_id"])
    assert first["status"] == again["status"] == "completed", again["error"]
    assert first["output"] == again["output"]
    assert r"b'\xff\x00\r\n'" in first["output"]


def _carry_out(run_id: str) -> None:
    try:
        execute.run(run_id)
    finally:
        connections.close_all()
