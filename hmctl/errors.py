"""Failures a user may see: one line, a hint what to do, and the exit code."""

from typing import Protocol, Self

from hmctl import exits


class Refusal(Protocol):
    """What an error of the verification kernel tells: a stable code, the check that failed, advice."""

    code: str
    check: str
    remedy: str


class HmctlError(Exception):
    """A failure with a stable code, a sentence, a hint and an exit code. The text never holds a secret.

    `check` names what was being verified, empty for failures of another kind.
    """

    code = "failed"
    check = ""
    exit_code = exits.FAILED
    is_outcome = False  # whether `as_json` is a document that published clients know, on one line

    def __init__(self, message: str, *, hint: str = "", exit_code: int | None = None, run_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.run_id = run_id
        if exit_code is not None:
            self.exit_code = exit_code

    def as_json(self) -> dict[str, object]:
        """The error object printed when --json is given."""
        error: dict[str, object] = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "exit": self.exit_code,
        }
        if self.check:
            error["check"] = self.check
        if self.run_id:
            error["run_id"] = self.run_id
        return {"error": error}


class BadUsage(HmctlError):
    """The arguments contradict each other or cannot be used."""

    code = "usage"
    exit_code = exits.USAGE


class BadInput(HmctlError):
    """An argument or a local file is not what the command needs."""

    code = "bad_input"


class BadLink(BadInput):
    """A room link that is not whole, or leads nowhere that a key may go."""

    check = "room link"


class Declined(HmctlError):
    """A question was answered with no, or could not be asked."""

    code = "declined"
    check = "consent"


class Interrupted(HmctlError):
    """The user stopped the command while something was going on at the service."""

    code = "interrupted"


class ProfileProblem(HmctlError):
    """The profile is missing, broken or not fit for this command."""

    code = "profile"
    check = "profile"


class StoreDamaged(HmctlError):
    """A local file that remembers decisions cannot be read; it is never treated as empty."""

    code = "store_damaged"
    check = "local files"


class TransportFailed(HmctlError):
    """No answer came from the service."""

    code = "unreachable"


class TimedOut(TransportFailed):
    """The service did not answer in time."""

    code = "timeout"


class BadAnswer(HmctlError):
    """The service answered something that is not this protocol."""

    code = "bad_answer"
    check = "answer form"


class HttpFailed(HmctlError):
    """The service answered with an error status.

    `explained` tells whether the body was JSON with a detail: a gateway in between does not send one.
    """

    code = "http"

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        explained: bool = True,
        retry_after_seconds: float | None = None,
        hint: str = "",
        exit_code: int | None = None,
    ) -> None:
        super().__init__(f"{status}: {detail}", hint=hint, exit_code=exit_code)
        self.status = status
        self.detail = detail
        self.explained = explained
        self.retry_after_seconds = retry_after_seconds


class TrustRefused(HmctlError):
    """The service did not prove what it runs, so nothing was sent to it."""

    code = "not_trusted"
    check = "service trust"
    exit_code = exits.NOT_TRUSTED

    def __init__(self, message: str, *, hint: str = "", code: str = "", check: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code or self.code
        self.check = check or self.check

    @classmethod
    def because(cls, problem: Refusal, about: str, *, hint: str = "") -> Self:
        """The refusal of a service because a check failed, or could not be made."""
        return cls(f"{about}: {problem}", hint=hint or problem.remedy, code=problem.code, check=problem.check)


class ForeignService(HmctlError):
    """A credential of one service would go to another one."""

    code = "foreign_service"
    check = "service of the key"


class RoomRejected(HmctlError):
    """What the service sent for a room is not what its owner signed, or not what the caller asked for."""

    code = "room_rejected"
    check = "room"

    def __init__(self, message: str, *, hint: str = "", code: str = "room_rejected", check: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.check = check or self.check

    @classmethod
    def because(cls, problem: Refusal, *, detail: str = "") -> Self:
        """The rejection of a room because a check failed, or could not be made."""
        message = f"{problem} ({detail})" if detail else str(problem)
        return cls(message, hint=problem.remedy, code=problem.code, check=problem.check)


class RecordRejected(HmctlError):
    """The signed record of a run is missing or contradicts what was asked or answered."""

    code = "record_rejected"
    check = "run record"
    exit_code = exits.RECORD_REJECTED
    is_outcome = True

    def __init__(self, message: str, *, hint: str = "", run_id: str = "", code: str = "", check: str = "") -> None:
        super().__init__(message, hint=hint, run_id=run_id)
        self.code = code or self.code
        self.check = check or self.check

    @classmethod
    def because(cls, problem: Refusal, *, run_id: str) -> Self:
        """The rejection of a record because a check failed, or could not be made."""
        return cls(str(problem), hint=problem.remedy, run_id=run_id, code=problem.code, check=problem.check)

    def as_json(self) -> dict[str, object]:
        """The outcome document."""
        outcome = {"status": "attestation_failed", "run_id": self.run_id, "reason": self.message}
        return {**outcome, "code": self.code, "check": self.check}


class RunFailed(HmctlError):
    """The run ended without an answer. The message is the service's error text."""

    code = "run_failed"
    exit_code = exits.RUN_FAILED
    is_outcome = True

    def as_json(self) -> dict[str, object]:
        """The outcome document."""
        return {"status": "failed", "error": self.message, "run_id": self.run_id}


class WindowOver(HmctlError):
    """The run had not ended when the client stopped waiting."""

    code = "run_not_ended"
    exit_code = exits.WINDOW_OVER
    is_outcome = True

    def as_json(self) -> dict[str, object]:
        """The outcome document."""
        return {"status": "timeout", "run_id": self.run_id}


class ReceiptRejected(HmctlError):
    """A receipt was checked and does not hold. `told` is the outcome for programs."""

    code = "receipt_rejected"
    is_outcome = True

    def __init__(self, message: str, *, hint: str = "", told: dict[str, object]) -> None:
        super().__init__(message, hint=hint)
        self.told = told

    def as_json(self) -> dict[str, object]:
        """The outcome document."""
        return self.told


class ReceiptUndecided(ReceiptRejected):
    """Something that is needed to check a receipt is missing. No verdict, and not to be taken for one."""

    code = "receipt_undecided"
    exit_code = exits.RECEIPT_UNDECIDED
