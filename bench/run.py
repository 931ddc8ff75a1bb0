"""Measure what the platform promises, all in one go on one machine, and print a table and a JSON file.

    .venv/bin/python bench/run.py [--json bench/results/latest.json]

Starts its own service (own Postgres, Redis, web, worker) in a temporary state directory. Every figure is the median of
at least ten measurements. Needs a Docker engine and the agent base image.
"""

import argparse
import json
import platform
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import measures  # noqa: E402
from tests.factories.service import Service  # noqa: E402


def main() -> None:
    """Run every measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "results" / "latest.json")
    parser.add_argument("--only", nargs="*", default=[], help="names of measures to run")
    options = parser.parse_args()
    results = []
    with Service() as service:
        for measure in measures.ALL:
            if options.only and measure.__name__ not in options.only:
                continue
            print(f"measuring {measure.__name__} …", file=sys.stderr, flush=True)
            results.append(measure(service))
    print("| what | measured | must reach | |\n|---|---|---|---|")
    for r in results:
        print(f"| {r.what} | {r.measured} | {r.target} | {'ok' if r.ok else 'MISSED'} |")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "results": [asdict(r) for r in results]}
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def machine() -> dict[str, str]:
    """What it ran on."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "",
    )
    memory = Path("/proc/meminfo").read_text().splitlines()[0].split(":")[1].strip()
    docker = subprocess.run(
        ["docker", "version", "-f", "{{.Server.Version}}"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "cpu": f"{cpu} x {subprocess.run(['nproc'], capture_output=True, text=True, check=False).stdout.strip()}",
        "memory": memory,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "docker": docker,
    }


if __name__ == "__main__":
    main()
