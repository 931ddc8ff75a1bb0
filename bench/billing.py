"""Measure the ledger: writers on one account and on many, statements of short and long ledgers, codes, the proof.

    .venv/bin/python bench/billing.py [--json bench/results/billing.json] [--seconds 10] [--entries 1000000]

Starts its own service in a temporary state directory. Writers are processes of their own. Needs no Docker engine.
"""

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.measures import Result, one_connection, repeat  # noqa: E402
from bench.run import machine  # noqa: E402
from tests.factories.service import Service  # noqa: E402

WRITERS = 8
SHORT, CALLS = 1_000, 200


def main() -> None:
    """Run every measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "results" / "billing.json")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--entries", type=int, default=1_000_000)
    options = parser.parse_args()
    with Service() as service:
        results = [
            hold_and_settle(service, options.seconds, accounts=1, writers=1),
            hold_and_settle(service, options.seconds, accounts=1, writers=WRITERS),
            hold_and_settle(service, options.seconds, accounts=100, writers=WRITERS),
            redemptions(service, options.seconds),
            statement(service, options.entries),
            proof(service),
        ]
    print("| what | measured | must reach | |\n|---|---|---|---|")
    for r in results:
        print(f"| {r.what} | {r.measured} | {r.target} | {'ok' if r.ok else 'MISSED'} |")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "results": [asdict(r) for r in results]}
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def hold_and_settle(service: Service, seconds: float, *, accounts: int, writers: int) -> Result:
    """Pairs of a hold and its settlement, each pair two transactions, through the ledger's own functions."""
    made = books(service, "accounts", str(accounts))
    spent = crowd(service, "runs", [made] * writers, tenants=made * writers, seconds=seconds)
    where = "one account" if accounts == 1 else f"{accounts} accounts"
    return _rate(f"hold and settle, {_people(writers)} on {where}", "pairs", spent)


def redemptions(service: Service, seconds: float) -> Result:
    """Eight accounts redeem the same codes at once, each code once for each."""
    made = books(service, "accounts", str(WRITERS))
    codes = books(service, "codes", str(int(120 * seconds)), str(WRITERS))
    spent = crowd(service, "codes", [codes] * WRITERS, tenants=made, seconds=seconds)
    return _rate(f"redeem the same credit codes, {_people(WRITERS)}", "redemptions", spent)


def statement(service: Service, entries: int) -> Result:
    """GET /v1/billing of a short and of a long ledger, taken alternately."""
    calls = []
    for name, length in (("short", SHORT), ("long", entries)):
        key = service.tenant(name)
        tenant_id = whose(service, key)
        books(service, "fill", tenant_id, str(length))
        calls.append(one_connection(service, "GET", "/v1/billing", key=key))
    short, long = ([], [])
    for _ in range(10):
        short += repeat(calls[0], CALLS // 10)
        long += repeat(calls[1], CALLS // 10)
    a, b = statistics.median(short), statistics.median(long)
    return Result(
        "statement",
        f"GET /v1/billing, {entries:,} entries against {SHORT:,}",
        f"p50 {b * 1000:.2f} ms against {a * 1000:.2f} ms ({b / a:.2f} x)",
        "≤ 1.5 x",
        b <= 1.5 * a,
        {"short_seconds": short, "long_seconds": long},
    )


def proof(service: Service) -> Result:
    """The check of all the books as they are after the other measures."""
    found = books(service, "check")
    return Result(
        "proof",
        f"proof of the books, {found['entries']:,} entries",
        f"{found['seconds']:.1f} s, {len(found['problems'])} problems",
        "no problem",
        not found["problems"],
        found,
    )


def crowd(
    service: Service, what: str, given: list[list[str]], *, tenants: list[str], seconds: float
) -> list[list[float]]:
    """Start one writer for each list, all at once; the seconds of each act of each."""
    writers = [
        subprocess.Popen(
            [sys.executable, "bench/billing_writer.py", what, tenant, str(seconds)],
            cwd=ROOT,
            env=environment(service),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _, tenant in zip(given, tenants, strict=False)
    ]
    for writer, lines in zip(writers, given, strict=True):
        assert writer.stdin is not None and writer.stdout is not None
        writer.stdin.write("\n".join([*lines, "", ""]))
        writer.stdin.flush()
        assert writer.stdout.readline() == "ready\n"
    spent = []
    for writer in writers:
        writer.stdin.write("go\n")  # type: ignore[union-attr]
        writer.stdin.flush()  # type: ignore[union-attr]
    for writer in writers:
        told, _ = writer.communicate(timeout=seconds + 120)
        spent.append(json.loads(told))
    return spent


def books(service: Service, *words: str) -> Any:
    """What `bench/billing_books.py` did."""
    line = [sys.executable, "bench/billing_books.py", *words]
    done = subprocess.run(line, cwd=ROOT, env=environment(service), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def environment(service: Service) -> dict[str, str]:
    """That of the service's own processes."""
    return {**service.environment, "DJANGO_SETTINGS_MODULE": "hivemind.settings.base"}


def whose(service: Service, key: str) -> str:
    """The tenant of an owner key."""
    answer = service.http.get("/whoami", headers={"Authorization": f"Bearer {key}"})
    return str(answer.json()["tenant_id"])


def _people(writers: int) -> str:
    return "one writer" if writers == 1 else f"{writers} writers"


def _rate(what: str, unit: str, spent: list[list[float]]) -> Result:
    done = [second for writer in spent for second in writer]
    p50, p95 = statistics.median(done), statistics.quantiles(done, n=20)[-1]
    slowest = max(sum(writer) for writer in spent)  # one act after the other, so this is how long it took
    rate = len(done) / slowest
    measured = f"{rate:.0f} {unit}/s, p50 {p50 * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms"
    return Result(what.replace(" ", "_"), what, measured, "", True, {"per_second": rate, "p50": p50, "p95": p95})


if __name__ == "__main__":
    main()
