"""What a checkup found: one line for each check, with what was looked at and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from hmctl import exits
from hmctl.errors import HmctlError, TrustRefused

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Reason:
    """Why something failed, in the words of other commands' errors: stable code, name of what was verified."""

    code: str
    check: str
    refuses: bool = False  # whether the service is not trusted because of it

    @classmethod
    def of(cls, problem: HmctlError) -> "Reason":
        """The reason in an error."""
        return cls(problem.code, problem.check, isinstance(problem, TrustRefused))


@dataclass(frozen=True)
class Finding:
    """One check. `hint` says what to do, empty when there is nothing to do. A failure may name its `reason`."""

    name: str
    status: Status
    detail: str
    hint: str = ""
    reason: Reason | None = None

    def as_json(self) -> dict[str, str]:
        """The finding for programs."""
        told = {"name": self.name, "status": self.status, "detail": self.detail, "hint": self.hint}
        return told | ({"code": self.reason.code, "check": self.reason.check} if self.reason else {})


@dataclass
class Checkup:
    """What was found so far; `code` is the exit code it amounts to: a refused service decides, else any failure."""

    findings: list[Finding] = field(default_factory=list)
    code: int = exits.OK

    def ok(self, name: str, detail: str) -> None:
        """Adds a check that passed."""
        self.findings.append(Finding(name, "ok", detail))

    def warn(self, name: str, detail: str, hint: str = "") -> None:
        """Adds something that works and is less than it could be, or that could not be checked."""
        self.findings.append(Finding(name, "warn", detail, hint))

    def fail(self, name: str, detail: str, hint: str = "", *, reason: Reason | None = None) -> None:
        """Adds a failure."""
        self.findings.append(Finding(name, "fail", detail, hint, reason))
        if reason is not None and reason.refuses:
            self.code = exits.NOT_TRUSTED
        elif self.code == exits.OK:
            self.code = exits.FAILED

    def failed(self, name: str, problem: HmctlError) -> None:
        """Adds the failure of a check."""
        self.fail(name, problem.message, problem.hint, reason=Reason.of(problem))

    def left_out(self, names: tuple[str, ...], why: str) -> None:
        """Adds checks that could not be made because of an earlier finding."""
        for name in names:
            self.warn(name, f"not checked: {why}")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Turns a failure inside into the finding of this name, so that the next check is still made."""
        try:
            yield
        except HmctlError as problem:
            self.failed(name, problem)
