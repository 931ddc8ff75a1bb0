"""How long checking a receipt takes, without starting a process.

    python bench/receipts.py [--times 500]

Prints processor time and elapsed time: on a busy machine only the first says something about the program.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from attestation.receipts.document import encode_receipt, parse_receipt  # noqa: E402
from tests.attestation import paid  # noqa: E402


def measured(data: bytes, times: int, clock: Callable[[], float]) -> str:
    spent = []
    for _ in range(times):
        started = clock()
        paid.check(parse_receipt(data))
        spent.append((clock() - started) * 1000)
    spent.sort()
    return f"p50 {spent[times // 2]:.2f} ms, p95 {spent[int(times * 0.95)]:.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=500)
    times = parser.parse_args().times
    for name, document in (("development signer", paid.receipt()), ("hardware quote", paid.of_a_machine())):
        data = encode_receipt(document)
        paid.check(parse_receipt(data))
        print(f"{name}, {len(data)} bytes")
        print(f"  processor  {measured(data, times, time.process_time)}")
        print(f"  elapsed    {measured(data, times, time.perf_counter)}")


if __name__ == "__main__":
    main()
