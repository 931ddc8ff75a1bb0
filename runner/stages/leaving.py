"""Which files a run may leave, who judges them, and the report that an answer may become."""

import json
import logging
from collections.abc import Iterable

from hivemind.kit.conf import conf
from runner.artifacts import reports
from runner.artifacts.desk import FileRefused
from runner.artifacts.rules import ArtifactLimits
from runner.services.artifact_rows import Place
from runner.stages.context import RunContext
from runner.stages.desk import RunDesk
from runner.stages.preparing import Preparation
from runner.stages.turns import INSIDE, Turn

log = logging.getLogger(__name__)

# A mediator that can judge files says so in its Dockerfile, which is part of the source that the room signs:
# LABEL com.hivemind.mediator.artifacts="judge"
LABEL = "com.hivemind.mediator.artifacts"
JUDGE = "judge"
FOLDER = INSIDE.rpartition("/")[2]


class Leaving:
    """The files of one run. `takes` says whether its query agent may leave any, `judged` whether a mediator looks.

    Without a mediator they leave with the answer; with one that doesn't say that it judges files, none are taken.
    """

    def __init__(self, ctx: RunContext, *, takes: bool, judged: bool) -> None:
        artifacts = conf.artifacts
        limits = ArtifactLimits(max_files=artifacts.max_files, max_total_bytes=artifacts.max_total_bytes)
        self.takes, self.judged = takes, judged
        self._desk = RunDesk(Place(ctx.run, ctx.room_key), limits=limits)
        self._query: Turn | None = None

    def for_query(self) -> Turn | None:
        """The query stage's turn, None when it may leave nothing."""
        if self.takes:
            self._query = Turn(self._desk)
        return self._query

    def for_mediator(self) -> Turn | None:
        """The mediator's turn, None for one that doesn't judge. Nobody else changes anything from now on."""
        self._desk.take_turn(None)
        return Turn(self._desk, made_from=self._made) if self.judged else None

    def contents(self) -> dict[str, Iterable[bytes]]:
        """The files for the mediator's eyes."""
        return self._desk.contents()

    def report(self, ctx: RunContext, answer: str) -> None:
        """Keep the approved answer as a report too, if it is one and the run has left none. Never fails the run."""
        self._desk.take_turn(None)
        if self._made or not reports.is_report(answer, prompt=ctx.prompt):
            return
        # Where questions are forgotten with their run, their words must not live on in a name.
        stem = reports.stem_for(ctx.prompt) if ctx.terms.keeps_prompt else reports.FALLBACK_STEM
        if {f"{stem}.md", f"{stem}.pdf"} & {file.filename for file in self._desk.files()}:
            return
        try:
            Turn(self._desk).add_report(stem, markdown=answer, with_pdf=True)
        except FileRefused as refusal:
            log.warning("an answer was not kept as a report: %s", refusal, extra={"run_id": ctx.run.pk})
        finally:
            self._desk.take_turn(None)

    @property
    def _made(self) -> dict[str, str]:
        return self._query.made_from if self._query else {}


def allowed(ctx: RunContext, preparation: Preparation) -> Leaving | None:
    """What this run may leave, None when its room allows nothing. Raises StageFailed when the mediator isn't built."""
    if not ctx.terms.allow_artifacts:
        return None
    if ctx.terms.mediator is None:
        return Leaving(ctx, takes=True, judged=False)
    judges = preparation.labels("mediator").get(LABEL) == JUDGE
    return Leaving(ctx, takes=judges, judged=judges)


def told(turn: Turn) -> dict[str, str]:
    """What a mediator that judges is told about what waits."""
    return {"HIVEMIND_ARTIFACTS": json.dumps(turn.listing()), "HIVEMIND_ARTIFACTS_DIR": INSIDE}
