"""The state table of image builds."""

from agents.enums import BuildStatus
from hivemind.kit.states import Transitions

BUILD = Transitions(
    {
        BuildStatus.PENDING: frozenset({BuildStatus.RUNNING, BuildStatus.FAILED}),
        BuildStatus.RUNNING: frozenset({BuildStatus.COMPLETED, BuildStatus.FAILED}),
        BuildStatus.COMPLETED: frozenset(),
        BuildStatus.FAILED: frozenset(),
    }
)
