"""One process that moves money as fast as it can; `bench/billing.py` starts several at once.

    python bench/billing_writer.py {runs,codes} TENANT SECONDS

Reads accounts, or codes, from its standard input, one a line up to an empty line; begins when it reads one more line;
prints how many it did and how long each took, as JSON.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from billing.services import credit_codes, ledger  # noqa: E402
from billing.services.ledger import HoldRequest  # noqa: E402
from hivemind.kit import clock, ids  # noqa: E402
from hivemind.kit.audit import Actor  # noqa: E402

BENCH = Actor.system("bench")


def main() -> None:
    """Wait for the start, move money until the time is over, tell."""
    what, tenant_id, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    given = list(iter(lambda: sys.stdin.readline().strip(), ""))
    acts = runs(cycle(given)) if what == "runs" else redemptions(given, tenant_id)
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    spent, until = [], time.monotonic() + seconds
    for act in acts:
        started = time.perf_counter()
        act()
        spent.append(time.perf_counter() - started)
        if time.monotonic() > until:
            break
    print(json.dumps(spent))


def runs(accounts: Iterator[str]) -> Iterator[Callable[[], object]]:
    """A hold and its settlement, as asking and answering do them: two transactions."""
    for account in accounts:
        yield lambda account=account: _hold_and_settle(account)


def redemptions(codes: list[str], tenant_id: str) -> Iterator[Callable[[], object]]:
    """One code after the other, each once."""
    for code in codes:
        yield lambda code=code: credit_codes.redeem(code, tenant_id=tenant_id, actor=BENCH)


def _hold_and_settle(account: str) -> None:
    run_id = ids.run_id()
    until = clock.now() + timedelta(hours=1)
    with transaction.atomic():
        ledger.hold(HoldRequest(run_id, account, 2_000_000, until, enforce=True), actor=BENCH)
    with transaction.atomic():
        ledger.settle(run_id, cost_micro_usd=4_250, actor=BENCH, details={})


if __name__ == "__main__":
    main()
