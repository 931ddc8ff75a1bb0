"""One ask through `hmctl`, and the run's row afterwards."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from eval.errors import EvalError
from eval.grading.evidence import Artifact, Evidence, Json
from hmctl.app import App
from hmctl.errors import HmctlError
from hmctl.launch import Launch
from hmctl.rooms import opening, reference
from hmctl.settings import Flags

STAGES = 3
WINDOW_SPARE_SECONDS = 180
FETCHED = Path("hivemind-artifacts")


@dataclass(frozen=True)
class Limits:
    """What one ask may use, and through which profile it goes."""

    provider: str
    max_tokens: int
    max_llm_calls: int
    timeout_seconds: int
    fetch: bool
    profile: str

    @property
    def window_seconds(self) -> int:
        """Longer than the client itself waits, so that it can say what happened."""
        return STAGES * self.timeout_seconds + WINDOW_SPARE_SECONDS


@dataclass(frozen=True)
class Played:
    """What came of one ask. `row` is empty when there is none; `row_problem` says why."""

    returncode: int
    stdout: str
    stderr: str
    run_id: str
    row: Json
    row_problem: str

    def evidence(self, question: str, *, files: Path) -> Evidence:
        """What the graders look at. `files` is the folder in which the ask was made."""
        document = _object(self.stdout)
        if self.returncode != 0:
            said = str((document.get("error") or {}).get("message") or self.stderr.strip()[-400:])
            failed = f"exit {self.returncode}: {said}"
            return Evidence(output="", row=self.row or None, question=question, failed_command=failed)
        row = self.row or {name: value for name, value in document.items() if name != "output"}
        names = [str(item.get("filename")) for item in document.get("artifacts") or []]
        artifacts = tuple(Artifact(name, _fetched(files, self.run_id, name)) for name in names)
        output = str(document.get("output") or "")
        return Evidence(output=output, row=row, artifacts=artifacts, question=question, logs=(self.stderr,))


def command(room: str, question: str, model: str, limits: Limits) -> list[str]:
    """The command line of one ask."""
    profile = ["--profile", limits.profile] if limits.profile else []
    asked = ["room", "ask", room, question, "--provider", limits.provider, "--json"]
    models = [word for stage in ("scope", "query", "mediator") for word in (f"--{stage}-model", model)]
    budget = [
        *("--max-tokens", str(limits.max_tokens), "--max-llm-calls", str(limits.max_llm_calls)),
        *("--timeout", str(limits.timeout_seconds), *(["--fetch"] if limits.fetch else [])),
    ]
    return [*client(), "--yes", "--allow-degraded-attestation", *profile, *asked, *models, *budget]


def client() -> list[str]:
    """How the client is started: HMCTL_BIN, else `uv run hmctl` where there is uv, else this Python's own."""
    chosen = os.environ.get("HMCTL_BIN", "").strip()
    if chosen:
        return shlex.split(chosen)
    return ["uv", "run", "hmctl"] if shutil.which("uv") else [sys.executable, "-m", "hmctl"]


def play(room: str, question: str, model: str, *, limits: Limits, folder: Path) -> Played:
    """Ask and read the run. Raises EvalError when there is no client to ask with."""
    words = command(room, question, model, limits)
    root = Path(__file__).resolve().parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limits.window_seconds,
            check=False,
        )
        returncode, stdout, stderr = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        returncode, stdout = 124, _text(late.stdout)
        stderr = f"{_text(late.stderr)}\nended after {limits.window_seconds} s"
    except OSError as missing:
        raise EvalError(f"{words[0]} could not be started: {missing}") from None
    run_id = _run_id(stdout, stderr)
    row, problem = _row(room, run_id, limits.profile) if run_id else ({}, "the client named no run")
    return Played(returncode, stdout, stderr, run_id, row, problem)


def _row(room: str, run_id: str, profile: str) -> tuple[Json, str]:
    """The run as the bearer of the link or the room's owner sees it, read by the client's own library."""
    flags = Flags(assume_yes=True, allow_degraded=True, profile=profile or None)
    try:
        with App.of(Launch(flags=flags)) as app:
            ref = reference.read(app, room)
            opened = opening.open_room(app, ref)
            payer = reference.payer_for(app, ref, allow_foreign=False) if ref.is_share else None
            return opened.client.run(run_id, payer=payer), ""
    except HmctlError as problem:
        return {}, problem.message


def _run_id(stdout: str, stderr: str) -> str:
    document = _object(stdout)
    named = document.get("run_id") or (document.get("error") or {}).get("run_id")
    if isinstance(named, str):
        return named
    lines = [line.split() for line in stderr.splitlines()]
    return next((words[1] for words in lines if len(words) == 2 and words[0] == "run"), "")


def _fetched(folder: Path, run_id: str, name: str) -> str:
    for path in sorted((folder / FETCHED).rglob(Path(name).name)):
        if run_id in path.as_posix():
            return path.read_text(encoding="utf-8", errors="replace")
    return ""


def _object(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw or "")
