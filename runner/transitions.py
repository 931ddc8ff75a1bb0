"""The state tables of runs and stages."""

from hivemind.kit.states import Transitions
from runner.enums import RunStatus, StageStatus

RUN = Transitions(
    {
        RunStatus.PENDING: frozenset({RunStatus.RUNNING, RunStatus.FAILED, RunStatus.CANCELLED}),
        RunStatus.RUNNING: frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}),
        RunStatus.COMPLETED: frozenset(),
        RunStatus.FAILED: frozenset(),
        RunStatus.CANCELLED: frozenset(),
    }
)
STAGE = Transitions(
    {
        StageStatus.WAITING: frozenset({StageStatus.EXECUTING, StageStatus.SKIPPED}),
        StageStatus.EXECUTING: frozenset({StageStatus.DONE, StageStatus.FAILED}),
        StageStatus.DONE: frozenset(),
        StageStatus.FAILED: frozenset(),
        StageStatus.SKIPPED: frozenset(),
    }
)
