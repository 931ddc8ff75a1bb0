"""Looks at evidence from the command line, without a connection.

    python -m attestation quote verify QUOTE --collateral FILE
    python -m attestation receipt verify FILE

With `attestation.command` the one place of this package that reads files, and the only one that reads a clock. Exit
codes: 0 verified, 1 checked and bad, 2 could not be checked.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from attestation.command import receipts
from attestation.errors import KernelError
from attestation.evidence.checks import CheckResult, Outcome, not_checked, verified
from attestation.evidence.collateral import MAX_COLLATERAL_BYTES, Collateral, parse_collateral
from attestation.evidence.compose_hash import prove_compose_hash
from attestation.evidence.dcap import verify_quote
from attestation.evidence.errors import ComposeHashUnknown, EventLogMalformed
from attestation.evidence.event_log import MAX_LOG_BYTES, check_event_log, parse_event_log
from attestation.evidence.identity import BootFacts, read_boot_facts
from attestation.evidence.platform import TcbStatus, VerifiedQuote
from attestation.evidence.quote_parts import MAX_QUOTE_BYTES
from attestation.evidence.roots import DevelopmentRoot, IntelRoot
from attestation.evidence.verifier import quote_checks
from attestation.policy.tcb import TcbPolicy

VERIFIED, BAD, NOT_CHECKED = 0, 1, 2
_MAX_ROOT_BYTES = 16 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        for line in options.verify(options):
            print(line)
    except OSError as error:
        print(f"could not check  {error.filename}: {error.strerror}", file=sys.stderr)
        return NOT_CHECKED
    except KernelError as error:
        undecided = receipts.is_undecided(error)
        if options.as_json:
            print(json.dumps(receipts.as_failure(error), indent=2))
        else:
            told = _shown(str(error))
            print(f"{'could not check' if undecided else 'refused'}  {error.check}: {told} [{error.code}]")
            print(error.remedy)
        return NOT_CHECKED if undecided else BAD
    return VERIFIED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m attestation", description="Looks at evidence and receipts.")
    subjects = parser.add_subparsers(required=True)
    _add_quote(subjects.add_parser("quote").add_subparsers(required=True).add_parser("verify"))
    _add_receipt(subjects.add_parser("receipt").add_subparsers(required=True).add_parser("verify"))
    _add_receipt(subjects.add_parser("verify", help="the same as receipt verify"))
    return parser


def _add_quote(verify: argparse.ArgumentParser) -> None:
    verify.set_defaults(verify=_verify, as_json=False)
    verify.add_argument("quote", type=Path, help="the quote, as bytes or hex text")
    verify.add_argument("--collateral", type=Path, required=True, help="the hardware maker's statements, JSON")
    verify.add_argument("--drop-pck-chain", action="store_true", help="use the quote's own certificate chain")
    verify.add_argument("--at", type=int, help="unix time to judge the quote at; now, when left out")
    verify.add_argument("--root-ca", type=Path, help="a development root (DER) in place of Intel's")
    verify.add_argument("--event-log", type=Path, help="the machine's event log, JSON")
    statuses = [status.value for status in TcbStatus]
    verify.add_argument("--allow-status", action="append", default=[], choices=statuses, metavar="STATUS")


def _add_receipt(verify: argparse.ArgumentParser) -> None:
    verify.set_defaults(verify=_verify_receipt)
    verify.add_argument("receipt", type=Path, help="the receipt, JSON")
    verify.add_argument("--answer", type=Path, help="the answer's text")
    verify.add_argument("--prompt", type=Path, help="the question's text")
    verify.add_argument("--artifacts", type=Path, help="the folder with the run's files, and nothing else")
    verify.add_argument("--owner-key", metavar="B64", help="the room owner's key, from the invite")
    verify.add_argument("--signer-key", metavar="B64", help="the key that signs runs, verified at the service")
    verify.add_argument("--run", metavar="ID", help="the run that was asked for")
    verify.add_argument("--nonce", metavar="HEX", help="the nonce that was sent with the question")
    verify.add_argument("--accept-development", action="store_true", help="take the operator's word for the signer")
    verify.add_argument("--collateral", type=Path, help="the hardware maker's statements, JSON")
    verify.add_argument("--root-ca", type=Path, help="a development root (DER) in place of Intel's")
    verify.add_argument("--at", type=int, help="unix time to judge evidence at; now, when left out")
    verify.add_argument("--json", dest="as_json", action="store_true", help="one JSON document")


def _verify_receipt(options: argparse.Namespace) -> Iterator[str]:
    question = receipts.Question(
        receipt=options.receipt,
        answer=options.answer,
        prompt=options.prompt,
        artifacts=options.artifacts,
        collateral=options.collateral,
        root_ca=options.root_ca,
        owner_pubkey_b64=options.owner_key,
        signer_pubkey_b64=options.signer_key,
        run_id=options.run,
        client_nonce=options.nonce,
        accept_development=options.accept_development,
    )
    verdict = receipts.check(question, at=_at(options))
    if options.as_json:
        yield json.dumps(receipts.as_json(verdict), indent=2)
    else:
        yield from map(_line, verdict.checks)


def _at(options: argparse.Namespace) -> int:
    return int(time.time()) if options.at is None else int(options.at)


def _verify(options: argparse.Namespace) -> Iterator[str]:
    root = DevelopmentRoot(_read(options.root_ca, _MAX_ROOT_BYTES)) if options.root_ca else IntelRoot()
    statuses = frozenset({TcbStatus.UP_TO_DATE, *map(TcbStatus, options.allow_status)})
    policy = TcbPolicy(allowed_statuses=statuses, minimum_evaluation_number=0, allow_development=root.development)
    quote = verify_quote(
        _quote(options.quote),
        collateral=_collateral(options),
        at=_at(options),
        roots=root,
        policy=policy,
    )
    yield from map(_line, quote_checks(quote, policy))
    yield from _software(options, quote)
    yield _line(not_checked("os image", "no list of known images was given"))
    yield _line(not_checked("report data", "compare them with your own nonce and certificate"))
    yield f"report data  {quote.body.report_data.hex()}"


def _software(options: argparse.Namespace, quote: VerifiedQuote) -> Iterator[str]:
    facts: BootFacts | None = None
    if options.event_log is None:
        yield _line(not_checked("event log", "none was given"))
    else:
        log = check_event_log(parse_event_log(_text(options.event_log)), body=quote.body)
        facts = read_boot_facts(log)
        registers = ", ".join(map(str, sorted(log.registers)))
        yield _line(verified("event log", f"registers {registers}; application {facts.app_id}"))
    try:
        compose = prove_compose_hash(quote.body.mr_config_id, facts=facts)
    except ComposeHashUnknown as error:
        yield _line(not_checked("compose hash", str(error)))
        return
    yield _line(verified("compose hash", f"{compose.value} from {', '.join(s.value for s in compose.sources)}"))


def _line(check: CheckResult) -> str:
    outcome = "verified    " if check.outcome is Outcome.VERIFIED else "not checked "
    return f"{outcome} {check.name}" + (f": {_shown(check.detail)}" if check.detail else "")


def _shown(text: str) -> str:
    """The text on one line with nothing in it that a terminal would obey; it may be of whoever made the file."""
    return "".join(ch if ch.isprintable() else ascii(ch)[1:-1] for ch in text)


def _read(path: Path, limit: int) -> bytes:
    """At most one byte more than `limit`, which every reader of these bytes refuses."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _quote(path: Path) -> bytes:
    data = _read(path, 2 * MAX_QUOTE_BYTES)
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return data


def _collateral(options: argparse.Namespace) -> Collateral:
    collateral = parse_collateral(_read(options.collateral, MAX_COLLATERAL_BYTES))
    return collateral.without_pck_chain() if options.drop_pck_chain else collateral


def _text(path: Path) -> str:
    try:
        return _read(path, MAX_LOG_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise EventLogMalformed from error


if __name__ == "__main__":
    sys.exit(main())
