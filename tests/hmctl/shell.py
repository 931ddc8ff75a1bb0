"""Running hmctl in this process: a home of its own, a clock that does not wait, and the two streams apart."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from attestation.evidence.roots import TrustRoot
from hmctl.cli import root
from hmctl.launch import Launch


@dataclass(frozen=True)
class Shown:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def screen(self) -> str:
        return f"exit {self.code}\n--- out\n{self.out}--- err\n{self.err}"


@dataclass
class HastyClock:
    """Real time plus everything that was slept, without sleeping it."""

    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return time.time() + sum(self.slept)

    def steady(self) -> float:
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) > 100_000:
            raise AssertionError("waits forever")


class Shell:
    """One user's machine."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = HastyClock()
        self.environment: dict[str, str | None] = {}
        self.hardware: TrustRoot | None = None

    def __call__(self, *args: str, text: str = "") -> Shown:
        """Runs hmctl; a traceback that would have reached the user fails the test."""
        cleared = {name: None for name in os.environ if name.startswith("HIVEMIND_")}
        chosen = cleared | {"HIVEMIND_HOME": str(self.home), "HOME": str(self.home.parent)} | self.environment
        result = CliRunner().invoke(
            root,
            list(args),
            input=text,
            env=chosen,
            obj=Launch(clock=self.clock, hardware=self.hardware),
            prog_name="hmctl",
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output and "hmctl itself failed" not in result.output, result.output
        return Shown(result.exit_code, result.stdout, result.stderr)

    def profile(self, name: str, *, service: str, key: str, role: str = "tenant") -> None:
        """Writes a profile as published clients do."""
        folder = self.home / "profiles"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(f"api_key: {key}\nrole: {role}\nservice: {service}\n")
        (self.home / "active").write_text(name + "\n")
