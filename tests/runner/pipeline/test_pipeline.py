"""Three sealed containers answer a question about a private table."""

import json
import time

import docker
import pytest

from attestation.digests import text_hash
from attestation.server import signer
from attestation.verifier import RunExpectation, verify_run
from runner.models import Run
from tests.factories import packages
from tests.factories.platform import Platform

pytestmark = pytest.mark.docker


def test_a_question_is_answered_scoped_mediated_and_signed(platform: Platform) -> None:
    room = platform.room(scope=packages.FIRST_ROW_ONLY)
    question = "SELECT id, amount FROM sales ORDER BY id"
    body = platform.ask(room, question, client_nonce="ab" * 32)
    assert body["status"] == "completed", body["error"]
    assert body["output"].startswith("mediated: ")
    assert json.loads(body["output"].removeprefix("mediated: ")) == [{"id": 1, "amount": "10.50"}]
    record = verify_run(
        body["attestation"],
        expect=RunExpectation(
            signer_pubkey_b64=signer.run_signer().key.public_b64,
            run_id=body["run_id"],
            room_id=room.room_id,
            room_manifest_hash=room.row.manifest_hash,
            status="completed",
            prompt_hash=text_hash(question),
            output=body["output"],
            error=None,
            compose_hash=None,
            client_nonce="ab" * 32,
            agents=None,
        ),
    )
    assert all(agent["image_id"].startswith("sha256:") for agent in record.body["agents"])
    assert record.body["container_runtime"]
    for stage in ("scope", "query", "mediator"):
        assert body[f"{stage}_started_at"] <= body[f"{stage}_ended_at"]
    assert body["usage"]["stages"]["query"]["bridge"]["tool_call_counts"] == {"execute_sql": 1}


def test_another_table_than_the_signed_one_is_out_of_reach(platform: Platform) -> None:
    room = platform.room(mediator=None)
    body = platform.ask(room, "SELECT word FROM secrets")
    assert body["status"] == "completed"
    assert "canary-other-table" not in body["output"]
    assert "error" in json.loads(body["output"])


@pytest.mark.parametrize(
    ("stage", "source", "code", "words"),
    [
        ("scope", "raise SystemExit(3)", "scope_agent_failed", "it exited with status 3"),
        ("scope", "print('no json')", "scope_agent_failed", "no JSON object"),
        ("scope", "import json; print(json.dumps({'scope_fn': 'import os'}))", "scope_agent_failed", "refused"),
        ("query", "import sys; sys.stderr.write('canary-stderr'); sys.exit(2)", "query_agent_failed", "status 2"),
        ("query", "while True: print('x' * 100000)", "query_agent_failed", "printed more"),
        ("query", "import time; time.sleep(600)", "query_agent_failed", "timed out after 2 s"),
        ("query", "x = []\nwhile True: x.append(bytes(10**7))", "query_agent_failed", "memory"),
        ("mediator", "import sys; sys.exit('canary-stderr')", "mediator_agent_failed", "status 1"),
    ],
)
def test_an_agent_that_fails_ends_the_run_in_our_words_and_the_next_run_works(
    platform: Platform, stage: str, source: str, code: str, words: str
) -> None:
    bad = platform.room(**{stage: source})
    body = platform.ask(bad, "SELECT 1 AS one FROM sales LIMIT 1", timeout_seconds=2)
    assert (body["status"], body["outcome"]) == ("failed", code), body["error"]
    assert words in body["error"]
    assert "canary" not in json.dumps(body)
    assert body["attestation"]["body"]["status"] == "failed"
    good = platform.ask(platform.room(), "SELECT count(*) AS n FROM sales")
    assert json.loads(good["output"].removeprefix("mediated: ")) == [{"n": 3}]


def test_an_agent_that_prints_nothing_gives_the_known_sentence(platform: Platform) -> None:
    body = platform.ask(platform.room(query="pass"), "anything")
    assert body["output"] == "mediated: (Agent produced no output)"


def test_a_long_answer_reaches_the_mediator_and_is_cut_at_the_end(platform: Platform) -> None:
    room = platform.room(query="print('ä' * 200_000)", mediator=packages.ECHO_RAW)
    body = platform.ask(room, "x")
    assert body["status"] == "completed", body["error"]
    assert len(body["output"]) == 50_000


def test_after_the_end_no_key_no_container_and_no_prompt_is_left(platform: Platform) -> None:
    room = platform.room()
    body = platform.ask(room, "SELECT 1 AS canary FROM sales")
    run = Run.objects.get(pk=body["run_id"])
    assert run.handoff == {}
    deadline = time.monotonic() + 10
    while left := docker.APIClient().containers(all=True, filters={"label": f"hivemind-run-id={run.pk}"}):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
