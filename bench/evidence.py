"""How long it takes to judge evidence and receipts, without starting a process or asking anybody.

    python bench/evidence.py [--times 500] [--json bench/results/evidence.json]

Prints a table. Processor time stands beside elapsed time: on a busy machine only the first says something about the
program. The quote of a real machine is not part of this repository; its line is left out, and that is said, where it is
not found.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from attestation.canonical import ROOM_V1  # noqa: E402
from attestation.evidence.bundle import parse_bundle  # noqa: E402
from attestation.evidence.collateral import parse_collateral  # noqa: E402
from attestation.evidence.dcap import verify_quote  # noqa: E402
from attestation.evidence.platform import TcbStatus  # noqa: E402
from attestation.evidence.roots import IntelRoot  # noqa: E402
from attestation.policy.tcb import TcbPolicy  # noqa: E402
from attestation.receipts.document import encode_receipt, parse_receipt  # noqa: E402
from bench.run import machine  # noqa: E402
from tests.attestation import genuine, invented, paid, test_verify_evidence  # noqa: E402

QUOTE_MS, RECEIPT_MS = 50.0, 10.0


@dataclass(frozen=True)
class Measured:
    """Milliseconds of one thing: elapsed, and of the processor alone."""

    what: str
    p50_ms: float
    p95_ms: float
    processor_p50_ms: float
    processor_p95_ms: float
    most_p95_ms: float

    @property
    def line(self) -> str:
        """One row of the table."""
        verdict = "ok" if self.p95_ms < self.most_p95_ms else "MISSED"
        elapsed = f"p50 {self.p50_ms:.1f} ms, p95 {self.p95_ms:.1f} ms"
        processor = f"p50 {self.processor_p50_ms:.1f} ms, p95 {self.processor_p95_ms:.1f} ms"
        return f"| {self.what} | {elapsed} | {processor} | p95 < {self.most_p95_ms:.0f} ms | {verdict} |"


def measured(what: str, work: Callable[[], object], *, times: int, most: float) -> Measured:
    """The figures of so many calls after three that are not counted."""
    for _ in range(3):
        work()
    elapsed, processor = [], []
    for _ in range(times):
        before = time.perf_counter(), time.process_time()
        work()
        after = time.perf_counter(), time.process_time()
        elapsed.append((after[0] - before[0]) * 1000)
        processor.append((after[1] - before[1]) * 1000)
    figures = [_share(spent, share) for spent in (elapsed, processor) for share in (0.5, 0.95)]
    return Measured(what, *figures, most)


def _share(spent: list[float], share: float) -> float:
    return sorted(spent)[int(len(spent) * share)]


def genuine_quote() -> Callable[[], object] | None:
    """Judging the quote of a real machine with the maker's statements as a file keeps them."""
    if not (genuine.SAMPLES / "tdx_quote").exists():
        return None
    quote, kept = genuine.quote(), genuine.sample("tdx_quote_collateral.json")
    policy = TcbPolicy(allowed_statuses=frozenset({TcbStatus.UP_TO_DATE}), minimum_evaluation_number=17)

    def judge() -> object:
        collateral = parse_collateral(kept)
        return verify_quote(quote, collateral=collateral, at=genuine.VALID_AT, roots=IntelRoot(), policy=policy)

    return judge


def whole_evidence() -> Callable[[], object]:
    """Everything that a client does with a service's answer: read it, judge quote, log, build, binding and policies."""
    answer = json.dumps(invented.bundle().to_wire())
    kept = invented.collateral().to_json().encode()

    def judge() -> object:
        bundle = parse_bundle(ROOM_V1.decode_strict(answer.encode()))
        return test_verify_evidence.verify(bundle, collateral=parse_collateral(kept))

    return judge


def receipt(document: dict[str, Any]) -> Callable[[], object]:
    """Judging a receipt as it lies in a file."""
    data = encode_receipt(document)
    return lambda: paid.check(parse_receipt(data))


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "results" / "evidence.json")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    works = {
        "quote of a real machine, statements from a file": (genuine_quote(), QUOTE_MS),
        "whole evidence of a service": (whole_evidence(), QUOTE_MS),
        "receipt, development signer": (receipt(paid.receipt()), RECEIPT_MS),
        "receipt, hardware quote and statements in it": (receipt(paid.of_a_machine()), RECEIPT_MS),
    }
    found = []
    print("| what | elapsed | processor | must reach | |\n|---|---|---|---|---|")
    for what, (work, most) in works.items():
        if work is None:
            print(f"left out: {what} ({genuine.SAMPLES} has none)", file=sys.stderr)
            continue
        found.append(measured(what, work, times=options.times, most=most))
        print(found[-1].line, flush=True)
    report = {"machine": machine(), "times": options.times, "results": [asdict(each) for each in found]}
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
