"""From a submitted run to what the user gets: wait, verify, print. Shared by `room ask` and `room runs`."""

from dataclasses import dataclass
from pathlib import Path

from hmctl import files
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.wire import RunRow
from hmctl.errors import (
    BadInput,
    HmctlError,
    HttpFailed,
    Interrupted,
    RecordRejected,
    RunFailed,
    TransportFailed,
    WindowOver,
)
from hmctl.io import one_line
from hmctl.packages import build_logs
from hmctl.render import downloads, progress, units
from hmctl.render import run as run_text
from hmctl.rooms.opening import OpenedRoom
from hmctl.runs import artifacts, receipts, records, statements, watch
from hmctl.runs.artifacts import Fetched, Fetching, Target
from hmctl.runs.asked import Asked
from hmctl.runs.records import Verdict
from hmctl.secret import Secret


@dataclass(frozen=True)
class Presentation:
    """How the user wants the answer; without a target no files are fetched."""

    as_json: bool = False
    target: Target | None = None
    output: Path | None = None
    strict: bool = True
    receipt: Path | None = None


@dataclass(frozen=True)
class Pending:
    """A submitted run. `reading_payer` is sent with reads only where the service needs it (share links).

    `max_cost_micro_usd` is what the user allowed, None for no limit.
    """

    opened: OpenedRoom
    asked: Asked
    reading_payer: Secret | None
    window_seconds: float
    max_cost_micro_usd: int | None = None


@dataclass(frozen=True)
class Judged:
    """An ended run and what its record is worth; `verdict` is None when a rejected record was put up with."""

    row: RunRow
    verdict: Verdict | None
    reason: str


def finish(app: App, pending: Pending, presentation: Presentation) -> None:
    """Waits, verifies, prints. Raises RunFailed, WindowOver, RecordRejected or Interrupted for all but an answer."""
    row = wait(app, pending)
    run_id = pending.asked.run_id
    if row is None:
        waited = f"within {pending.window_seconds:g} s" if pending.window_seconds else "yet"
        raise WindowOver(
            f"run {run_id} has not ended {waited}",
            hint=resume_hint(run_id, is_link=pending.opened.ref.is_link),
            run_id=run_id,
        )
    _check_cost(app, pending, row)
    judged = judge(pending, row, strict=presentation.strict)
    receipt = _receipt(pending, judged) if presentation.receipt is not None else None
    if row.status != "completed":
        _say_verdict(app, judged)
        _save_receipt(app, receipt, presentation.receipt)
        _show_build_log(app, pending, row)
        raise RunFailed(one_line(row.error or "no reason given", width=600), run_id=run_id)
    _print_answer(app, pending, judged, presentation)
    _save_receipt(app, receipt, presentation.receipt)


def wait(app: App, pending: Pending) -> RunRow | None:
    """The ended run, None when the window is over; Ctrl-C says how to go on later (Interrupted)."""
    run_id, is_link = pending.asked.run_id, pending.opened.ref.is_link

    def fetch() -> RunRow:
        row = wire.run_row(pending.opened.client.run(run_id, payer=pending.reading_payer))
        if row.run_id != run_id:
            raise RecordRejected(
                "The service answered with another run than the one asked for.", run_id=run_id, code="run_id_differs"
            )
        return row

    try:
        with progress.for_run(app.terminal, app.clock, label=f"run {run_id}") as shown:
            return watch.until_ended(fetch, clock=app.clock, window_seconds=pending.window_seconds, on_row=shown.show)
    except KeyboardInterrupt:
        raise interrupted(run_id, is_link=is_link) from None
    except HmctlError as problem:
        problem.run_id = run_id
        problem.hint = problem.hint or resume_hint(run_id, is_link=is_link)
        raise


def judge(pending: Pending, row: RunRow, *, strict: bool) -> Judged:
    """What the ended run's record is worth (RecordRejected when it does not hold and `strict`)."""
    try:
        verdict = records.judge(row, pending.opened, pending.asked)
        if row.status == "completed" and row.output is None and not row.is_redacted:
            raise RecordRejected(
                "The service says the run has an answer but does not give it.", run_id=row.run_id, code="output_missing"
            )
    except RecordRejected as problem:
        if not strict:
            return Judged(row, None, problem.message)
        if row.status != "completed":
            claim = one_line(row.error or "no reason given", width=200)
            problem.hint = f"The service says the run failed: {claim} (not verified)."
        raise
    return Judged(row, verdict, verdict.explanation)


def interrupted(run_id: str, *, is_link: bool) -> Interrupted:
    """The error for Ctrl-C while a run goes on."""
    return Interrupted(
        f"stopped waiting; run {run_id} goes on", hint=resume_hint(run_id, is_link=is_link), run_id=run_id
    )


def resume_hint(run_id: str, *, is_link: bool) -> str:
    """How to get the answer later."""
    room = ' --link "$ROOM"' if is_link else ""
    return f"Fetch and verify it later: hmctl room runs {run_id}{room} --wait"


def _print_answer(app: App, pending: Pending, judged: Judged, presentation: Presentation) -> None:
    row = judged.row
    fetched = _fetch(app, pending, judged, presentation.target) if presentation.target else Fetched()
    if presentation.output is not None:
        files.save(presentation.output, (row.output or "").encode("utf-8", "replace"))
    if presentation.as_json:
        app.terminal.document(
            run_text.completed_json(
                row,
                service=pending.opened.ref.service,
                verdict=judged.verdict,
                reason=judged.reason,
                fetched=fetched,
            )
        )
        return
    if row.is_redacted:
        app.terminal.warn("the answer is withheld: only its asker may read it")
    elif presentation.output is None:
        app.terminal.answer(row.output or "")
    else:
        app.terminal.say(f"answer written to {presentation.output}")
    _say_artifacts(app, row, fetched)
    _say_verdict(app, judged)


def _receipt(pending: Pending, judged: Judged) -> JsonObject | HmctlError:
    """The receipt whose record was judged, and no other (RecordRejected, BadAnswer); or why it cannot be had."""
    try:
        receipt = receipts.fetch(pending.opened.client, judged.row.run_id, payer=pending.reading_payer)
    except (HttpFailed, TransportFailed, BadInput) as problem:
        return problem
    if receipt.get("record") != judged.row.record:
        raise RecordRejected(
            "The receipt holds another record than the answer came with.",
            run_id=judged.row.run_id,
            code="receipt_differs",
            check="receipt",
        )
    return receipt


def _save_receipt(app: App, receipt: JsonObject | HmctlError | None, path: Path | None) -> None:
    """Keeps the receipt; raises why there is none after the answer was printed all the same."""
    if path is None or receipt is None:
        return
    if isinstance(receipt, HmctlError):
        raise receipt
    files.save(path, receipts.text(statements.complete(app, receipt)))
    app.terminal.say(f"receipt written to {path}")


def _fetch(app: App, pending: Pending, judged: Judged, target: Target) -> Fetched:
    how = Fetching(
        pending.opened.client,
        judged.verdict.verified if judged.verdict else None,
        pending.reading_payer,
        watch=lambda artifact: downloads.bar(app.terminal, artifact.filename, artifact.size_bytes),
    )
    return artifacts.fetch(how, judged.row, target=target)


def _say_artifacts(app: App, row: RunRow, fetched: Fetched) -> None:
    for artifact in row.artifacts:
        where = fetched.saved.get(artifact.filename)
        app.terminal.say(f"artifact {one_line(artifact.filename)}" + (f" -> {where}" if where else ""))
    for name, reason in fetched.failed.items():
        app.terminal.warn(f"artifact {one_line(name)} was not saved: {reason}")


def _say_verdict(app: App, judged: Judged) -> None:
    spent = run_text.spent(judged.row)
    if judged.verdict is not None and judged.verdict.is_proof:
        app.terminal.success(f"verified: {judged.reason}")
    else:
        app.terminal.alarm(f"not verified: {judged.reason.removeprefix('not verified: ')}")
    for told in (spent, run_text.cost(judged.row)):
        if told:
            app.terminal.say(told)


def _show_build_log(app: App, pending: Pending, row: RunRow) -> None:
    """The end of what the build of one's own agent printed, where that is what failed."""
    agent_id = pending.asked.query_agent_id
    if not agent_id or wire.text(row.raw, "outcome") != "build_failed":
        return
    try:
        log = build_logs.fetch(pending.opened.client, agent_id)
    except HmctlError:
        return  # it explains the failure, and is not needed to report it
    for line in log.last_lines():
        app.terminal.say(f"  {one_line(line)}")
    room = ' --link "$ROOM"' if pending.opened.ref.is_link else ""
    app.terminal.say(f"the whole log: hmctl agents logs {agent_id}{room}")


def _check_cost(app: App, pending: Pending, row: RunRow) -> None:
    cost, allowed = wire.whole(row.raw, "billing_cost_micro_usd"), pending.max_cost_micro_usd
    if allowed is not None and cost is not None and cost > allowed:
        app.terminal.alarm(
            f"the service charged {units.micro_usd(cost)}, more than the {units.micro_usd(allowed)} that you allowed"
        )
