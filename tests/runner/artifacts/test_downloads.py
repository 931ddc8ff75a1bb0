"""Downloading what a run left: who may, until when, with which headers, and when it is forgotten."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from celery import current_app
from django.conf import settings

from hivemind.kit import clock
from hivemind.kit.conf import override
from runner.models import Artifact, ArtifactPart, Run
from runner.services import artifact_rows
from runner.services.artifact_rows import PART_BYTES
from runner.stages.turns import Turn
from tests.factories.paid_runs import OLGA
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person, delete
from tests.runner.artifacts.conftest import MakeDesk
from tests.runner.artifacts.test_desk import put

CONTENT = b"canary-file\n" * 100_000
DAY = 86_400


@pytest.fixture
def left(make_desk: MakeDesk, complete: Callable[[], Run]) -> Run:
    """A run that has left a file of two parts."""
    put(Turn(make_desk()), "report.md", CONTENT, "text/markdown; charset=utf-8")
    return complete()


def url(run: Run, name: str = "report.md") -> str:
    return f"/v1/runs/{run.pk}/artifacts/{name}"


def test_the_asker_gets_the_bytes_with_the_headers_of_the_protocol(room: MadeRoom, left: Run) -> None:
    response = room.bob.get(url(left))
    assert response.status_code == 200
    assert response.getvalue() == CONTENT
    row = Artifact.objects.get()
    assert len(CONTENT) > PART_BYTES and ArtifactPart.objects.count() == 2
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert response["Cache-Control"] == "no-cache, no-store"
    assert response["X-Retention-Seconds"] == str(DAY)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"] == "attachment; filename=\"report.md\"; filename*=UTF-8''report.md"
    expires = parsedate_to_datetime(response["Expires"])
    assert abs(expires - row.created_at - timedelta(seconds=DAY)) < timedelta(seconds=1)
    listed = room.bob.get(f"/v1/runs/{left.pk}").json()["artifacts"]
    assert [(item["filename"], item["size_bytes"]) for item in listed] == [("report.md", len(CONTENT))]


def test_nobody_reads_a_file_of_a_run_that_goes_on(room: MadeRoom, run: Run, make_desk: MakeDesk) -> None:
    put(Turn(make_desk()), "report.md", b"x")
    assert room.bob.get(url(run)).status_code == 404
    assert room.bob.get(f"/v1/runs/{run.pk}").json()["artifacts"] == []
    # Not even when only one of the two marks says that the file may go.
    Artifact.objects.update(released_at=clock.now())
    assert room.bob.get(url(run)).status_code == 404


def test_owner_and_strangers_of_a_room_of_private_answers_get_none(room: MadeRoom, left: Run, carol: Person) -> None:
    for by in (room.owner.client, carol.client):
        response = by.get(url(left))
        assert response.status_code == 404
        assert b"canary" not in response.content
    assert "report.md" not in json.dumps(room.owner.client.get(f"/v1/runs/{left.pk}").json())


@pytest.mark.parametrize("name", ["..", "a..b", ".env", "a%2Fb", "a b", "x" * 129, "%00", "a\u202eb"])
def test_a_bad_name_is_refused(room: MadeRoom, left: Run, name: str) -> None:
    assert room.bob.get(url(left, name)).status_code in (400, 404)


def test_a_type_that_is_no_header_is_served_as_bytes(
    room: MadeRoom, make_desk: MakeDesk, complete: Callable[[], Run]
) -> None:
    put(Turn(make_desk()), "odd", b"x", "text/<script> ; ü")
    assert room.bob.get(url(complete(), "odd"))["Content-Type"] == "application/octet-stream"


def test_after_its_time_a_file_is_gone_before_and_after_the_sweep(
    room: MadeRoom, left: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + timedelta(seconds=DAY + 1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert room.bob.get(url(left)).json()["code"] == "artifact_expired"
    assert room.bob.get(f"/v1/runs/{left.pk}").json()["artifacts"] == []
    sweep_by_schedule()
    assert not Artifact.objects.exists() and not ArtifactPart.objects.exists()
    response = room.bob.get(url(left))
    assert (response.status_code, response.json()["code"]) == (410, "artifact_expired")
    assert room.bob.get(url(left, "other.md")).status_code == 404
    assert room.owner.client.get(url(left)).status_code == 404  # says nothing to whom it never showed anything
    run = Run.objects.get(pk=left.pk)
    assert (bytes(run.output_sealed), bytes(run.prompt_sealed)) == (b"", b"")
    assert json.loads(run.receipt)["body"]["artifacts"]


def test_a_file_that_is_swept_while_its_download_begins_is_gone_and_not_broken(
    room: MadeRoom, left: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_of = artifact_rows.content_of

    def swept_first(place: artifact_rows.Place, row: Artifact) -> Iterator[bytes]:
        artifact_rows.remove(Artifact.objects.filter(pk=row.pk))
        return content_of(place, row)

    monkeypatch.setattr(artifact_rows, "content_of", swept_first)
    response = room.bob.get(url(left))
    assert (response.status_code, response.json()["code"]) == (410, "artifact_expired")


def test_a_file_whose_parts_are_gone_is_broken_and_not_expired(room: MadeRoom, left: Run) -> None:
    ArtifactPart.objects.filter(position=0).delete()
    response = room.bob.get(url(left))
    assert (response.status_code, response.json()["code"]) == (409, "damaged")


def test_the_sweep_keeps_what_is_young_and_what_still_waits(
    left: Run, room: MadeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_by_schedule()
    assert room.bob.get(url(left)).status_code == 200
    Run.objects.filter(pk=left.pk).update(status="running", ended_at=None, receipt="")
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    sweep_by_schedule()
    assert Artifact.objects.count() == 1 and ArtifactPart.objects.count() == 2


def test_the_sweep_clears_what_a_worker_left_after_the_end(left: Run) -> None:
    Artifact.objects.update(released_at=None)
    ArtifactPart.objects.create(run=left, edition="orphan", position=0, sealed=b"x")
    sweep_by_schedule()
    assert not Artifact.objects.exists() and not ArtifactPart.objects.exists()


def test_the_schedule_follows_the_setting() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["retain"]
    assert entry["schedule"] == settings.HIVEMIND.retention.sweep_seconds


def test_a_shorter_retention_holds_at_once(room: MadeRoom, left: Run) -> None:
    Artifact.objects.update(created_at=clock.now() - timedelta(seconds=61))
    with override("retention", artifact_seconds=60):
        assert room.bob.get(url(left)).status_code == 410


def test_files_go_with_the_room(room: MadeRoom, left: Run) -> None:
    assert room.owner.client.delete(room.url).status_code == 200
    assert not Artifact.objects.exists() and not ArtifactPart.objects.exists()


def test_files_stay_when_a_single_invite_ends(room: MadeRoom, left: Run) -> None:
    room.owner.client.delete(f"/v1/room-invites/{room.guest.token_id}")
    assert Artifact.objects.count() == 1


def test_files_go_with_the_tenant(room: MadeRoom, left: Run) -> None:
    delete(room.owner, actor=OLGA)
    assert not Artifact.objects.exists() and not ArtifactPart.objects.exists()


def sweep_by_schedule() -> None:
    """Do what the beat would have a worker do."""
    current_app.loader.import_default_modules()
    name = settings.CELERY_BEAT_SCHEDULE["retain"]["task"]
    current_app.tasks[name]()
