"""Measure the lists of the operator's admin over 100,000 rows, as a browser asks for them.

    .venv/bin/python bench/admin_pages.py [--json bench/results/admin_pages.json]

Starts its own service in a temporary state directory. Needs no Docker engine.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

from bench.measures import Result  # noqa: E402
from bench.run import machine  # noqa: E402
from tests.factories.service import Service  # noqa: E402

TIMES = 10
MOST_MS = 300
LISTS = ("account", "entry", "hold", "creditcode", "redemption", "spendtoken", "price")
BUSY = "/admin/billing/account/t_000000000007"


def main() -> None:
    """Fill, sign in, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "results" / "admin_pages.json")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        fill()
        return
    with Service() as service:
        password = json.loads(service.manage("create_operator", "--json"))["password"]
        environment = {**service.environment, "DJANGO_SETTINGS_MODULE": "hivemind.settings.base"}
        subprocess.run([sys.executable, __file__, "--fill"], check=True, env=os.environ | environment, cwd=ROOT)
        browser = signed_in(service, password)
        pages = {f"list of {name}": f"/admin/billing/{name}/" for name in LISTS}
        pages |= {"page of a busy account": f"{BUSY}/change/", "statement of a busy account": f"{BUSY}/statement/"}
        pages |= {"home": "/admin/"}
        results = [measured(browser, name, address) for name, address in pages.items()]
    print("| what | measured | must reach | |\n|---|---|---|---|")
    for r in results:
        print(f"| {r.what} | {r.measured} | {r.target} | {'ok' if r.ok else 'MISSED'} |")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "results": [asdict(r) for r in results]}
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def fill() -> None:
    """Make the rows; runs in a process that has the service's settings."""
    import django

    django.setup()
    from django.db import transaction

    from tests.factories import many_rows

    with transaction.atomic():
        many_rows.fill()


def signed_in(service: Service, password: str) -> httpx.Client:
    """A browser's session of the operator."""
    browser = httpx.Client(base_url=service.origin, timeout=60, follow_redirects=True)
    form = browser.get("/admin/login/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    said = {"username": "operator", "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
    answer = browser.post("/admin/login/", data=said, headers={"Referer": f"{service.origin}/admin/login/"})
    assert answer.url.path == "/admin/", answer.url
    return browser


def measured(browser: httpx.Client, name: str, address: str) -> Result:
    """The median of some requests for one page, after a first that warms every process up."""
    spent = []
    for _ in range(TIMES + 2):
        started = time.perf_counter()
        browser.get(address).raise_for_status()
        spent.append((time.perf_counter() - started) * 1000)
    middle, worst = statistics.median(spent[2:]), max(spent[2:])
    return Result(
        name=name,
        what=f"{name}, 100,000 rows",
        measured=f"p50 {middle:.0f} ms, slowest {worst:.0f} ms",
        target=f"p50 < {MOST_MS} ms",
        ok=middle < MOST_MS,
        figures={"p50_ms": middle, "slowest_ms": worst},
    )


if __name__ == "__main__":
    main()
