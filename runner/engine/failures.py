"""Whose failure is it? Decided before anything is shown to anybody.

A message made here names facts only: which stage, which code, which limit. What a program printed is a
stranger's text; it can be had solely through `PrivateNote`, for the owner of that agent.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from runner.engine import errors
from runner.engine.base import Exit, ExitReason

_NOTE_CHARACTERS = 400
_CANNOT_RUN = 126
_NOT_FOUND = 127


class Party(StrEnum):
    """Who has to act."""

    AGENT = "agent"  # the agent's owner: the program or its image is at fault
    PLATFORM = "platform"  # the operator: our machinery is at fault
    CALLER = "caller"  # nobody: it was asked for


@dataclass(frozen=True)
class Failure:
    """What may be told to everybody. ``code`` is stable; ``retryable`` when the same run may succeed later."""

    party: Party
    code: str
    message: str
    retryable: bool = False


@dataclass(frozen=True)
class PrivateNote:
    """The end of an agent's diagnostics, for its owner's eyes. Printing or logging the note does not show it."""

    _text: str = field(repr=False)

    def __str__(self) -> str:
        return "<private note of an agent>"

    def reveal_to_agent_owner(self) -> str:
        """The text. The caller has made sure that the reader owns the agent."""
        return self._text


def of_exit(ended: Exit, *, stage: str) -> Failure | None:
    """Why the stage counts as failed, or None when it succeeded."""
    if ended.succeeded:
        return None
    match ended.reason:
        case ExitReason.EXITED:
            return _of_code(ended.code, stage)
        case ExitReason.TIMEOUT:
            return Failure(Party.AGENT, "agent_timeout", f"The {stage} agent did not finish in time.")
        case ExitReason.OOM:
            return Failure(Party.AGENT, "agent_out_of_memory", f"The {stage} agent used more memory than it may.")
        case ExitReason.STDOUT_EXCEEDED:
            return Failure(Party.AGENT, "agent_output_too_large", f"The {stage} agent printed more than it may.")
        case ExitReason.STDERR_EXCEEDED:
            return Failure(Party.AGENT, "agent_diagnostics_too_large", f"The {stage} agent flooded its diagnostics.")
        case ExitReason.KILLED:
            return Failure(Party.CALLER, "stage_stopped", f"The {stage} stage was stopped.")


def of_error(error: errors.EngineError, *, stage: str) -> Failure:
    """Whose failure an engine error is. The message never contains the error's diagnosis or a build's output."""
    retryable = isinstance(error, errors.EngineUnavailable | errors.DiskFull)
    if isinstance(error, errors.BuildTimedOut):
        return Failure(Party.AGENT, error.code, f"The image of the {stage} agent took too long to build.")
    if isinstance(error, errors.BuildError):
        return Failure(Party.AGENT, error.code, f"The image of the {stage} agent could not be built.")
    if isinstance(error, errors.InvalidSpec):
        return Failure(Party.AGENT, error.code, f"The {stage} agent cannot be started as it is described.")
    if isinstance(error, errors.ImageMissing):
        return Failure(Party.PLATFORM, error.code, f"The image of the {stage} agent is not on the machine.")
    return Failure(Party.PLATFORM, error.code, f"The {stage} stage could not be run on this machine.", retryable)


def private_note(ended: Exit) -> PrivateNote:
    """What the program left in its diagnostics, for the agent's owner only."""
    return PrivateNote(ended.stderr.decode("utf-8", "replace").strip()[-_NOTE_CHARACTERS:])


def _of_code(code: int | None, stage: str) -> Failure:
    if code in (_CANNOT_RUN, _NOT_FOUND):
        message = f"The {stage} agent's program could not be started (exit code {code})."
        return Failure(Party.AGENT, "agent_not_startable", message)
    return Failure(Party.AGENT, "agent_exited", f"The {stage} agent ended with exit code {code}.")
