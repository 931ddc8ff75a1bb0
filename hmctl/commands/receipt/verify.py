"""`hmctl receipt verify`."""

from pathlib import Path
from typing import Any

import click

from attestation.command import receipts
from attestation.command.receipts import Question
from attestation.errors import KernelError
from attestation.evidence.checks import Outcome
from attestation.receipt import VerifiedReceipt
from hmctl import exits
from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput, ReceiptRejected, ReceiptUndecided
from hmctl.io import one_line
from hmctl.runs.asked import AskedRuns
from hmctl.runs.receipts import check_notes

_FILE = click.Path(path_type=Path)


@click.command("verify")
@click.argument("receipt", metavar="FILE", type=_FILE)
@click.option("--answer", type=_FILE, help="The answer's text.")
@click.option("--prompt", type=_FILE, help="The question's text.")
@click.option("--artifacts", type=_FILE, metavar="DIR", help="The folder with the run's files, and nothing else.")
@click.option("--owner-key", "owner_pubkey_b64", metavar="B64", help="The room owner's key, from the link.")
@click.option("--signer-key", "signer_pubkey_b64", metavar="B64", help="A run-signer key that you verified.")
@click.option("--run", "run_id", metavar="ID", help="The run that you asked.")
@click.option("--nonce", "client_nonce", metavar="HEX", help="The nonce that went with the question.")
@click.option("--accept-development", is_flag=True, help="Take the operator's word where no hardware gives it.")
@click.option("--collateral", type=_FILE, help="The hardware maker's statements, JSON.")
@click.option("--root-ca", type=_FILE, help="A development root (DER) in place of Intel's.")
@click.option("--at", type=int, metavar="UNIX", help="Judge evidence at this time instead of now.")
@json_option
@with_app()
def command(app: App, /, at: int | None, as_json: bool, **given: Any) -> None:
    """Check the receipt in FILE: who signed it, under whose terms, for which question and answer, at what cost.

    No connection is opened. A run that was asked from here is held against what this machine noted about it.

    \b
    Example:
      hmctl receipt verify receipt.json --answer answer.txt --accept-development

    Exit codes: 0 verified, 1 refused, 2 could not be checked.
    """
    run(app, Question(**given), at=at, as_json=as_json)


def run(app: App, question: Question, *, at: int | None, as_json: bool) -> None:
    """Verifies and prints (ReceiptRejected, ReceiptUndecided, BadInput)."""
    try:
        verdict = receipts.check(question, at=int(app.clock.now()) if at is None else at)
    except KernelError as problem:
        kind = ReceiptUndecided if receipts.is_undecided(problem) else ReceiptRejected
        raise kind(f"{problem.check}: {problem}", hint=problem.remedy, told=receipts.as_failure(problem)) from problem
    except OSError as problem:
        raise BadInput(
            f"cannot read {problem.filename}: {problem.strerror}", exit_code=exits.RECEIPT_UNDECIDED
        ) from None
    noted = AskedRuns(app.settings.home).find(str(verdict.body["run_id"]))
    if noted is not None:
        check_notes(verdict.body, noted)
    if as_json:
        app.terminal.document(receipts.as_json(verdict) | {"asked_from_here": noted is not None})
        return
    _print(app, verdict, asked_from_here=noted is not None)


def _print(app: App, verdict: VerifiedReceipt, *, asked_from_here: bool) -> None:
    for check in verdict.checks:
        done = check.outcome is Outcome.VERIFIED
        detail = f": {one_line(check.detail)}" if check.detail else ""
        app.terminal.data(f"{'verified    ' if done else 'not checked '} {check.name}{detail}")
    if asked_from_here:
        app.terminal.data("verified     own notes: room terms, question and nonce are those that were asked from here")
    if verdict.development:
        app.terminal.warn("no hardware vouches for this service: the receipt is its operator's word")
