"""The rooms of a comparison: one for each arm, with and without a mediator, all over the same data."""

from dataclasses import dataclass
from pathlib import Path

from eval import arms
from eval.arms import Arm
from eval.dataset import loading
from eval.dataset.generate import Dataset
from eval.dataset.tables import TABLES
from eval.place.client import Owner, Room

LITERAL = arms.ROOT / "agents" / "literal-query"
MEDIATOR = arms.EXAMPLES / "redact-mediator"
PROVIDER = "openrouter"


@dataclass(frozen=True)
class Cell:
    """One place of the comparison."""

    arm: Arm
    mediated: bool

    @property
    def name(self) -> str:
        """As it stands in reports."""
        return f"{self.arm.name}+mediator" if self.mediated else self.arm.name


@dataclass(frozen=True)
class Cast:
    """Who works in the rooms: ids of the query agent and of the mediator, and whose models may be asked."""

    query: str
    mediator: str
    provider: str = PROVIDER


def furnish(owner: Owner, data: Dataset, *, query: Path = LITERAL, mediator: Path = MEDIATOR) -> Cast:
    """Load the tables and register the agents that all rooms share."""
    for statement in loading.statements(data):
        owner.sql(statement)
    return Cast(
        query=owner.agent("query", query.name, folder(query)),
        mediator=owner.agent("mediator", mediator.name, folder(mediator)),
    )


def open_room(owner: Owner, data: Dataset, *, cell: Cell, cast: Cast, scope: str) -> Room:
    """The room of one cell, its vault filled."""
    room = owner.room(
        name=f"eval {cell.name}",
        scope_agent_id=scope,
        query_agent_id=cast.query,
        query_mode="fixed",
        mediator_agent_id=cast.mediator if cell.mediated else None,
        policy=arms.rules(),
        rules=arms.rules(),
        allowed_tables=[shape.name for shape in TABLES],
        egress={"llm_providers": [cast.provider], "allow_artifacts": True},
        query_visibility="inspectable",
        output_visibility="querier_only",
    )
    for document in data.documents:
        owner.add_document(room, document.text, document.metadata)
    return room


def folder(path: Path) -> dict[str, bytes]:
    """The files of an agent's folder."""
    return {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}
