import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attestation import envelope
from attestation.canonical import ROOM_V1
from attestation.digests import text_hash
from attestation.encoding import b64
from attestation.errors import ManifestError
from attestation.keys import derive_room_signing_key
from attestation.manifests.room import AgentDigests, RoomManifest, TrustPolicy, parse_room, with_trust

VECTORS = Path(__file__).parents[1] / "vectors"
GOLDEN = json.loads((VECTORS / "manifests.json").read_text())
INPUTS = json.loads((VECTORS / "inputs.json").read_text())
NAMES = ("full", "minimal", "trust_update")
FULL = GOLDEN["full"]["manifest"]
SCOPE_DIGESTS = AgentDigests("scope", "scope-1", "a" * 64, "b" * 64, "sha256:" + "c" * 64)


def replaced(path: str, value: object) -> dict[str, Any]:
    """The golden manifest with one member, named by its dotted path, replaced."""
    manifest: dict[str, Any] = json.loads(json.dumps(FULL))
    *parents, last = path.split(".")
    holder = manifest
    for name in parents:
        holder = holder[name]
    holder[last] = value
    return manifest


@pytest.mark.parametrize("name", NAMES)
def test_reading_and_writing_a_manifest_keeps_every_byte(name: str) -> None:
    wire = parse_room(GOLDEN[name]["manifest"]).to_wire()
    assert ROOM_V1.encode(wire).decode() == GOLDEN[name]["canonical_text"]


@pytest.mark.parametrize("case", GOLDEN["rules_hash"], ids=["text", "empty"])
def test_rules_are_hashed_as_the_protocol_says(case: dict[str, str]) -> None:
    assert text_hash(case["text"]) == case["sha256"]


def test_a_trust_update_replaces_trust_and_time_and_nothing_else() -> None:
    golden = GOLDEN["trust_update"]
    new = golden["manifest"]["trust"]
    updated = with_trust(FULL, trust=TrustPolicy(new["mode"], tuple(new["allowed_composes"])), updated_at=1760000100.5)
    key = derive_room_signing_key(INPUTS["owner_key"], tenant_id=INPUTS["tenant_id"])
    assert ROOM_V1.encode(envelope.sign(updated, key=key)).decode() == golden["stored_envelope_text"]


def test_a_trust_update_keeps_members_it_does_not_know_and_raises_the_serial() -> None:
    updated = with_trust(FULL | {"future": 1}, trust=TrustPolicy("operator_updates"), updated_at=2, serial=8)
    assert updated["future"] == 1
    assert parse_room(updated).serial == 8
    assert isinstance(updated["updated_at"], float)


@pytest.mark.parametrize("mode", ["pinned", "owner_approved"])
def test_a_trust_update_to_a_restricting_mode_must_list_builds(mode: str) -> None:
    with pytest.raises(ManifestError):
        with_trust(FULL, trust=TrustPolicy(mode), updated_at=2.0)


def test_our_members_appear_only_when_set(room: RoomManifest) -> None:
    ours = {"serial", "expires_at", "agents", "updated_at"}
    assert not ours & room.to_wire().keys()
    full = dataclasses.replace(room, serial=3, expires_at=2e9, updated_at=1.0, agents=(SCOPE_DIGESTS,))
    wire = full.to_wire()
    assert ours <= wire.keys()
    assert wire["agents"] == [dataclasses.asdict(SCOPE_DIGESTS)]
    assert parse_room(wire) == full


def test_a_room_without_table_rules_differs_from_a_room_without_tables(room: RoomManifest) -> None:
    old = dataclasses.replace(room, allowed_tables=None)
    assert "allowed_tables" not in old.to_wire()
    assert parse_room(old.to_wire()).allowed_tables is None
    none = dataclasses.replace(room, allowed_tables=())
    assert parse_room(none.to_wire()).allowed_tables == ()


def test_times_are_floats_on_the_wire_whatever_the_caller_gave(room: RoomManifest) -> None:
    whole = dataclasses.replace(room, created_at=5, updated_at=6, expires_at=7).to_wire()
    assert [repr(whole[name]) for name in ("created_at", "updated_at", "expires_at")] == ["5.0", "6.0", "7.0"]


def test_unknown_members_are_ignored() -> None:
    assert parse_room(FULL | {"future": {"x": 1}}) == parse_room(FULL)


@pytest.mark.parametrize("name", sorted(FULL.keys() - {"allowed_tables"}))
def test_no_other_member_may_be_missing(name: str) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_room({key: value for key, value in FULL.items() if key != name})
    assert refused.value.field.split(".")[0] == name


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "hivemind.room.v2"),
        ("room_id", ""),
        ("room_id", 5),
        ("tenant_id", None),
        ("rules", "Other rules."),
        ("rules_hash", "0" * 64),
        ("rules_hash", FULL["rules_hash"].upper()),
        ("scope", []),
        ("scope.agent_id", ""),
        ("scope.visibility", "Sealed"),
        ("query.mode", "any"),
        ("query.agent_id", ""),
        ("mediator.visibility", None),
        ("output.visibility", "everybody"),
        ("egress.llm_providers", ["acme"]),
        ("egress.llm_providers", "openrouter"),
        ("egress.llm_providers", [1]),
        ("egress.allow_artifacts", "yes"),
        ("egress.allow_artifacts", 1),
        ("trust.mode", "all"),
        ("trust.allowed_composes", None),
        ("allowed_tables", None),
        ("allowed_tables", ["a; drop table b"]),
        ("allowed_tables", ["_hidden"]),
        ("allowed_tables", ["t\n"]),
        ("created_at", "now"),
        ("created_at", True),
        ("created_at", float("inf")),
        ("updated_at", None),
        ("owner_pubkey_b64", ""),
        ("owner_pubkey_b64", "AA+B/="),
        ("owner_pubkey_b64", b64(bytes(32))),
        ("serial", -1),
        ("serial", 1.0),
        ("serial", True),
        ("expires_at", None),
        ("agents", {}),
        ("agents", ["scope"]),
    ],
    ids=str,
)
def test_a_member_of_a_wrong_type_or_value_is_refused_by_name(path: str, value: object) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_room(replaced(path, value))
    assert refused.value.field.startswith(path.split(".", maxsplit=1)[0])
    assert refused.value.code


@pytest.mark.parametrize(
    "agents",
    [
        (SCOPE_DIGESTS, SCOPE_DIGESTS),
        (dataclasses.replace(SCOPE_DIGESTS, agent_id="another"),),
        (dataclasses.replace(SCOPE_DIGESTS, role="owner"),),
        (dataclasses.replace(SCOPE_DIGESTS, source_sha256="short"),),
        (dataclasses.replace(SCOPE_DIGESTS, files_sha256=""),),
    ],
)
def test_digests_must_be_those_of_the_room_s_own_agents(
    agents: tuple[AgentDigests, ...], signed_room: Callable[..., dict[str, Any]]
) -> None:
    with pytest.raises(ManifestError):
        parse_room(signed_room(agents=agents)["manifest"])
