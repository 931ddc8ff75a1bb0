"""How runs can end."""

from dataclasses import dataclass, field
from typing import Any

from runner.enums import FailureCode, RunStatus

CANCELLED = "The run was cancelled"
SENTENCES = {
    FailureCode.DEADLINE: "The run's deadline passed before it was done",
    FailureCode.WORKER_LOST: "The worker that held this run's key is gone; ask again",
    FailureCode.CANCELLED: CANCELLED,
    FailureCode.PLATFORM: "The platform failed while carrying out this run; ask again",
}


@dataclass(frozen=True)
class Facts:
    """What is known about how a run went: everything the receipt says beyond the terms.

    `scope_enforcement` is empty until the query stage could read; `row_policies_sha256` until it did through policies.
    """

    vault_items: int = 0
    image_ids: dict[str, str] = field(default_factory=dict)
    container_runtime: str = ""
    guard_verdicts: dict[str, int] = field(default_factory=dict)
    scope_enforcement: tuple[str, ...] = ()
    row_policies_sha256: str = ""
    usage: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """How a run ends. `output` is empty unless it completed; `sentence` is empty unless it did not."""

    status: RunStatus
    facts: Facts = field(default_factory=Facts)
    output: str = ""
    code: FailureCode | None = None
    sentence: str = ""


def completed(output: str, facts: Facts) -> Ending:
    """The ending with an answer."""
    return Ending(status=RunStatus.COMPLETED, facts=facts, output=output)


def failed(code: FailureCode, *, facts: Facts | None = None, sentence: str = "") -> Ending:
    """The ending without an answer."""
    status = RunStatus.CANCELLED if code is FailureCode.CANCELLED else RunStatus.FAILED
    text = (sentence or SENTENCES.get(code, "The run failed"))[:500]
    return Ending(status=status, facts=facts or Facts(), code=code, sentence=text)
