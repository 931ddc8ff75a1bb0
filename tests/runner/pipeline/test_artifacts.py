"""Files that a run leaves: with its answer, never without; past its mediator, never around."""

import base64
import hashlib
import io
import json

import pytest
from pypdf import PdfReader

from runner.models import Artifact, ArtifactPart, Run
from tests.factories import packages
from tests.factories.packages import CALL
from tests.factories.platform import Platform
from tests.factories.rooms import MadeRoom

pytestmark = pytest.mark.docker

JUDGES = packages.DOCKERFILE + b'LABEL com.hivemind.mediator.artifacts="judge"\n'
UPLOAD = (
    CALL
    + """
import base64
def upload(name, content, kind="text/plain"):
    return call("/sandbox/artifact-upload",
        {"filename": name, "content_base64": base64.b64encode(content).decode(), "content_type": kind})
assert os.environ["HIVEMIND_QUERY_UPLOAD_ARTIFACTS"] == "true"
"""
)
TWO_FILES = (
    UPLOAD
    + """
upload("rows.csv", b"id,amount\\n1,10.50\\n", "text/csv")
upload("big.bin", b"0123456789abcdef" * 200_000, "application/octet-stream")
report = {"filename": "report.pdf", "markdown": "# Sales \\u03a9\\n\\ncanary-raw"}
print(json.dumps(call("/sandbox/report-artifact", report)))
"""
)
LISTED = """
listed = json.loads(os.environ["HIVEMIND_ARTIFACTS"])
for file in listed:
    content = open(file["path"], "rb").read()
    assert len(content) == file["size_bytes"], file
"""


def room_with(platform: Platform, *, query: str, mediator: str | None = None, judges: bool = False) -> MadeRoom:
    """A room whose runs may leave files."""
    wanted: dict[str, object] = {"allow_artifacts": True}
    if mediator is not None and judges:
        archive = packages.package(mediator, dockerfile=JUDGES)
        wanted["mediator_agent_id"] = platform.agent("mediator", "", archive=archive)
        mediator = None
    return platform.room(query=query, mediator=mediator, **wanted)


def fetched(room: MadeRoom, body: dict[str, object], name: str) -> bytes:
    response = room.bob.get(f"/v1/runs/{body['run_id']}/artifacts/{name}")
    assert response.status_code == 200, response.content
    return bytes(response.getvalue())


def names(body: dict[str, object]) -> list[str]:
    return [file["filename"] for file in body["artifacts"]]  # type: ignore[index,attr-defined]


def test_without_a_mediator_files_leave_with_the_answer_and_its_record_names_them(platform: Platform) -> None:
    room = room_with(platform, query=TWO_FILES)
    body = platform.ask(room, "SELECT 1")
    assert body["status"] == "completed", body["error"]
    assert names(body) == ["rows.csv", "big.bin", "report.md", "report.pdf"]
    assert [item["error"] for item in json.loads(body["output"])["artifacts"]] == [None, None]
    assert fetched(room, body, "rows.csv") == b"id,amount\n1,10.50\n"
    assert "Sales \u03a9" in PdfReader(io.BytesIO(fetched(room, body, "report.pdf"))).pages[0].extract_text()
    signed = {item["sha256"]: item["size_bytes"] for item in body["attestation"]["body"]["artifacts"]}
    for name in names(body):
        content = fetched(room, body, name)
        assert signed[hashlib.sha256(content).hexdigest()] == len(content)
    assert ArtifactPart.objects.count() == 3 + 4  # three small files and one of four parts
    for part in ArtifactPart.objects.all():
        assert b"canary-raw" not in bytes(part.sealed)


def test_a_run_that_fails_leaves_nothing(platform: Platform) -> None:
    room = room_with(platform, query=UPLOAD + "upload('a.txt', b'canary')\nraise SystemExit(3)")
    body = platform.ask(room, "x")
    assert body["status"] == "failed"
    assert body["artifacts"] == [] and body["attestation"]["body"]["artifacts"] == []
    assert room.bob.get(f"/v1/runs/{body['run_id']}/artifacts/a.txt").status_code == 404
    assert not Artifact.objects.exists() and not ArtifactPart.objects.exists()


def test_past_a_mediator_that_judges_no_files_none_are_taken(platform: Platform) -> None:
    query = (
        CALL
        + """
import urllib.error
for path in ("/sandbox/artifact-upload", "/sandbox/report-artifact"):
    try:
        call(path, {"filename": "a", "content_base64": "", "markdown": "x"})
        print("TAKEN")
    except urllib.error.HTTPError as error:
        print(error.code, json.load(error)["detail"])
print(os.environ["HIVEMIND_QUERY_UPLOAD_ARTIFACTS"])
"""
    )
    mediator = (
        "import os\nprint(os.environ['RAW_OUTPUT'])\n"
        "print([name for name in os.environ if 'ARTIFACT' in name], os.path.exists('/run/hive/in/artifacts'))"
    )
    body = platform.ask(room_with(platform, query=query, mediator=mediator), "x")
    assert body["output"].split("\n") == ["404 Not Found", "404 Not Found", "false", "[] False"]
    assert body["artifacts"] == []


@pytest.mark.parametrize(
    # Where the question is forgotten with the run, its words are not kept as a name either.
    ("mode", "stem"),
    [("full", "write-a-report-about-sales-more"), ("sealed", "report")],
)
def test_a_mediated_answer_that_is_a_report_becomes_files_of_the_approved_text(
    platform: Platform, mode: str, stem: str
) -> None:
    query = "print('# Raw canary-raw')\nprint('secret ' * 600)"
    mediator = "print('# Approved\\n\\n' + 'fine ' * 600)"
    agent = platform.agent("query", query, inspection_mode=mode)
    room = platform.room(query_agent_id=agent, mediator=mediator, allow_artifacts=True)
    body = platform.ask(room, "Write a report.. about ../sales & more")
    assert names(body) == [f"{stem}.md", f"{stem}.pdf"]
    assert fetched(room, body, f"{stem}.md").startswith(b"# Approved")
    assert b"canary" not in fetched(room, body, f"{stem}.md")


def test_a_judging_mediator_sees_withholds_and_replaces_what_waits(platform: Platform) -> None:
    mediator = (
        CALL
        + LISTED
        + """
assert "canary-raw" in open(os.environ["HIVEMIND_ARTIFACTS_DIR"] + "/report.md").read()
try:
    open("/run/hive/in/artifacts/new", "w")
except OSError:
    pass
else:
    raise SystemExit(9)
call("/sandbox/artifacts/big.bin/withhold", {})
answer = call("/sandbox/artifacts/report.md/replace", {"text": "# Clean\\n\\nnothing"})
print([file["filename"] for file in listed], [file["filename"] for file in answer["artifacts"]])
print([file["filename"] for file in call("/sandbox/artifacts")["artifacts"]])
"""
    )
    room = room_with(platform, query=TWO_FILES, mediator=mediator, judges=True)
    body = platform.ask(room, "x")
    assert body["status"] == "completed", body["error"]
    assert body["output"].split("\n") == [
        "['rows.csv', 'big.bin', 'report.md', 'report.pdf'] ['report.md', 'report.pdf']",
        "['rows.csv', 'report.md', 'report.pdf']",
    ]
    assert sorted(names(body)) == ["report.md", "report.pdf", "rows.csv"]
    assert fetched(room, body, "report.md") == b"# Clean\n\nnothing"
    assert "canary" not in PdfReader(io.BytesIO(fetched(room, body, "report.pdf"))).pages[0].extract_text()
    assert room.bob.get(f"/v1/runs/{body['run_id']}/artifacts/big.bin").status_code == 404
    assert len(body["attestation"]["body"]["artifacts"]) == 3
    assert ArtifactPart.objects.count() == 3


def test_a_judging_mediator_that_fails_lets_nothing_out(platform: Platform) -> None:
    room = room_with(platform, query=TWO_FILES, mediator="raise SystemExit(1)", judges=True)
    body = platform.ask(room, "x")
    assert (body["status"], body["outcome"]) == ("failed", "mediator_agent_failed")
    assert body["artifacts"] == []
    assert not Artifact.objects.exists() and not ArtifactPart.objects.exists()
    run = Run.objects.get(pk=body["run_id"])
    assert base64.b64encode(b"canary") not in bytes(run.output_sealed)
