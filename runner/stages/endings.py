"""What a container left behind: its output, or in our words why there is none."""

from runner.engine.base import Exit, ExitReason
from runner.terms import StageTerms

EMPTY_OUTPUT = "(Agent produced no output)"


def output(ended: Exit) -> str:
    """What it printed, as text."""
    return ended.stdout.decode("utf-8", "replace").replace("\x00", "").strip() or EMPTY_OUTPUT


def why(ended: Exit, stage: StageTerms) -> str:
    """How it ended, in our words. The agent's stderr goes to nobody: it may hold private rows."""
    match ended.reason:
        case ExitReason.TIMEOUT:
            return f"it timed out after {stage.timeout_seconds} s"
        case ExitReason.OOM:
            return f"it ran out of memory ({stage.memory_mb} MB)"
        case ExitReason.STDOUT_EXCEEDED | ExitReason.STDERR_EXCEEDED:
            return "it printed more than an agent may"
        case ExitReason.KILLED:
            return "its container was stopped"
        case _:
            return f"it exited with status {ended.code}"
