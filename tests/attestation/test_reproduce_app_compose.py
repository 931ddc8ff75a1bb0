"""The measured text itself: strictly read, and nothing in it starts unseen."""

import hashlib
import json
from typing import Any

import pytest

from attestation.reproduce import links
from attestation.reproduce.links import LinkOutcome
from tests.attestation.reproduced import SOURCE_FILE, app_compose, follow, link

SCRIPT = "docker run --privileged carol/backdoor"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"not json",
        app_compose(runner="bash"),
        app_compose(runner=None),
        app_compose(compose_file=""),
        app_compose(docker_compose_file=7),
        app_compose(docker_compose_file=None),
        app_compose(allowed_envs="OPENROUTER_KEY"),
        app_compose()[:-1] + b', "docker_compose_file": "services: {}"}',
        app_compose() + b"{}",
        b'{"runner": "docker-compose", "docker_compose_file": "\\ud800"}',
        b"[" * 100_000,
        json.dumps({"runner": "docker-compose", "docker_compose_file": "x" * 600_000}).encode(),
    ],
    ids=lambda text: text[:40].decode("ascii"),
)
def test_a_measured_text_of_another_form_is_failed(text: bytes) -> None:
    found = link(follow(text), links.APP_COMPOSE)

    assert (found.outcome, found.code) == (LinkOutcome.FAILED, "app_compose_malformed")


@pytest.mark.parametrize(
    "changes",
    [
        {"pre_launch_script": SCRIPT},
        {"init_script": SCRIPT},
        {"bash_script": SCRIPT},
        {"something_new": SCRIPT},
        {"something_new": {"run": SCRIPT}},
        {"docker_config": {"registry": "carol.example"}},
    ],
)
def test_what_starts_beside_the_compose_file_is_partial_until_it_is_reviewed(changes: dict[str, Any]) -> None:
    text = app_compose(**changes)
    found = link(follow(text), links.LAUNCH)
    assert (found.outcome, found.code) == (LinkOutcome.PARTIAL, "launch_unreviewed")
    ((member, digest),) = found.evidence.items()
    assert member in changes

    chain = follow(text, reviewed=frozenset({digest}))
    assert chain.outcome is LinkOutcome.VERIFIED
    assert link(chain, links.LAUNCH).evidence[f"{member} (reviewed by you)"] == digest


def test_a_reviewed_script_is_known_by_the_digest_of_its_own_bytes() -> None:
    text = app_compose(pre_launch_script=SCRIPT)

    assert link(follow(text), links.LAUNCH).evidence == {
        "pre_launch_script": hashlib.sha256(SCRIPT.encode()).hexdigest()
    }
    other = hashlib.sha256(SCRIPT.encode() + b"\n").hexdigest()
    assert link(follow(text, reviewed=frozenset({other})), links.LAUNCH).outcome is LinkOutcome.PARTIAL


@pytest.mark.parametrize("empty", ["", None, False, {}, []])
def test_an_empty_member_starts_nothing(empty: object) -> None:
    members = json.loads(app_compose()) | {"pre_launch_script": empty}

    assert link(follow(json.dumps(members).encode()), links.LAUNCH).outcome is LinkOutcome.VERIFIED


@pytest.mark.parametrize("name", ["COMPOSE_FILE", "DOCKER_HOST", "compose_project_name"])
def test_variables_that_steer_docker_cannot_be_reviewed_away(name: str) -> None:
    found = link(follow(app_compose(allowed_envs=[name])), links.LAUNCH)

    assert (found.outcome, found.evidence) == (LinkOutcome.PARTIAL, {"variables that steer Docker": name})


def test_the_variables_that_the_operator_may_set_are_told() -> None:
    assert link(follow(), links.LAUNCH).evidence == {"variables the operator may set": "OPENROUTER_KEY"}


def test_text_outside_ascii_is_hashed_as_it_came() -> None:
    compose = SOURCE_FILE.replace("in front", "größer")
    members = json.loads(app_compose(compose))
    for ascii_only in (True, False):
        text = json.dumps(members, ensure_ascii=ascii_only).encode()
        assert follow(text, source_file=compose.encode()).outcome is LinkOutcome.VERIFIED
