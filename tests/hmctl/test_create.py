"""`room create`: what is sent is what was asked for, and what comes back is held against it."""

import json
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from attestation.digests import sha256_hex
from attestation.keys import SigningKey
from attestation.manifests.room import AgentDigests
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

NEW = "room_fedcba987654"


@pytest.fixture
def agent(tmp_path: Path) -> str:
    folder = tmp_path / "scope-agent"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM hivemind-agent-base\n")
    (folder / ".notes").write_text("KEY=1")
    return str(folder)


def test_prints_room_and_invite(alice: Shell, service: LyingService, agent: str) -> None:
    shown = alice("room", "create", agent, "--name", "rents", "--rules", "Totals only.", "--allowed-table", "leases")

    assert shown.code == 0
    assert shown.out == f"Room: {NEW}\nInvite: {service.link(NEW)}\n"
    assert "warning: scope-agent contains hidden files: .notes" in shown.err
    assert "scope: uploading scope-agent (2 files, " in shown.err
    assert "has no rules" not in shown.err


def test_a_room_without_rules_is_made_and_said_to_have_none(alice: Shell, service: LyingService, agent: str) -> None:
    shown = alice("room", "create", agent)
    assert (shown.code, "the room has no rules that people could agree to" in shown.err) == (0, True)


def test_sends_the_published_body_and_form(alice: Shell, service: LyingService, agent: str) -> None:
    alice("room", "create", agent, "--query-agent", "bbbbbbbbbbbb", "--rules", "r", "--scope-private", ".notes")

    upload = service.requests("POST", "/v1/room-agents")[0].form
    assert {name: value.decode() for name, value in upload.items() if name != "archive"} == {
        "name": "scope-agent",
        "agent_type": "scope",
        "description": "",
        "private_paths": '[".notes"]',
        "inspection_mode": "full",
    }
    with tarfile.open(fileobj=BytesIO(upload["archive"])) as tar:
        assert tar.getnames() == [".notes", "Dockerfile"]
    assert service.requests("POST", "/v1/rooms")[0].json == {
        "name": "",
        "rules": "r",
        "policy": None,
        "scope_agent_id": "a00000000001",
        "query_visibility": "sealed",
        "mediator_agent_id": None,
        "mediator_visibility": None,
        "output_visibility": "querier_only",
        "egress": {"llm_providers": ["openrouter"], "allow_artifacts": True},
        "allowed_tables": [],
        "trust": {"mode": "operator_updates"},
        "query_mode": "fixed",
        "query_agent_id": "bbbbbbbbbbbb",
    }


def test_row_policies_are_required_only_when_asked_for(alice: Shell, service: LyingService, agent: str) -> None:
    shown = alice("room", "create", agent, "--rules", "r", "--require-row-policies", "--json")

    assert service.requests("POST", "/v1/rooms")[0].json["require_row_policies"] is True
    assert json.loads(shown.out)["room"]["manifest"]["scope"]["require_row_policies"] is True


def test_terms_without_the_row_policies_that_were_asked_for_are_refused(
    alice: Shell, service: LyingService, agent: str
) -> None:
    honest = service.publish
    service.publish = lambda manifest, **given: honest(replace(manifest, require_row_policies=False), **given)

    shown = alice("room", "create", agent, "--rules", "r", "--require-row-policies")

    assert shown.code == 1
    assert "signed other terms than asked for: row policies" in shown.err


@pytest.mark.parametrize(
    "change",
    [
        {"rules": "Anything goes."},
        {"allowed_tables": ("leases", "salaries")},
        {"output_visibility": "owner_and_querier"},
        {"llm_providers": ("openrouter", "tinfoil")},
        {"require_row_policies": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_terms_than_asked_for_are_refused(change: dict, alice: Shell, service: LyingService, agent: str) -> None:
    honest = service.publish

    def publish(manifest, **given):
        from dataclasses import replace

        from attestation.digests import text_hash

        altered = replace(manifest, **change)
        return honest(replace(altered, rules_hash=text_hash(altered.rules)), **given)

    service.publish = publish
    shown = alice("room", "create", agent, "--rules", "Totals only.", "--allowed-table", "leases")

    assert shown.code == 1
    assert "signed other terms than asked for" in shown.err
    assert "hmroom://" not in shown.out


def test_another_source_than_uploaded_is_refused(alice: Shell, service: LyingService, agent: str) -> None:
    honest = service.publish
    digests = AgentDigests("scope", "a00000000001", sha256_hex(b"other"), sha256_hex(b"other"))

    def publish(manifest, **given):
        from dataclasses import replace

        return honest(replace(manifest, agents=(digests,)), **given)

    service.publish = publish
    shown = alice("room", "create", agent)

    assert shown.code == 1
    assert "another source of the scope agent than the one uploaded" in shown.err


def test_an_invite_with_another_owner_key_is_refused(alice: Shell, service: LyingService, agent: str) -> None:
    stranger = SigningKey.generate().public_b64
    service.lie("POST", "/v1/rooms", lambda body: body | {"link": service.link(NEW, owner=stranger)})

    shown = alice("room", "create", agent)

    assert shown.code == 1
    assert "another key" in shown.err


def test_the_owner_key_is_remembered_for_the_bare_id(alice: Shell, service: LyingService, agent: str) -> None:
    assert alice("room", "create", agent).code == 0
    mallory = SigningKey.generate()
    service.publish(service.manifest(NEW, owner_pubkey_b64=mallory.public_b64, serial=7), key=mallory)

    assert alice("room", "inspect", NEW).code == 1


@pytest.mark.parametrize("typo", ["./scoop-agent", "agents/scope", "scope.tar.gz", "~/scope"])
def test_a_mistyped_path_is_not_taken_for_an_id(typo: str, alice: Shell, service: LyingService) -> None:
    shown = alice("room", "create", typo)

    assert shown.code == 1
    assert "there is no" in shown.err
    assert service.asked == []


def test_a_failed_build_leaves_nothing_behind(alice: Shell, service: LyingService, agent: str) -> None:
    service.finish_run = lambda row: {"status": "failed", "error": "RUN pip install: exit 1"}

    shown = alice("room", "create", agent, "--query-agent", agent)

    assert shown.code == 1
    assert "could not be built: RUN pip install: exit 1" in shown.err
    assert service.agents == {}
    assert service.requests("POST", "/v1/rooms") == []


def test_one_failed_build_calls_the_others_off(alice: Shell, service: LyingService, agent: str) -> None:
    failed = {"run_id": "b00000000001", "status": "failed", "error": "no space"}
    service.answer("GET", "/v1/runs/b00000000001", failed)
    service.answer("GET", "/v1/runs/b00000000002", {"run_id": "b00000000002", "status": "running"})

    shown = alice("room", "create", agent, "--query-agent", agent, "--build-timeout", "100000")

    assert shown.code == 1
    assert "could not be built: no space" in shown.err
    assert sum(alice.clock.slept) < 50_000
    assert service.agents == {}


def test_a_refused_room_leaves_no_agents_behind(alice: Shell, service: LyingService, agent: str) -> None:
    service.answer("POST", "/v1/rooms", Reply({"detail": "table leases does not exist"}, 400))

    shown = alice("room", "create", agent, "--allowed-table", "leases", "--json")

    assert json.loads(shown.out)["error"]["message"] == "400: table leases does not exist"
    assert service.agents == {}


def test_contradictions_are_usage_errors(alice: Shell, service: LyingService, agent: str) -> None:
    for flags in (
        ["--rules", "a", "--rules-file", "b"],
        ["--query-agent", "bbbbbbbbbbbb", "--uploadable-query"],
        ["--no-llm", "--llm-provider", "tinfoil"],
        ["--expires-in", "30d", "--expires-at", "2099-01-01"],
        ["--compose", "ab"],
    ):
        assert alice("room", "create", agent, *flags).code == 2
    assert service.asked == []


def test_a_dry_run_sends_nothing(alice: Shell, service: LyingService, agent: str) -> None:
    shown = alice("room", "create", agent, "--dry-run")
    document = json.loads(alice("room", "create", agent, "--dry-run", "--json").out)

    assert shown.code == 0
    assert "FILE        SIZE\n.notes      5 B\nDockerfile  25 B\n" in shown.out
    assert document["uploads"][0]["files"] == [".notes", "Dockerfile"]
    assert service.asked == []
