"""The whole pipeline in one process, told in verbs."""

from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from agents.models import Agent, ImageBuild
from agents.services import builds
from runner.models import Run
from runner.services import execute
from tenants.databases import session
from tests.factories import packages, rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person


@dataclass
class Platform:
    """Alice who owns, Bob who pays, and everything between them."""

    alice: Person
    bob: Person
    tags: list[str] = field(default_factory=list)

    def sql(self, *statements: str) -> None:
        """Run statements as the owner of Alice's database."""
        with session.owner_connection(self.alice.tenant) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def agent(self, kind: str, source: str, **form: Any) -> str:
        """Upload an agent and build its image; the agent's id."""
        archive = form.pop("archive", None) or packages.package(source)
        body = {"name": kind, "agent_type": kind, "archive": SimpleUploadedFile("a.tar.gz", archive), **form}
        answer = self.alice.client.post("/v1/room-agents", body)
        assert answer.status_code == 200, answer.content
        builds.execute(answer.json()["run_id"])
        build = ImageBuild.objects.get(pk=answer.json()["run_id"])
        assert build.status == "completed", build.error
        self.tags.append(Agent.objects.get(pk=build.agent_id).image_tag)
        return str(build.agent_id)

    def room(
        self,
        *,
        scope: str = packages.ALLOW_ALL,
        query: str = packages.ECHO_SQL,
        mediator: str | None = packages.ECHO_RAW,
        **request: Any,
    ) -> MadeRoom:
        """A room over `sales` with agents of these sources."""
        wanted: dict[str, Any] = {
            "scope_agent_id": self.agent("scope", scope),
            "query_agent_id": self.agent("query", query),
            "query_mode": "fixed",
            "llm_providers": (),
            "allowed_tables": ("sales",),
        }
        if mediator is not None:
            wanted["mediator_agent_id"] = self.agent("mediator", mediator)
        return rooms.room(self.alice, **(wanted | request))

    def submit(self, room: MadeRoom, question: str, **body: Any) -> str:
        """Bob asks; the run's id."""
        by = room.bob
        by.defaults["HTTP_X_HIVEMIND_API_KEY"] = self.bob.api_key
        answer = post(by, f"{room.url}/runs", {"query": question, **body})
        assert answer.status_code == 200, answer.content
        return str(answer.json()["run_id"])

    def ask(self, room: MadeRoom, question: str, **body: Any) -> dict[str, Any]:
        """Bob asks, this process carries the run out, Bob reads it."""
        return self.carried_out(room, self.submit(room, question, **body))

    def carried_out(self, room: MadeRoom, run_id: str) -> dict[str, Any]:
        """This process carries a waiting run out, Bob reads it."""
        execute.run(run_id)
        assert Run.objects.get(pk=run_id).ended_at is not None
        return dict(room.bob.get(f"/v1/runs/{run_id}").json())
