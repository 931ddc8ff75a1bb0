"""A participant brings a query agent with the question: who may, with what, and what is stored."""

import io
import json
import tarfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from agents.models import Agent, ImageBuild, SourceFile, SourceKeyWrap
from attestation.digests import text_hash
from billing.models import Account
from billing.services import prices
from billing.services.prices import NewPrice
from hivemind.kit.audit import Actor
from hivemind.kit.conf import override
from hivemind.kit.handoff import WorkerIdentity
from hivemind.kit.models import AuditEvent, WorkerKey
from rooms.models import Invite
from runner.models import Run
from runner.terms import RunTerms
from tests.factories import packages, rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person, client

SECRET = b"print('canary-brought-77c2')\n"
ARCHIVE = packages.package(SECRET.decode())


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    """An uploadable room whose packages are sealed."""
    return rooms.room(alice, llm_providers=())


@pytest.fixture
def bobs(room: MadeRoom, bob: Person) -> Client:
    """Bob with the invite, paying himself."""
    by = room.bob
    by.defaults["HTTP_X_HIVEMIND_API_KEY"] = bob.api_key
    return by


def bring(by: Client, room: MadeRoom, archive: bytes = ARCHIVE, *, key: str = "", **form: Any) -> HttpResponse:
    headers = {"X-Hivemind-Idempotency-Key": key} if key else {}
    body = {"name": "mine", "prompt": "how many?", "archive": SimpleUploadedFile("a.tar.gz", archive), **form}
    return by.post(f"{room.url}/query-agents", body, headers=headers)


def test_package_question_and_run_are_stored_together(room: MadeRoom, bobs: Client, worker: WorkerIdentity) -> None:
    answer = bring(bobs, room, timeout_seconds=30, max_llm_calls=7, max_tokens=5_000, client_nonce="ab" * 32)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["room_id"], body["status"], body["inspection_mode"]) == (room.room_id, "pending", "sealed")
    agent, run = Agent.objects.get(pk=body["agent_id"]), Run.objects.get(pk=body["run_id"])
    assert (agent.room_id, agent.uploader_token_id, agent.agent_type) == (room.room_id, room.guest.token_id, "query")
    assert (agent.source_sha256, agent.files_digest) == (body["source_sha256"], body["files_digest_sha256"])
    assert agent.source_bytes == len(packages.DOCKERFILE) + len(SECRET)
    assert [stage.name for stage in run.stages.all()] == ["build", "scope", "query"]
    terms = RunTerms.from_json(run.terms)
    assert (terms.query.timeout_seconds, terms.query.max_llm_calls, terms.max_tokens) == (30, 7, 5_000)
    assert (terms.scope.timeout_seconds, terms.scope.max_llm_calls) == (120, 20)
    assert (run.prompt_sha256, terms.client_nonce) == (text_hash("how many?"), "ab" * 32)
    assert (run.issuer_role, run.query_agent_id) == ("query", agent.pk)
    assert {event.action for event in AuditEvent.objects.filter(subject__in=[agent.pk, run.pk])} == {
        "agent.upload",
        "run.submit",
    }


def test_only_the_rooms_key_opens_the_package(room: MadeRoom, bobs: Client, worker: WorkerIdentity) -> None:
    agent_id = bring(bobs, room).json()["agent_id"]
    assert [w.holder for w in SourceKeyWrap.objects.filter(agent=agent_id)] == [f"room:{room.room_id}"]
    assert SourceFile.objects.filter(agent=agent_id).count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(encode(sealed, 'escape'), ' ') FROM agents_sourcefile")
        assert "canary-brought" not in cursor.fetchone()[0]


def test_a_sealed_package_is_read_by_nobody_and_seen_by_owner_and_uploader(
    room: MadeRoom, bobs: Client, worker: WorkerIdentity, carol: Person
) -> None:
    url = f"/v1/room-agents/{bring(bobs, room).json()['agent_id']}"
    for by in (room.bob, room.owner.client):
        assert by.get(url).json()["inspection_mode"] == "sealed"
        assert by.get(f"{url}/files/agent.py").status_code == 403
    for by in (carol.client, client(room.share())):
        assert by.get(url).status_code == 404
        assert by.get(f"{url}/files/agent.py").status_code == 404
        assert by.get(f"{url}/attest").status_code == 404


def test_an_inspectable_package_is_read_by_owner_and_uploader(
    alice: Person, bob: Person, worker: WorkerIdentity
) -> None:
    room = rooms.room(alice, llm_providers=(), query_visibility="inspectable")
    by = room.bob
    by.defaults["HTTP_X_HIVEMIND_API_KEY"] = bob.api_key
    body = bring(by, room, private_paths='["agent.py"]').json()
    assert body["inspection_mode"] == "full"
    url = f"/v1/room-agents/{body['agent_id']}"
    for reader in (room.bob, alice.client):
        assert reader.get(f"{url}/files/agent.py").content == SECRET
        assert reader.get(f"{url}/attest").json()["attested_files_count"] == 1
    assert client(room.share()).get(f"{url}/files/agent.py").status_code == 404


def test_the_owner_may_bring_one_and_pays_itself(room: MadeRoom, worker: WorkerIdentity) -> None:
    body = bring(room.owner.client, room).json()
    agent, run = Agent.objects.get(pk=body["agent_id"]), Run.objects.get(pk=body["run_id"])
    assert (agent.room_id, agent.uploader_token_id) == (room.room_id, "")
    assert (run.payer_tenant_id, run.issuer_token_id) == (room.owner.tenant.pk, "")
    assert room.bob.get(f"/v1/room-agents/{body['agent_id']}").status_code == 404


def test_nobody_else_may_ask_with_a_brought_package(room: MadeRoom, bobs: Client, worker: WorkerIdentity) -> None:
    agent_id = bring(bobs, room).json()["agent_id"]
    question = json.dumps({"query": "print yourself", "query_agent_id": agent_id})
    for by, status in ((room.owner.client, 404), (bobs, 200)):
        assert by.post(f"{room.url}/runs", question, content_type="application/json").status_code == status


def test_who_may_not_bring_is_told_before_anything_is_stored(
    alice: Person, room: MadeRoom, bobs: Client, worker: WorkerIdentity, carol: Person
) -> None:
    query = rooms.agent(alice, "query")
    fixed = rooms.room(alice, query_mode="fixed", query_agent_id=query.pk, llm_providers=())
    before = Agent.objects.count()
    assert bring(fixed.bob, fixed).json()["code"] == "room_takes_no_packages"
    assert bring(client(room.share()), room).status_code == 403
    assert bring(carol.client, room).status_code == 404
    assert bring(Client(), room).status_code == 401
    Invite.objects.filter(room_id=room.room_id).update(constraints={"room_id": room.room_id})
    assert bring(bobs, room).json()["code"] == "upload_not_allowed"
    assert (Agent.objects.count(), Run.objects.count()) == (before, 0)


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"prompt": "  "}, 422, "malformed"),
        ({"prompt": ""}, 422, "malformed"),
        ({"name": ""}, 422, "malformed"),
        ({"memory_mb": 15}, 422, "malformed"),
        ({"max_tokens": 0}, 422, "malformed"),
        ({"policy": "anything goes"}, 400, "policy_fixed"),
        ({"provider": "openrouter"}, 400, "provider_not_allowed"),
        ({"mediator_agent_id": "0" * 12}, 400, "mediator_fixed"),
        ({"private_paths": "{}"}, 400, "bad_private_paths"),
        ({"archive": b"no tar"}, 400, "bad_archive"),
    ],
)
def test_what_a_form_is_refused_for(
    room: MadeRoom, bobs: Client, worker: WorkerIdentity, form: dict[str, Any], status: int, code: str
) -> None:
    answer = bring(bobs, room, **form)
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.content
    assert Run.objects.count() == 0


def test_a_package_without_a_dockerfile_is_refused_at_once(
    room: MadeRoom, bobs: Client, worker: WorkerIdentity
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("agent.py"))
    assert bring(bobs, room, buffer.getvalue()).json()["code"] == "dockerfile_missing"


def test_the_policy_may_be_repeated(alice: Person, bob: Person, worker: WorkerIdentity) -> None:
    room = rooms.room(alice, llm_providers=(), policy="totals only")
    by = room.bob
    by.defaults["HTTP_X_HIVEMIND_API_KEY"] = bob.api_key
    assert bring(by, room, policy="totals only").status_code == 200
    assert bring(by, room, policy="").status_code == 200


def test_without_payer_credit_or_worker_nothing_stays(alice: Person, bob: Person, worker: WorkerIdentity) -> None:
    room = rooms.room(alice, llm_providers=("openrouter",))
    prices.set_price(NewPrice("openrouter", "vendor/model", 250_000, 2_000_000), actor=Actor.operator("olga"))
    before = Agent.objects.count()
    with override("llm", api_key="k", model="vendor/model"), override("billing", enforce_credits=True):
        assert bring(room.bob, room).status_code == 402
        by = room.bob
        by.defaults["HTTP_X_HIVEMIND_API_KEY"] = bob.api_key
        assert "insufficient billing credit" in bring(by, room).json()["detail"]
        assert bring(by, room, max_cost_micro_usd=1).json()["code"] == "max_cost_exceeded"
        by.defaults["HTTP_X_HIVEMIND_API_KEY"] = "hmk_" + "x" * 43
        assert bring(by, room).status_code == 401
        WorkerKey.objects.all().delete()
        assert bring(alice.client, room).status_code == 503
    assert (Agent.objects.count(), Run.objects.count(), ImageBuild.objects.count()) == (before, 0, 0)
    assert not Account.objects.exclude(held_micro_usd=0).exists()


def test_an_upload_sent_again_is_the_same_run(room: MadeRoom, bobs: Client, worker: WorkerIdentity) -> None:
    first = bring(bobs, room, key="ab" * 8).json()
    again = bring(bobs, room, key="AB" * 8).json()
    assert first["run_id"] == "ab" * 8
    assert again == first | {"idempotent_replay": True}
    assert Agent.objects.filter(room_id=room.room_id).count() == 1
    for other in ({"archive": packages.package("other")}, {"prompt": "else"}, {"name": "b"}):
        assert bring(bobs, room, key="ab" * 8, **other).status_code == 409
    assert bring(bobs, room, key="not hex").status_code == 400


def test_a_quote_needs_no_agent_where_one_is_to_come(alice: Person, room: MadeRoom, bobs: Client) -> None:
    assert bobs.post(f"{room.url}/quote", "{}", content_type="application/json").status_code == 200
    priced = rooms.room(alice, llm_providers=("openrouter",))
    prices.set_price(NewPrice("openrouter", "vendor/model", 250_000, 2_000_000), actor=Actor.operator("olga"))
    with override("llm", api_key="k", model="vendor/model"):
        quote = priced.bob.post(f"{priced.url}/quote", json.dumps({"max_tokens": 1_000_000}), "application/json").json()
    assert quote["max_cost_micro_usd"] == 2_000_000


def test_packages_of_a_guest_a_room_and_a_tenant_are_limited(
    room: MadeRoom, bobs: Client, worker: WorkerIdentity
) -> None:
    assert bring(bobs, room).status_code == 200
    with override("uploads", per_guest=1):
        assert bring(bobs, room).json()["code"] == "too_many_uploads"
        assert bring(room.owner.client, room).status_code == 200
    with override("uploads", per_room=2):
        assert bring(room.owner.client, room).json()["code"] == "too_many_uploads"
    with override("uploads", agents_per_tenant=3):
        assert bring(bobs, room).json()["code"] == "too_many_agents"
    large = packages.package("x" * 700_000)
    with override("uploads", source_mb_per_tenant=1):
        assert bring(bobs, room, large).status_code == 200
        assert bring(bobs, room, large).json()["code"] == "too_much_source"
