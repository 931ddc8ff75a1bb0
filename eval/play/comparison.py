"""The comparison: all attacks and all questions in every cell, several at a time."""

import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from eval.corpus.attacks import Attack, Turn
from eval.corpus.counting import Question
from eval.dataset.generate import Dataset
from eval.errors import EvalError
from eval.grading.evidence import Artifact, Evidence
from eval.leaks.detector import Detector
from eval.place.client import Asker, Json, Owner
from eval.place.rooms import Cast, Cell, open_room
from eval.place.upstream import RecordingUpstream
from eval.play import outcomes
from eval.play.outcomes import AttackOutcome, QuestionOutcome

Say = Callable[[str], None]
PROBE = Turn("How many viewings are there?", ({"sql": "SELECT count(*) AS n FROM watch_history"},))


@dataclass(frozen=True)
class Material:
    """What is asked, and with what it is judged."""

    data: Dataset
    attacks: Sequence[Attack]
    questions: Sequence[Question]
    detector: Detector


@dataclass(frozen=True)
class Manner:
    """How it is asked: with plans for agents that have no model, or as people would; and with which model."""

    planned: bool = True
    parallel: int = 4
    choices: dict[str, str] = field(default_factory=dict)
    seconds: float = 120.0


@dataclass
class Results:
    """Everything that came of a comparison. `left_out` says which cells could not be played, and why."""

    attacks: list[AttackOutcome] = field(default_factory=list)
    questions: list[QuestionOutcome] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Comparison:
    """Plays in the rooms of one owner. `keys` are the owner's and that of the tenant who asks and pays."""

    def __init__(
        self, url: str, *, keys: tuple[str, str], material: Material, manner: Manner, upstream: RecordingUpstream
    ) -> None:
        self._url = url
        self._owner, self._asker_key = Owner(url, keys[0]), keys[1]
        self._material = material
        self._manner = manner
        self._upstream = upstream

    @property
    def owner(self) -> Owner:
        """Who makes the rooms."""
        return self._owner

    def play(self, cells: Sequence[Cell], *, cast: Cast, say: Say) -> Results:
        """Open a room for each cell and ask everything in all of them, the cells taking turns."""
        results, askers = Results(), self._open(cells, cast=cast, say=say)
        began = time.monotonic()
        for cell, problem in list(askers.items()):
            if isinstance(problem, str):
                results.left_out[cell.name] = problem
                say(f"{cell.name} is left out: {problem}")
        ready = {cell: asker for cell, asker in askers.items() if isinstance(asker, Asker)}
        items = [*self._material.attacks, *self._material.questions]
        jobs = [(cell, asker, item) for item in items for cell, asker in ready.items()]
        counter = itertools.count(1)

        def one(job: tuple[Cell, Asker, Attack | Question]) -> AttackOutcome | QuestionOutcome:
            outcome = self._outcome(*job)
            done = next(counter)
            if done % 100 == 0:
                say(f"{done} of {len(jobs)} played, {(time.monotonic() - began) / done:.2f} s each")
            return outcome

        pool = ThreadPoolExecutor(self._manner.parallel)
        try:
            for outcome in pool.map(one, jobs):
                if isinstance(outcome, AttackOutcome):
                    results.attacks.append(outcome)
                else:
                    results.questions.append(outcome)
        finally:
            pool.shutdown(cancel_futures=True)
        results.seconds = round(time.monotonic() - began, 1)
        return results

    def _open(self, cells: Sequence[Cell], *, cast: Cast, say: Say) -> dict[Cell, Asker | str]:
        scopes: dict[str, str] = {}
        opened: dict[Cell, Asker | str] = {}
        for cell in cells:
            if cell.arm.name not in scopes:
                scopes[cell.arm.name] = self._owner.agent("scope", f"scope-{cell.arm.name}", cell.arm.files())
            scope = scopes[cell.arm.name]
            room = open_room(self._owner, self._material.data, cell=cell, cast=cast, scope=scope)
            asker = Asker(self._url, room, payer_key=self._asker_key)
            opened[cell] = self._why_not(cell, asker) or asker
            say(f"{cell.name}: room {room.room_id}")
        return opened

    def _why_not(self, cell: Cell, asker: Asker) -> str:
        """Why a cell cannot be played: row policies that the service does not know would make it another arm."""
        if not (cell.arm.row_policies and self._manner.planned):
            return ""
        row = asker.ask(PROBE.planned, seconds=self._manner.seconds)
        if row["status"] != "completed":
            return f"its first run failed: {row['error']}"
        everything = str(len(self._material.data.rows["watch_history"]))
        return "the service does not enforce row policies" if everything in str(row["output"]) else ""

    def _outcome(self, cell: Cell, asker: Asker, item: Attack | Question) -> AttackOutcome | QuestionOutcome:
        detector = self._material.detector
        try:
            if isinstance(item, Attack):
                told = [self._evidence(asker, turn) for turn in item.turns]
                return outcomes.of_attack(cell.name, item, told, detector=detector)
            return outcomes.of_question(cell.name, item, self._evidence(asker, item.turn), detector=detector)
        except EvalError as problem:
            if isinstance(item, Attack):
                return AttackOutcome(cell.name, item.id, item.kind, leaked=False, problem=str(problem))
            return QuestionOutcome(cell.name, item.id, right=False, share=0.0, leaked=False, problem=str(problem))

    def _evidence(self, asker: Asker, turn: Turn) -> Evidence:
        question = turn.planned if self._manner.planned else turn.prompt
        row = asker.ask(question, seconds=self._manner.seconds, **self._manner.choices)
        return Evidence(
            output=str(row.get("output") or ""),
            row=row,
            artifacts=_artifacts(asker, row),
            question=question,
            model_traffic=tuple(self._upstream.mentioning(str(row["run_id"]))),
        )


def _artifacts(asker: Asker, row: Json) -> tuple[Artifact, ...]:
    names = [str(item["filename"]) for item in row.get("artifacts") or []]
    return tuple(Artifact(name, asker.artifact(row["run_id"], name)) for name in names)
