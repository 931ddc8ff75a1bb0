"""Rows of every kind that the admin shows, with a canary in each place that it must not show."""

from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from agents.enums import AgentType
from agents.models import Agent, ImageBuild
from attestation.tokens import INVITE, new_token, parse_token
from hivemind.kit import audit, clock, ids
from hivemind.kit.audit import Actor
from hivemind.kit.models import WorkerKey
from rooms.models import Invite, Room, RoomKeyWrap, ShareLink, VaultItem
from runner.enums import FailureCode, RunStatus, StageStatus
from runner.models import Artifact, Run, Stage
from tenants.models import ApiKey, Tenant
from tests.admin import books, proof
from tests.factories import rooms, tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

CANARY = "CANARY"
DIGEST = "ca7a" * 16
PROMPT_DIGEST = "5ec2" * 16


def bytes_of(word: str) -> bytes:
    """A canary for a binary column."""
    return f"{CANARY}-{word}".encode()


def terms(agent_id: str) -> dict[str, Any]:
    """The frozen terms of a run, as the row keeps them."""
    stage = {
        "agent_id": agent_id,
        "source_sha256": DIGEST,
        "files_digest": DIGEST,
        "attested_files_digest": DIGEST,
        "timeout_seconds": 120,
        "max_llm_calls": 20,
        "memory_mb": 256,
        "model": "a-model",
    }
    return {
        **{"scope": stage, "query": stage, "mediator": None, "policy": f"{CANARY}-policy"},
        **{"allowed_tables": [f"{CANARY}_table"], "client_nonce": f"{CANARY}-nonce", "max_tokens": 1000},
        **{"room_id": "", "tenant_id": "", "manifest_hash": DIGEST, "llm_providers": [], "provider": ""},
        **{"query_visibility": "sealed", "output_visibility": "querier_only", "allow_artifacts": True},
        **{"scope_mode": "fast", "scope_mode_reason": ""},
    }


def run(room: Room, status: RunStatus = RunStatus.RUNNING, *, age_seconds: float = 10, **values: Any) -> Run:
    """A run of `room` with two stages."""
    created = clock.now() - timedelta(seconds=age_seconds)
    ended = None if status in (RunStatus.PENDING, RunStatus.RUNNING) else created + timedelta(seconds=5)
    agent_id = ids.agent_id()
    row = Run.objects.create(
        id=ids.run_id(),
        tenant_id=room.tenant_id,
        room=room,
        status=status,
        failure_code=FailureCode.PLATFORM if status == RunStatus.FAILED else "",
        scope_agent_id=agent_id,
        query_agent_id=agent_id,
        room_manifest_hash=room.manifest_hash,
        output_visibility="querier_only",
        terms=terms(agent_id),
        issuer_role="query",
        issuer_token_id="0123456789ab",
        payer_tenant_id=room.tenant_id,
        request_sha256=f"{CANARY}-request",
        prompt_sealed=bytes_of("prompt"),
        prompt_sha256=PROMPT_DIGEST,
        output_sealed=bytes_of("output"),
        error=f"{CANARY}-error",
        receipt='{"body": {"signer_kind": "development", "prompt_hash": "CANARY-receipt"}}' if ended else "",
        usage={"calls": 3, "total_tokens": 4242, "stages": {"scope": {"note": f"{CANARY}-usage"}}},
        handoff={} if ended else {"worker": f"{CANARY}-handoff"},
        worker_id="worker-1",
        deadline_at=created + timedelta(minutes=20),
        created_at=created,
        updated_at=created,
        ended_at=ended,
        **values,
    )
    for position, name in enumerate(("scope", "query")):
        state = StageStatus.WAITING if ended is None else StageStatus.DONE
        Stage.objects.create(run=row, name=name, position=position, status=state, usage={"note": f"{CANARY}-stage"})
    return row


def build(agent: Agent, status: str = "failed", *, age_seconds: float = 10) -> ImageBuild:
    """A build of `agent`."""
    created = clock.now() - timedelta(seconds=age_seconds)
    going = status in ("pending", "running")
    return ImageBuild.objects.create(
        id=ids.run_id(),
        agent=agent,
        status=status,
        error="" if going else f"{CANARY}-build-output",
        handoff={"worker": f"{CANARY}-build-handoff"} if going else {},
        created_at=created,
        started_at=created,
        ended_at=None if going else created + timedelta(seconds=2),
        deadline_at=created + timedelta(minutes=10),
        updated_at=created,
    )


def worker(name: str = "worker-1", *, silent_seconds: float = 0, queues: str = "runs,builds") -> WorkerKey:
    """A worker process."""
    heard = clock.now() - timedelta(seconds=silent_seconds)
    return WorkerKey.objects.create(
        worker_id=name, public_key=bytes_of("worker"), queues=queues, started_at=heard, heartbeat_at=heard
    )


def operator_with_failures() -> None:
    """An account with a second factor that somebody failed to get into."""
    inge = User.objects.create_user("inge", password="a password of hers", is_staff=True)
    TOTPDevice.objects.create(user=inge, name=f"{CANARY}-app", key=bytes_of("totp").hex(), confirmed=True)
    static = StaticDevice.objects.create(user=inge, name=f"{CANARY}-codes", confirmed=True)
    StaticToken.objects.create(device=static, token=f"{CANARY}-code")
    AccessAttempt.objects.create(
        username="inge",
        ip_address="203.0.113.5",
        user_agent="a browser",
        get_data=f"next={CANARY}-get",
        post_data=f"password={CANARY}-post",
        http_accept=f"{CANARY}-accept",
        path_info="/admin/login/",
        failures_since_start=5,
    )


def everything() -> tuple[Person, MadeRoom]:
    """One row of every kind; the room is a real one, whose envelope verifies and holds canaries."""
    alice = tenants.with_database(tenants.alice())
    mediator = rooms.agent(alice, AgentType.MEDIATOR, sealed=True, source=bytes_of("source"))
    Agent.objects.filter(pk=mediator.pk).update(description=f"{CANARY}-description", entrypoint=f"{CANARY}-entry")
    room = rooms.room(
        alice, name="pilot", rules=f"{CANARY}-rules", policy=f"{CANARY}-policy", mediator_agent_id=mediator.pk
    )
    room.share()
    RoomKeyWrap.objects.update(wrapped=bytes_of("wrap"), salt=bytes_of("salt"))
    Room.objects.update(vault_index=bytes_of("index"))
    ShareLink.objects.update(token_hash=f"{CANARY}-share-hash")
    Invite.objects.update(label=f"{CANARY}-label", constraints={"note": f"{CANARY}-constraints"})
    VaultItem.objects.create(
        id=ids.vault_item_id(),
        room=room.row,
        position=0,
        sealed=bytes_of("vault"),
        size_bytes=123,
        created_at=clock.now(),
    )
    for status in (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.COMPLETED, RunStatus.FAILED):
        run(room.row, status)
    Artifact.objects.create(
        run=Run.objects.filter(status=RunStatus.COMPLETED).get(),
        filename=f"{CANARY}-file.txt",
        content_type="text/plain",
        size_bytes=5,
        content_sha256=f"{CANARY}-artifact",
        sealed=bytes_of("artifact"),
        created_at=clock.now(),
    )
    books.everything(alice, canary=CANARY)
    build(mediator)
    build(mediator, "running")
    proof.pin(alice)
    proof.build()
    worker()
    operator_with_failures()
    leak = new_token(INVITE)
    audit.record(Actor.system("test"), "test.leak", room.room_id, tenant_id=alice.tenant.pk, slip=leak, list=[leak])
    return alice, room


def secret_texts(alice: Person, room: MadeRoom) -> list[str]:
    """Texts that no page may contain, besides the canaries."""
    bearers = [alice.api_key, room.invite]
    hashes = [
        *ApiKey.objects.values_list("token_hash", flat=True),
        *Invite.objects.values_list("token_hash", flat=True),
        *books.hashes(),
    ]
    assert all(parse_token(bearer).hash in hashes for bearer in bearers)
    root_ids = Tenant.objects.values_list("root_key_id", flat=True)
    return [*bearers, *hashes, *root_ids, room.row.key_id, PROMPT_DIGEST, "hmq_", "hmk_", "hms_", "hmcc_", "hmp_"]
