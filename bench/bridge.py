"""How long a tool call takes through the bridge, and what an open stage costs.

    python bench/bridge.py [--calls 2000] [--stages 8] [--noise] [--switch-interval 0.0005]

The client is a process of its own, as an agent's is. `--noise` keeps the other threads of the worker process
busy meanwhile, as parsing or encrypting in other runs would.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import socket
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

from runner.bridge.budget import Budget
from runner.bridge.server import Bridge
from runner.bridge.sessions import StageSession

TOKEN = "bench-session-token-0123456789"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
BODY = json.dumps({"arguments": {}})


class NoTools:
    """One tool that does nothing."""

    def list_openai(self) -> list[dict[str, Any]]:
        return [{"type": "function", "function": {"name": "noop", "description": "", "parameters": {}}}]

    def call(self, _name: str, _arguments: dict[str, Any], /) -> dict[str, Any]:
        return {"result": "[]", "error": None}


def call_once(connection: http.client.HTTPConnection) -> None:
    connection.request("POST", "/tools/noop", BODY, HEADERS)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"the bridge answered {answer.status}")


def kept(port: int, calls: int) -> list[float]:
    """Seconds per call over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times = []
    for _ in range(calls + 50):
        started = time.perf_counter()
        call_once(connection)
        times.append(time.perf_counter() - started)
    return times[50:]


def fresh(port: int, calls: int) -> list[float]:
    """Seconds per call, each over a connection of its own."""
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port)
        call_once(connection)
        connection.close()
        times.append(time.perf_counter() - started)
    return times


def client(ports: list[int], calls: int, results: Any) -> None:
    results.put({"kept": kept(ports[0], calls), "fresh": fresh(ports[0], calls // 4)})


def resident_kib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def report(name: str, times: list[float]) -> None:
    cuts = statistics.quantiles(times, n=100)
    print(f"{name:<10} p50 {cuts[49] * 1000:6.2f} ms   p95 {cuts[94] * 1000:6.2f} ms   p99 {cuts[98] * 1000:6.2f} ms")


def make_noise(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(number * number for number in range(20_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--stages", type=int, default=8)
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--switch-interval", type=float, help="seconds; what sys.setswitchinterval is given")
    options = parser.parse_args()
    if options.switch_interval:
        sys.setswitchinterval(options.switch_interval)
    bridge = Bridge()
    bridge.start()
    idle = resident_kib()
    opened, ports, opening = [], [], []
    for _ in range(options.stages):
        sock = socket.create_server(("127.0.0.1", 0))
        ports.append(sock.getsockname()[1])
        session = StageSession(role="query", token=TOKEN, tools=NoTools(), budget=Budget(1, 1))
        started = time.perf_counter()
        opened.append(bridge.open(session, sock))
        opening.append(time.perf_counter() - started)
    stop = threading.Event()
    if options.noise:
        threading.Thread(target=make_noise, args=(stop,), daemon=True).start()
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=client, args=(ports, options.calls, results))
    process.start()
    times = results.get()
    process.join()
    stop.set()
    report("kept", times["kept"])
    report("fresh", times["fresh"])
    print(f"memory     {(resident_kib() - idle) / 1024:.1f} MiB over idle for {options.stages} open stages")
    started = time.perf_counter()
    bridge.stop()
    closing = (time.perf_counter() - started) / options.stages
    print(f"open       {statistics.median(opening) * 1000:.2f} ms   close {closing * 1000:.2f} ms a stage")


if __name__ == "__main__":
    main()
