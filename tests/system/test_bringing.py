"""Our client brings an agent to a whole service: uploaded, built, asked, verified, asked again, and removed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.factories import packages
from tests.factories.service import TRIVIAL, Service
from tests.system.asker import Hmctl, bob

__all__ = ["bob"]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
ANSWER = "print('brought: ' + open('/app/data.txt').read().strip())\n"


@pytest.fixture(scope="module")
def room(service: Service) -> dict[str, Any]:
    """A room of sealed packages, with its invite."""
    service.await_worker()
    scope = service.agent("scope", TRIVIAL["scope"])
    egress = {"llm_providers": [], "allow_artifacts": False}
    made = dict(service.post("/rooms", name="bring", scope_agent_id=scope, query_mode="uploadable", egress=egress))
    return made | {"share": service.post(f"/rooms/{made['room_id']}/share-link")["link"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "my-agent"
    made.mkdir()
    (made / "Dockerfile").write_bytes(packages.DOCKERFILE)
    (made / "agent.py").write_text(ANSWER)
    (made / "data.txt").write_text("canary-private-5e")
    (made / ".env").write_text("PASSWORD=canary-at-home")
    (made / ".dockerignore").write_text(".env\n")
    return made


def test_an_agent_is_brought_asked_twice_and_taken_away(
    bob: Hmctl, service: Service, room: dict[str, Any], folder: Path
) -> None:
    link = room["link"]
    bob("room", "accept", link)

    first = bob("room", "ask", link, "Q", "--agent", str(folder))
    again = json.loads(bob("room", "ask", link, "Q", "--agent", str(folder), "--json"))

    assert "brought: canary-private-5e" in first
    for words in ("packed my-agent: 3 files", "uploaded in", "build ", "the signed record fits room"):
        assert words in first, first
    record = again["record"]["body"]
    agent_id = record["query_agent_id"]
    build = json.loads(bob("agents", "logs", agent_id, "--link", link, "--json"))
    assert (build["status"], build["shared"]) == ("completed", True)
    third = bob("room", "ask", link, "Q", "--query-agent", agent_id)
    assert "brought: canary-private-5e" in third and "build " not in third

    # The owner and whoever has only the share link see nothing of the source.
    assert service.http.get(f"/room-agents/{agent_id}/files/agent.py").status_code == 403
    assert service.http.get(f"/room-agents/{agent_id}/build").status_code == 404
    mine = service.http.post(f"/rooms/{room['room_id']}/runs", json={"query": "Q", "query_agent_id": agent_id})
    assert mine.status_code == 404
    bob("agents", "files", agent_id, "agent.py", "--link", room["share"], code=1)

    bob("agents", "delete", agent_id, "--link", link, "--yes")
    assert service.http.get(f"/room-agents/{agent_id}").status_code == 404
    assert "canary-private-5e" in bob("room", "ask", link, "Q", "--agent", str(folder))


def test_a_build_that_fails_is_told_to_who_brought_it_alone(
    bob: Hmctl, service: Service, room: dict[str, Any], folder: Path
) -> None:
    link = room["link"]
    bob("room", "accept", link)
    (folder / "Dockerfile").write_text("FROM hivemind-agent-base:latest\nRUN echo canary-printed && exit 9\n")
    shown = bob("room", "ask", link, "Q", "--agent", str(folder), code=4)
    assert "Image build failed: a step of the Dockerfile failed" in shown
    assert "canary-printed" in shown and "the whole log: hmctl agents logs" in shown
    told = [row for row in service.http.get("/runs").json() if row["outcome"] == "build_failed"]
    assert told and "canary-printed" not in json.dumps(told)


def test_secrets_and_missing_files_are_refused_before_anything_is_sent(
    bob: Hmctl, room: dict[str, Any], folder: Path
) -> None:
    (folder / ".dockerignore").unlink()
    assert "looks like secrets: .env" in bob("room", "ask", room["link"], "Q", "--agent", str(folder), code=1)
    (folder / ".env").unlink()
    (folder / "Dockerfile").unlink()
    assert "no Dockerfile at its top" in bob("room", "ask", room["link"], "Q", "--agent", str(folder), code=1)
