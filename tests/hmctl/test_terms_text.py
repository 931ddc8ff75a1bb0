"""What a person reads before agreeing: what the terms mean first, and on a change what is different."""

import json
from typing import Any

import pytest

from attestation import envelope
from attestation.digests import sha256_hex
from attestation.manifests.room import AgentDigests, AgentRef, QueryRef, TrustPolicy
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM = "room_0123456789ab"
SOURCE, IMAGE = "ab" * 32, "sha256:" + "1" * 64
SCOPE = AgentDigests("scope", "aaaaaaaaaaaa", SOURCE, "cd" * 32, IMAGE)


def _new(service: LyingService, **changes: Any) -> None:
    service.publish(service.manifest(serial=2, updated_at=1767225900.0, **changes))


def test_everything_that_was_signed_is_shown(bob: Shell, service: LyingService) -> None:
    service.publish(
        service.manifest(
            agents=(SCOPE,),
            mediator=AgentRef("cccccccccccc", "sealed"),
            query=QueryRef("uploadable", "", "inspectable"),
            output_visibility="owner_and_querier",
            allow_artifacts=False,
            llm_providers=(),
            policy="Say it kindly.",
            trust=TrustPolicy("operator_updates", ("0d" * 32,)),
            expires_at=4102444800.0,
            require_row_policies=True,
        )
    )
    shown = bob("room", "inspect", service.link()).out

    for told in (
        "kept; the room's owner can read it",
        "you and whoever shares your invite, and the room's owner",
        "there are none",
        "row policies required: the database itself hides",
        "you can read: scope, query; nobody can read: mediator",
        "after the mediator read it",
        "nothing: no model may be called",
        f"source: {SOURCE}",
        f"image:  {IMAGE}",
        "the asker brings an agent",
        f"{'0d' * 32} (means nothing under operator_updates)",
        "Expires: 2100-01-01 00:00 UTC",
        "  | Say it kindly.",
    ):
        assert told in shown, told
    assert shown.index("Who sees what:") < shown.index("Rules:") < shown.index("Proof:")


CHANGES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "Tables": ({"allowed_tables": ("leases", "wages")}, ("leases", "leases, wages")),
    "Who reads answers": ({"output_visibility": "owner_and_querier"}, ("querier_only", "owner_and_querier")),
    "Model providers": ({"llm_providers": ("openrouter", "tinfoil")}, ("openrouter", "openrouter, tinfoil")),
    "Artifacts": ({"allow_artifacts": False}, ("allowed", "not allowed")),
    "Row policies": ({"require_row_policies": True}, ("not required", "required")),
    "Expires": ({"expires_at": 4102444800.0}, ("never", "2100-01-01 00:00 UTC")),
    "Trust mode": ({"trust": TrustPolicy("owner_approved", ())}, ("operator_updates", "owner_approved")),
    "Mediator": (
        {"mediator": AgentRef("cccccccccccc", "sealed")},
        ("none", "cccccccccccc, sealed, source not signed"),
    ),
    "Scope agent": (
        {"agents": (SCOPE,)},
        (
            "aaaaaaaaaaaa, inspectable, source not signed",
            f"aaaaaaaaaaaa, inspectable, source {SOURCE}, image {IMAGE}",
        ),
    ),
}


@pytest.mark.parametrize("subject", [subject for subject in CHANGES if subject != "Trust mode"])
def test_a_change_is_told_as_a_difference(subject: str, accepted: Shell, service: LyingService) -> None:
    change, (was, now) = CHANGES[subject]
    _new(service, **change)

    shown = accepted("room", "ask", service.link(), "How much?", text="n\n")

    assert shown.code == 1 and shown.out == ""
    assert f"What changed:\n  {subject}:\n    was: {was}\n    now: {now}\nThe new terms" in shown.err


def test_changed_rules_are_told_line_by_line(accepted: Shell, service: LyingService) -> None:
    _new(service, rules="Totals only.\nTenants may be named.\x1b[2J")

    shown = accepted("room", "ask", service.link(), "How much?", text="n\n")

    assert (
        "  Rules:\n      Totals only.\n    - Never name a tenant.\n    + Tenants may be named.\\x1b[2J\nThe new"
        in shown.err
    )


def test_accept_shows_the_same_before_it_records(accepted: Shell, service: LyingService) -> None:
    _new(service, allow_artifacts=False)

    shown = accepted("room", "accept", service.link())

    assert shown.code == 0
    assert "What changed:\n  Artifacts:\n    was: allowed\n    now: not allowed\n" in shown.out
    assert "Who sees what:" in shown.out
    assert accepted("room", "ask", service.link(), "How much?").code == 0
    assert "You accepted these terms before." in accepted("room", "accept", service.link()).out


def test_accept_in_json_tells_the_changes(accepted: Shell, service: LyingService) -> None:
    _new(service, allow_artifacts=False)

    shown = accepted("room", "accept", service.link(), "--json")

    told = json.loads(shown.out)["changes"]
    assert told == [{"subject": "Artifacts", "before": "allowed", "after": "not allowed"}]
    assert "Who sees what:" in shown.err


def test_a_signed_member_of_a_later_version_is_told_too(accepted: Shell, service: LyingService) -> None:
    _new(service)
    row = service.rooms[ROOM]
    signed = envelope.sign(row["manifest"] | {"from_the_future": [1]}, key=service.owner_key)
    row |= {"envelope": signed, "manifest": signed["manifest"], "manifest_hash": signed["manifest_hash"]}

    shown = accepted("room", "ask", service.link(), "How much?", text="n\n")

    assert "Signed member 'from_the_future':\n    was: absent\n    now: [1]\n" in shown.err


def test_accepted_terms_are_kept_by_their_hash(accepted: Shell, service: LyingService) -> None:
    (kept,) = (accepted.home / "accepted-manifests").iterdir()

    assert kept.name == f"{service.rooms[ROOM]['manifest_hash']}.json"
    assert sha256_hex(kept.read_bytes()) == kept.stem
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("content", ["{}", "", '{"rules":"Anything goes."}'])
def test_kept_terms_that_were_changed_are_a_damaged_store(content: str, accepted: Shell, service: LyingService) -> None:
    (kept,) = (accepted.home / "accepted-manifests").iterdir()
    kept.write_text(content)
    _new(service, allow_artifacts=False)

    shown = accepted("room", "ask", service.link(), "How much?", text="y\n")

    assert shown.code == 1
    assert "is not the manifest that its name says" in shown.err
    assert service.requests("POST", ".*") == []


def test_terms_that_were_not_kept_are_shown_whole(accepted: Shell, service: LyingService) -> None:
    (kept,) = (accepted.home / "accepted-manifests").iterdir()
    kept.unlink()
    _new(service, allow_artifacts=False)

    shown = accepted("room", "ask", service.link(), "How much?", text="n\n")

    assert "The terms of that time are not kept here." in shown.err and "Who sees what:" in shown.err


YES = [
    (["-y"], {}),
    (["--yes"], {}),
    *(([], {"HIVEMIND_TRUST_ALL": on}) for on in ("1", "true", "yes", "on", "y", "TRUE")),
    (["-y"], {"HIVEMIND_TRUST_ALL": "1"}),
]


@pytest.mark.parametrize(("flags", "environment"), YES)
def test_no_spelling_of_yes_accepts_terms(
    flags: list[str], environment: dict[str, str], bob: Shell, service: LyingService
) -> None:
    bob.environment |= environment

    shown = bob(*flags, "room", "ask", service.link(), "How much?")

    assert shown.code == 1 and "nobody was there to answer" in shown.err
    assert service.requests("POST", ".*") == []
    assert not (bob.home / "accepted-rooms.json").exists()
    assert bob("room", "ask", service.link(), "How much?", "-y").code == 2


SKIPS: list[tuple[list[str], dict[str, str]]] = [
    (["--dangerously-skip-attestations"], {}),
    ([], {"HIVEMIND_NO_TRUST_CHECK": "1"}),
]


@pytest.mark.parametrize(("flags", "environment"), SKIPS)
@pytest.mark.parametrize("fails", [False, True])
def test_skipped_checks_are_told_on_every_line_and_in_json(
    flags: list[str], environment: dict[str, str], fails: bool, bob: Shell, service: LyingService
) -> None:
    bob.environment |= environment
    if fails:
        service.publish(service.manifest(trust=TrustPolicy("pinned", ("ab" * 32,))))

    shown = bob(*flags, "room", "ask", service.link(), "How much?")
    told = json.loads(bob(*flags, "room", "ask", service.link(), "How much?", "--json").out)

    assert shown.code == (1 if fails else 0)
    lines = shown.err.splitlines()
    assert lines and all(line.startswith("NOT VERIFIED: ") for line in lines), shown.err
    assert told["verification"] == "skipped"


def test_checks_that_are_made_are_not_called_skipped(accepted: Shell, service: LyingService) -> None:
    told = json.loads(accepted("room", "ask", service.link(), "How much?", "--json").out)

    assert "verification" not in told
