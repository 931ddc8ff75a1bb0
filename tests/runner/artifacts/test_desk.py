"""The desk where a run's files wait: limits, turns, and what becomes of them at the end."""

import secrets

import pytest

from attestation.errors import SealBroken
from attestation.sealing import aead
from runner.artifacts.desk import DeskClosed, Kept, NoSuchFile, NotText, TooLarge
from runner.artifacts.rules import LARGEST_BYTES, MIB
from runner.enums import FailureCode
from runner.models import Artifact, ArtifactPart, Run
from runner.services import artifact_rows, finish
from runner.services.artifact_rows import PART_BYTES, Place
from runner.stages.turns import Turn
from tests.runner.artifacts.conftest import MakeDesk


def put(turn: Turn, name: str, content: bytes, kind: str = "text/plain") -> Kept:
    intake = turn.begin()
    for start in range(0, len(content), 700_001):
        intake.write(content[start : start + 700_001])
    return intake.finish(name, content_type=kind)


def content_of(place: Place, name: str) -> bytes:
    return b"".join(artifact_rows.content_of(place, Artifact.objects.get(filename=name)))


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES])
def test_what_is_put_down_is_what_is_read_whatever_its_size(make_desk: MakeDesk, place: Place, size: int) -> None:
    content = secrets.token_bytes(size)
    kept = put(Turn(make_desk()), "file.bin", content)
    assert (kept.size_bytes, kept.path) == (size, f"/v1/runs/{place.run.pk}/artifacts/file.bin")
    assert content_of(place, "file.bin") == content


def test_nothing_is_stored_in_clear_and_no_part_can_be_moved_dropped_or_repeated(
    make_desk: MakeDesk, place: Place
) -> None:
    turn = Turn(make_desk())
    content = b"canary-rows " * 200_000
    put(turn, "a.txt", content)
    put(turn, "b.txt", content)
    parts = list(ArtifactPart.objects.order_by("pk"))
    assert not any(b"canary-rows" in bytes(part.sealed) for part in parts)
    first, second, third = parts[:3]
    for pk, sealed in [(second.pk, first.sealed), (first.pk, third.sealed), (first.pk, parts[3].sealed)]:
        kept = ArtifactPart.objects.get(pk=pk).sealed
        ArtifactPart.objects.filter(pk=pk).update(sealed=sealed)
        with pytest.raises(SealBroken):
            content_of(place, "a.txt")
        ArtifactPart.objects.filter(pk=pk).update(sealed=kept)
    ArtifactPart.objects.filter(pk=third.pk).delete()
    with pytest.raises(SealBroken):
        content_of(place, "a.txt")
    head = Artifact.objects.get(filename="b.txt")
    Artifact.objects.filter(filename="a.txt").update(sealed=head.sealed, edition=head.edition)
    with pytest.raises(SealBroken):
        content_of(place, "a.txt")


def test_a_name_written_again_stands_for_the_new_bytes_and_the_old_ones_are_gone(
    make_desk: MakeDesk, place: Place
) -> None:
    turn = Turn(make_desk())
    put(turn, "a.txt", b"old" * PART_BYTES)
    put(turn, "a.txt", b"new")
    assert content_of(place, "a.txt") == b"new"
    assert ArtifactPart.objects.count() == 1


def test_limits_of_size_number_and_total_hold(make_desk: MakeDesk) -> None:
    turn = Turn(make_desk(max_files=2, max_total_bytes=26 * MIB))
    put(turn, "a", b"x")
    put(turn, "b", b"x")
    put(turn, "b", b"y")
    with pytest.raises(TooLarge, match="at most 2 files"):
        put(turn, "c", b"x")
    with pytest.raises(TooLarge, match=str(LARGEST_BYTES)):
        put(turn, "a", b"x" * (LARGEST_BYTES + 1))
    with pytest.raises(TooLarge, match="together"):
        put(turn, "b", b"x" * (2 * MIB))
    for _ in range(2):
        put(turn, "b", b"")
    with pytest.raises(TooLarge, match="too many"):
        put(turn, "b", b"")
    assert sorted(Artifact.objects.values_list("filename", "size_bytes")) == [("a", 1), ("b", 0)]


def test_what_an_earlier_stage_still_has_in_hand_is_refused(make_desk: MakeDesk) -> None:
    desk = make_desk()
    query = Turn(desk)
    late = query.begin()
    late.write(b"smuggled")
    judge = Turn(desk)
    for attempt in (lambda: late.write(b"x"), lambda: late.finish("a", content_type="text/plain"), query.begin):
        with pytest.raises(DeskClosed):
            attempt()
    with pytest.raises(DeskClosed):
        query.add_report("late", markdown="# x", with_pdf=False)
    desk.take_turn(None)
    with pytest.raises(DeskClosed):
        judge.begin()
    assert not Artifact.objects.exists()


def test_a_withheld_report_takes_its_pdf_along_and_a_replaced_one_gets_another(
    make_desk: MakeDesk, place: Place
) -> None:
    desk = make_desk()
    query = Turn(desk)
    query.add_report("one", markdown="# One", with_pdf=True)
    query.add_report("two", markdown="# Two", with_pdf=True)
    old = content_of(place, "two.pdf")
    judge = Turn(desk, made_from=query.made_from)
    assert judge.withhold("one.md") == ["one.md", "one.pdf"]
    assert [file["filename"] for file in judge.replace("two.md", text="# Zwei")] == ["two.md", "two.pdf"]
    assert content_of(place, "two.md") == b"# Zwei"
    assert content_of(place, "two.pdf") != old
    assert [file["filename"] for file in judge.listing()] == ["two.md", "two.pdf"]


def test_a_replaced_report_that_cannot_be_rendered_loses_its_pdf(make_desk: MakeDesk) -> None:
    desk = make_desk()
    query = Turn(desk)
    query.add_report("one", markdown="# One", with_pdf=True)
    judge = Turn(desk, made_from=query.made_from)
    assert [file["filename"] for file in judge.replace("one.md", text="\U0001f512" * 300)] == ["one.md"]
    assert list(Artifact.objects.values_list("filename", flat=True)) == ["one.md"]


def test_only_text_that_is_there_is_replaced(make_desk: MakeDesk) -> None:
    judge = Turn(make_desk())
    put(judge, "a.pdf", b"%PDF", "application/pdf")
    with pytest.raises(NotText):
        judge.replace("a.pdf", text="x")
    for missing in (lambda: judge.replace("b.txt", text="x"), lambda: judge.withhold("b.txt")):
        with pytest.raises(NoSuchFile):
            missing()


def test_a_run_that_somebody_else_ended_takes_no_more(make_desk: MakeDesk, run: Run) -> None:
    turn = Turn(make_desk())
    put(turn, "a.txt", b"x")
    intake = turn.begin()
    intake.write(b"y")
    finish.end(Run.objects.get(pk=run.pk), finish.failed(FailureCode.DEADLINE), room_key=None)
    assert not Artifact.objects.exists() and not ArtifactPart.objects.exists()
    with pytest.raises(DeskClosed):
        intake.finish("b.txt", content_type="text/plain")
    assert not Artifact.objects.exists()


def test_uploads_that_were_cut_off_are_gone_with_the_end(make_desk: MakeDesk, complete: "object") -> None:
    turn = Turn(make_desk())
    put(turn, "a.txt", b"x")
    turn.begin().write(b"z" * (2 * PART_BYTES + 1))
    assert ArtifactPart.objects.count() == 3
    complete()  # type: ignore[operator]
    assert ArtifactPart.objects.count() == 1


def test_a_key_of_another_room_opens_nothing(make_desk: MakeDesk, place: Place) -> None:
    put(Turn(make_desk()), "a.txt", b"x")
    with pytest.raises(SealBroken):
        content_of(Place(place.run, secrets.token_bytes(32)), "a.txt")
    assert aead.seal(place.room_key, b"", context=b"c")
