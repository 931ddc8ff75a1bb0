"""The agent routes: uploads, reads, and who sees which agent."""

import io
import json
import tarfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from agents.models import Agent, ImageBuild, SourceFile
from agents.packages import limits
from hivemind.kit.handoff import WorkerIdentity
from tests.factories import rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

SOURCE = b"print('canary-source-91ab')\r\n"


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "."))
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def upload(by: Client, data: bytes | None = None, **form: str) -> HttpResponse:
    content = data if data is not None else archive(Dockerfile=b"FROM scratch\n", agent__py=SOURCE, __env=b"A=1")
    body = {"name": "filter", "archive": SimpleUploadedFile("a.tar.gz", content), **form}
    return by.post("/v1/room-agents", body)


def test_an_upload_is_stored_to_the_byte_and_sealed(alice: Person, worker: WorkerIdentity) -> None:
    response = upload(alice.client, agent_type="scope", private_paths='["agent.py"]')
    assert response.status_code == 200, response.content
    body = response.json()
    assert set(body) == {"agent_id", "run_id", "status"}
    agent = Agent.objects.get(pk=body["agent_id"])
    assert (agent.files_count, agent.attested_files_count, agent.agent_type) == (2, 1, "scope")
    assert {f.path: f.mode for f in agent.files.all()} == {".env": 0o755, "Dockerfile": 0o755, "agent.py": 0o755}
    text = alice.client.get(f"/v1/room-agents/{agent.pk}/files/agent.py")
    assert (text.content, text.headers["Content-Type"]) == (SOURCE, "text/plain; charset=utf-8")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(encode(sealed, 'escape'), ' ') FROM agents_sourcefile")
        assert "canary-source" not in cursor.fetchone()[0]


def test_the_build_is_followed_like_a_run(alice: Person, carol: Person, worker: WorkerIdentity) -> None:
    run_id = upload(alice.client).json()["run_id"]
    body = alice.client.get(f"/v1/runs/{run_id}").json()
    assert (body["status"], body["run_id"], body["output"]) == ("pending", run_id, None)
    ImageBuild.objects.update(status="failed", handoff={}, ended_at="2026-01-01T00:00:00Z", error="no Dockerfile")
    assert alice.client.get(f"/v1/runs/{run_id}").json()["error"] == "Image build failed: no Dockerfile"
    assert carol.client.get(f"/v1/runs/{run_id}").status_code == 404


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({"agent_type": "judge"}, 400, "agent_type must be one of: mediator, query, scope"),
        ({"inspection_mode": "half"}, 400, "inspection_mode"),
        ({"private_paths": "{}"}, 400, "private_paths"),
        ({"private_paths": "[1]"}, 400, "private_paths"),
        ({"memory_mb": "8"}, 422, "memory_mb"),
        ({"timeout_seconds": "0"}, 422, "timeout_seconds"),
        ({"surprise": "x"}, 422, "surprise"),
    ],
)
def test_a_bad_form_is_refused(
    alice: Person, worker: WorkerIdentity, form: dict[str, str], status: int, word: str
) -> None:
    response = upload(alice.client, **form)
    assert response.status_code == status
    assert word in json.dumps(response.json())
    assert Agent.objects.count() == 0


def test_a_broken_archive_is_a_400_that_says_so(alice: Person, worker: WorkerIdentity) -> None:
    response = upload(alice.client, b"not a tar")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("Invalid archive:")
    assert SourceFile.objects.count() == 0


def test_an_archive_over_the_limit_is_refused_while_it_arrives(
    alice: Person, worker: WorkerIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", 300_000)
    response = upload(alice.client, b"\0" * 310_000)
    assert (response.status_code, response.json()["code"]) == (400, "archive_too_large")
    assert upload(alice.client, b"\0" * 900_000).json()["code"] == "archive_too_large"


def test_nobody_sends_a_body_before_being_known(db: None) -> None:
    class Unread(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

    for header, status in (("", 401), ("Bearer hmk_" + "x" * 43, 401)):
        response = Client().generic(
            "POST",
            "/v1/room-agents",
            b"",
            "multipart/form-data; boundary=x",
            **{"wsgi.input": Unread()},
            headers={"Authorization": header} if header else {},
        )
        assert response.status_code == status


def test_guests_do_not_upload_and_do_not_delete(room: MadeRoom, worker: WorkerIdentity) -> None:
    assert upload(room.bob).status_code == 403
    assert room.bob.delete(f"/v1/room-agents/{Agent.objects.first().pk}").status_code == 403


def test_a_guest_sees_the_agents_that_its_room_names_and_no_others(room: MadeRoom, carol: Person) -> None:
    hidden = rooms.agent(room.owner)
    named = set(Agent.objects.exclude(pk=hidden.pk).values_list("pk", flat=True))
    assert {a["agent_id"] for a in room.bob.get("/v1/room-agents").json()} == named
    for suffix in ("", "/attest", "/files", "/files/agent.py"):
        assert room.bob.get(f"/v1/room-agents/{hidden.pk}{suffix}").status_code == 404
        assert carol.client.get(f"/v1/room-agents/{hidden.pk}{suffix}").status_code == 404
        one = next(iter(named))
        assert room.bob.get(f"/v1/room-agents/{one}{suffix}").status_code == 200, suffix
        assert carol.client.get(f"/v1/room-agents/{one}{suffix}").status_code == 404


def test_the_source_of_a_sealed_agent_is_served_to_nobody(alice: Person) -> None:
    agent = rooms.agent(alice, sealed=True)
    assert [f["path"] for f in alice.client.get(f"/v1/room-agents/{agent.pk}/files").json()["files"]] == ["agent.py"]
    response = alice.client.get(f"/v1/room-agents/{agent.pk}/files/agent.py")
    assert response.status_code == 403
    assert "sealed" in response.json()["detail"]
    assert alice.client.get(f"/v1/room-agents/{agent.pk}/files/other").status_code == 404


def test_an_agent_that_a_room_names_is_not_deleted_until_the_room_is_revoked(room: MadeRoom) -> None:
    agent = Agent.objects.filter(agent_type="scope").get()
    by = room.owner.client
    assert by.delete(f"/v1/room-agents/{agent.pk}").status_code == 409
    assert by.delete(room.url).status_code == 200
    assert by.delete(f"/v1/room-agents/{agent.pk}").status_code == 200
    assert by.get(f"/v1/room-agents/{agent.pk}").status_code == 404


def test_without_a_worker_an_upload_leaves_nothing(alice: Person) -> None:
    assert upload(alice.client).status_code == 503
    assert (Agent.objects.count(), ImageBuild.objects.count()) == (0, 0)


def test_a_source_file_moved_to_another_path_or_agent_does_not_open(alice: Person) -> None:
    one, two = rooms.agent(alice, source=b"one"), rooms.agent(alice, source=b"two")
    stolen = bytes(SourceFile.objects.get(agent=one).sealed)
    SourceFile.objects.filter(agent=two).update(sealed=stolen)
    response = alice.client.get(f"/v1/room-agents/{two.pk}/files/agent.py")
    assert response.status_code == 409
    assert b"one" not in response.content
