"""How long it takes until a package that nobody has seen has answered, against one that is built already.

    python -m bench.agents [--rounds 10]

Starts its own service. Every round brings a small query agent with bytes of its own to a room (upload, build, ask),
brings the same bytes again, and asks the agent once more; a trivial scope stage and no mediator stand beside it, and no
model is asked. Besides, Docker alone builds an image of such a package and runs it. Removes the images that it made.
"""

import argparse
import io
import json
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from typing import Any

from bench.measures import spent
from tests.factories import packages
from tests.factories.service import TRIVIAL, Service

REPOSITORY = "hivemind-agent-{}-*"
BARE_TAG = "hivemind-bench-agents"


def main() -> None:
    """Measure and print a table and the figures behind it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with Service() as service:
        try:
            found = measured(service, rounds)
        finally:
            remove_images(service)
    print("| what | median | slowest |\n|---|---|---|")
    for what, times in found.items():
        print(f"| {what} | {statistics.median(times):.2f} s | {max(times):.2f} s |")
    print(json.dumps({what: [round(value, 3) for value in times] for what, times in found.items()}))


def measured(service: Service, rounds: int) -> dict[str, list[float]]:
    """Seconds of every round after one that does not count."""
    room = uploadable_room(service)
    found: dict[str, list[float]] = {
        "upload, build, ask": [],
        "of that, the build": [],
        "the same bytes again: upload, ask": [],
        "ask the agent that is built": [],
        "Docker alone: build": [],
        "Docker alone: run the image": [],
    }
    for number in range(rounds + 1):
        package = packages.package(f"# round {number}\n{TRIVIAL['query']}", dockerfile=packages.SHELL_DOCKERFILE)
        first, body = answered(service, lambda: bring(service, room, package))  # noqa: B023 - called at once
        again, _ = answered(service, lambda: bring(service, room, package))  # noqa: B023
        warm, _ = answered(service, lambda: ask(service, room, body["agent_id"]))  # noqa: B023
        build = body["build_ended_at"] - body["build_started_at"]
        figures = [first, build, again, warm, *docker_alone(package, number)]
        if number:
            for times, figure in zip(found.values(), figures, strict=True):
                times.append(figure)
    return found


def uploadable_room(service: Service) -> str:
    """A room without tables and models that takes query agents."""
    made = service.post(
        "/rooms",
        name="uploads",
        scope_agent_id=service.agent("scope", TRIVIAL["scope"]),
        query_mode="uploadable",
        allowed_tables=[],
        egress={"llm_providers": [], "allow_artifacts": False},
        output_visibility="owner_and_querier",
    )
    return str(made["room_id"])


def bring(service: Service, room: str, package: bytes) -> str:
    """Upload a package with a question; the run's id."""
    form = {"name": "brought", "prompt": "?"}
    answer = service.http.post(f"/rooms/{room}/query-agents", data=form, files={"archive": ("a.tar.gz", package)})
    answer.raise_for_status()
    return str(answer.json()["run_id"])


def ask(service: Service, room: str, agent_id: str) -> str:
    """Ask with an agent that is there; the run's id."""
    return str(service.post(f"/rooms/{room}/runs", query="?", query_agent_id=agent_id)["run_id"])


def answered(service: Service, begin: Callable[[], str]) -> tuple[float, dict[str, Any]]:
    """Seconds from before the request until the run's row became terminal, and the run."""
    started = time.time()
    body = service.await_run(begin())
    assert body["status"] == "completed", body["error"]
    return float(body["updated_at"]) - started, body


def docker_alone(package: bytes, number: int) -> tuple[float, float]:
    """Seconds of `docker build` of the same package, with bytes that Docker has not seen, and of `docker run`."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(package)) as tar:
            tar.extractall(folder, filter="data")
        with open(f"{folder}/agent.py", "a", encoding="utf-8") as agent:  # noqa: PTH123 - a name made of two
            agent.write(f"\n# {time.time_ns()} {number}\n")
        build = ["docker", "build", "-q", "--network", "none", "-t", BARE_TAG, folder]
        building = spent(lambda: subprocess.run(build, check=True, capture_output=True))
    run = ["docker", "run", "--rm", "--network", "none", BARE_TAG]
    return building, spent(lambda: subprocess.run(run, check=True, stdout=subprocess.DEVNULL))


def remove_images(service: Service) -> None:
    """Remove what this tenant's agents and the comparison left in Docker."""
    reference = f"reference={REPOSITORY.format(service.http.get('/whoami').json()['tenant_id'])}"
    listing = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", reference]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(["docker", "image", "rm", "-f", *names, BARE_TAG], check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
