"""Looks at evidence from the command line: `python -m attestation quote verify QUOTE --collateral FILE`.

The one place of this package that reads files and a clock. Exit codes: 0 verified, 1 checked and bad, 2 could
not be checked.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from attestation.errors import CouldNotCheck, KernelError, VerificationError
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
        for line in _verify(options):
            print(line)
    except OSError as error:
        print(f"could not check  {error.filename}: {error.strerror}", file=sys.stderr)
        return NOT_CHECKED
    except KernelError as error:
        undecided = isinstance(error, CouldNotCheck) or not isinstance(error, VerificationError)
        print(f"{'could not check' if undecided else 'refused'}  {error.check}: {error} [{error.code}]")
        print(error.remedy)
        return NOT_CHECKED if undecided else BAD
    return VERIFIED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m attestation", description="Looks at hardware evidence.")
    verify = parser.add_subparsers(required=True).add_parser("quote").add_subparsers(required=True).add_parser("verify")
    verify.add_argument("quote", type=Path, help="the quote, as bytes or hex text")
    verify.add_argument("--collateral", type=Path, required=True, help="the hardware maker's statements, JSON")
    verify.add_argument("--drop-pck-chain", action="store_true", help="use the quote's own certificate chain")
    verify.add_argument("--at", type=int, help="unix time to judge the quote at; now, when left out")
    verify.add_argument("--root-ca", type=Path, help="a development root (DER) in place of Intel's")
    verify.add_argument("--event-log", type=Path, help="the machine's event log, JSON")
    statuses = [status.value for status in TcbStatus]
    verify.add_argument("--allow-status", action="append", default=[], choices=statuses, metavar="STATUS")
    return parser


def _verify(options: argparse.Namespace) -> Iterator[str]:
    root = DevelopmentRoot(_read(options.root_ca, _MAX_ROOT_BYTES)) if options.root_ca else IntelRoot()
    statuses = frozenset({TcbStatus.UP_TO_DATE, *map(TcbStatus, options.allow_status)})
    policy = TcbPolicy(allowed_statuses=statuses, minimum_evaluation_number=0, allow_development=root.development)
    quote = verify_quote(
        _quote(options.quote),
        collateral=_collateral(options),
        at=int(time.time()) if options.at is None else options.at,
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
    return f"{outcome} {check.name}" + (f": {check.detail}" if check.detail else "")


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
