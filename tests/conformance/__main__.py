"""Plays the cases against a client command.

    python -m tests.conformance [--client COMMAND] [--only PATTERN] [--jobs N] [--list] [--table FILE] [--json FILE]

Exit codes: 0 the client passed every case, 1 it failed one, 2 wrong usage.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.conformance import catalogue, table
from tests.conformance.adapter import Adapter, Shown, Subprocess, Verdict
from tests.conformance.case import Case
from tests.conformance.clients import ADAPTERS
from tests.conformance.play import Result, play


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what was asked for and returns the exit code."""
    options = _parser().parse_args(arguments)
    cases = catalogue.chosen(options.only) if options.only else catalogue.everything()
    if not cases:
        print(f"no case fits {options.only!r}", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{case.name}  {case.lie}" for case in cases))
        return 0
    if options.table:
        options.table.write_text(table.render(catalogue.everything()), encoding="utf-8")
        return 0
    command = shlex.split(options.client)
    found = shutil.which(command[0]) if command else None
    if found is None:
        print(f"there is no command {options.client!r}", file=sys.stderr)
        return 2
    # Made absolute, because each case plays in a folder of its own.
    adapter = ADAPTERS[options.adapter](Subprocess((str(Path(found).absolute()), *command[1:])))
    results = list(_shown(_play_all(cases, adapter, jobs=options.jobs), verbose=options.verbose))
    failed = [result for result in results if not result.passed]
    print(f"{len(results)} cases, {len(results) - len(failed)} passed, {len(failed)} failed")
    if options.json:
        options.json.write_text(json.dumps([_as_json(result) for result in results], indent=2), encoding="utf-8")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description="One lie per case.")
    here = f"{shlex.quote(sys.executable)} -m hmctl"
    parser.add_argument("--client", default=here, metavar="COMMAND", help="how the client is called [%(default)s]")
    parser.add_argument(
        "--adapter", choices=sorted(ADAPTERS), default="hmctl", help="how it is spoken to [%(default)s]"
    )
    parser.add_argument("--only", default="", metavar="PATTERN", help="the cases whose name holds or fits this")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="cases at a time [%(default)s]")
    parser.add_argument("--list", action="store_true", help="name the cases and play none")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the table of all cases and play none")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what happened")
    parser.add_argument("--verbose", action="store_true", help="show what the client said where it failed")
    return parser


def _play_all(cases: Sequence[Case], adapter: Adapter, *, jobs: int) -> Iterator[Result]:
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        yield from pool.map(lambda case: _play(case, adapter), cases)


def _play(case: Case, adapter: Adapter) -> Result:
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        try:
            return play(case, adapter, folder=Path(folder))
        except subprocess.TimeoutExpired:
            return Result(case, Shown(-1, "", ""), Verdict(), ("the client did not end",))


def _shown(results: Iterator[Result], *, verbose: bool) -> Iterator[Result]:
    for result in results:
        said = f"exit {result.shown.exit} {result.verdict.check} {result.verdict.code}".rstrip()
        print(f"{'passed' if result.passed else 'FAILED'}  {result.case.name}  {said}", flush=True)
        for problem in result.problems:
            print(f"        {problem}")
        if verbose and not result.passed:
            print(result.shown.out + result.shown.err)
        yield result


def _as_json(result: Result) -> dict[str, Any]:
    wanted = result.case.expect
    return {
        "case": result.case.name,
        "lie": result.case.lie,
        "command": result.case.action.words,
        "passed": result.passed,
        "problems": list(result.problems),
        "expected": {"exit": wanted.exit, "check": wanted.check, "code": wanted.code},
        "got": {"exit": result.shown.exit, "check": result.verdict.check, "code": result.verdict.code},
    }


if __name__ == "__main__":
    sys.exit(main())
