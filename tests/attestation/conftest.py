"""Alice owns the room; Bob is invited; Carol has a key of her own and no right to anything."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from attestation import envelope
from attestation.digests import text_hash
from attestation.keys import SigningKey
from attestation.manifests.room import AgentRef, QueryRef, RoomManifest, TrustPolicy

hypothesis.settings.register_profile("kernel", deadline=None, database=None, max_examples=60)
hypothesis.settings.load_profile("kernel")

VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.fixture
def alice() -> SigningKey:
    return SigningKey.from_seed(b"a" * 32)


@pytest.fixture
def carol() -> SigningKey:
    return SigningKey.from_seed(b"c" * 32)


@pytest.fixture
def room(alice: SigningKey) -> RoomManifest:
    return RoomManifest(
        room_id="room_aaaaaaaaaaaa",
        tenant_id="t_aaaaaaaaaaaa",
        name="Diary",
        rules="Only totals.",
        rules_hash=text_hash("Only totals."),
        policy="Only totals.",
        scope=AgentRef("scope-1", "inspectable"),
        query=QueryRef("fixed", "query-1", "sealed"),
        mediator=AgentRef("mediator-1", "inspectable"),
        output_visibility="querier_only",
        llm_providers=("openrouter",),
        allow_artifacts=False,
        trust=TrustPolicy("operator_updates"),
        allowed_tables=("diary",),
        created_at=1_760_000_000.0,
        owner_pubkey_b64=alice.public_b64,
    )


@pytest.fixture
def signed_room(alice: SigningKey, room: RoomManifest) -> Callable[..., dict[str, Any]]:
    """Alice's envelope for her room, with the given fields replaced."""

    def sign(**changes: Any) -> dict[str, Any]:
        return envelope.sign(dataclasses.replace(room, **changes).to_wire(), key=alice)

    return sign


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Golden data by topic."""
    return lambda topic: json.loads((VECTORS / f"{topic}.json").read_text())
