"""Failures name the party that has to act, and never quote a stranger's program."""

from datetime import UTC, datetime

import pytest

from runner.engine import errors, failures
from runner.engine.base import Exit, ExitReason
from runner.engine.failures import Party

_SECRET = b"traceback: password=hunter2"


def _exit(reason: ExitReason, code: int | None) -> Exit:
    now = datetime.now(UTC)
    return Exit(reason=reason, code=code, stdout=_SECRET, stderr=_SECRET, started_at=now, ended_at=now)


@pytest.mark.parametrize(
    ("reason", "code", "party", "name"),
    [
        (ExitReason.EXITED, 1, Party.AGENT, "agent_exited"),
        (ExitReason.EXITED, 127, Party.AGENT, "agent_not_startable"),
        (ExitReason.TIMEOUT, 137, Party.AGENT, "agent_timeout"),
        (ExitReason.OOM, 137, Party.AGENT, "agent_out_of_memory"),
        (ExitReason.STDOUT_EXCEEDED, 137, Party.AGENT, "agent_output_too_large"),
        (ExitReason.STDERR_EXCEEDED, 137, Party.AGENT, "agent_diagnostics_too_large"),
        (ExitReason.KILLED, None, Party.CALLER, "stage_stopped"),
    ],
)
def test_each_way_of_ending_has_a_party_and_a_sentence(
    reason: ExitReason, code: int | None, party: Party, name: str
) -> None:
    failure = failures.of_exit(_exit(reason, code), stage="query")
    assert failure is not None
    assert (failure.party, failure.code) == (party, name)
    assert "query" in failure.message
    assert "hunter2" not in repr(failure)


def test_every_reason_is_covered() -> None:
    assert all(failures.of_exit(_exit(reason, 1), stage="scope") for reason in ExitReason)


def test_a_success_is_no_failure() -> None:
    assert failures.of_exit(_exit(ExitReason.EXITED, 0), stage="query") is None


def test_a_private_note_shows_itself_only_when_asked() -> None:
    note = failures.private_note(_exit(ExitReason.EXITED, 1))
    assert "hunter2" not in f"{note} {note!r}"
    assert "hunter2" in note.reveal_to_agent_owner()


@pytest.mark.parametrize(
    ("error", "party", "retryable"),
    [
        (errors.EngineUnavailable("x"), Party.PLATFORM, True),
        (errors.DiskFull("x"), Party.PLATFORM, True),
        (errors.NotPermitted("x"), Party.PLATFORM, False),
        (errors.ImageMissing("x"), Party.PLATFORM, False),
        (errors.InvalidSpec("x"), Party.AGENT, False),
        (errors.BuildTimedOut("x"), Party.AGENT, False),
        (errors.BuildRefused("x"), Party.AGENT, False),
        (errors.BuildFailed("x", output="password=hunter2"), Party.AGENT, False),
        (errors.StartFailed("x", diagnosis="password=hunter2"), Party.PLATFORM, False),
    ],
)
def test_each_engine_error_has_a_party_and_keeps_its_diagnosis_to_itself(
    error: errors.EngineError, party: Party, retryable: bool
) -> None:
    failure = failures.of_error(error, stage="scope")
    assert (failure.party, failure.retryable, failure.code) == (party, retryable, error.code)
    assert "hunter2" not in failure.message


def test_error_codes_are_all_different() -> None:
    def every(kind: type[errors.EngineError]) -> list[str]:
        return [kind.code, *(code for below in kind.__subclasses__() for code in every(below))]

    codes = [code for code in every(errors.EngineError) if not code.startswith("engine_unavailable")]
    assert len(codes) == len(set(codes))
