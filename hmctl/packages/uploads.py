"""Registering packages at a service and waiting until their images are built."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from typing import Literal

from hmctl.client import wire
from hmctl.client.transport import Upload
from hmctl.client.v1 import V1
from hmctl.client.wire import RunRow
from hmctl.clock import Clock
from hmctl.errors import BadAnswer, HmctlError, HttpFailed, Interrupted
from hmctl.io import Terminal
from hmctl.packages.packing import Package
from hmctl.render import units
from hmctl.runs import watch

Role = Literal["scope", "query", "mediator"]


class BuildFailed(HmctlError):
    """An image could not be built, or not in time."""

    code = "build_failed"


@dataclass(frozen=True)
class Plan:
    """A package and what it is to become. `sealed` keeps its source from others."""

    role: Role
    package: Package
    sealed: bool = False
    timeout_seconds: int | None = None
    description: str = ""

    def form(self) -> dict[str, str]:
        """The form fields beside the archive."""
        private = [file.path for file in self.package.files if not file.attestable]
        form = {
            "name": self.package.name,
            "agent_type": self.role,
            "description": self.description,
            "private_paths": json.dumps(private),
            "inspection_mode": "sealed" if self.sealed else "full",
        }
        return form if self.timeout_seconds is None else form | {"timeout_seconds": str(self.timeout_seconds)}


@dataclass(frozen=True)
class Uploaded:
    """A registered agent and the run that builds it."""

    agent_id: str
    build_run_id: str
    plan: Plan


def upload(client: V1, plan: Plan) -> Uploaded:
    """Sends the package."""
    archive = Upload(plan.package.filename, plan.package.archive)
    answer = client.upload_agent(archive, form=plan.form())
    return Uploaded(wire.identifier(answer, "agent_id"), wire.identifier(answer, "run_id"), plan)


def wait_until_built(
    client: V1,
    uploaded: Uploaded,
    *,
    clock: Clock,
    window_seconds: float,
    on_row: Callable[[RunRow], None] = lambda row: None,
) -> None:
    """Returns when the image is there (BuildFailed otherwise)."""
    row = watch.until_ended(
        lambda: wire.run_row(client.run(uploaded.build_run_id)),
        clock=clock,
        window_seconds=window_seconds,
        on_row=on_row,
    )
    name = f"{uploaded.plan.role} agent {uploaded.plan.package.name!r}"
    if row is None:
        raise BuildFailed(f"the {name} was not built within {window_seconds:g} s", run_id=uploaded.build_run_id)
    if row.status != "completed":
        raise BuildFailed(f"the {name} could not be built: {row.error or 'no reason given'}", run_id=row.run_id)


def check_received(client: V1, uploaded: Uploaded) -> None:
    """The service has exactly the bytes and modes that were sent, as far as it says (BadAnswer otherwise)."""
    try:
        told = client.agent_attest(uploaded.agent_id)
    except HttpFailed as problem:
        if problem.status in (404, 405):
            return  # a service that does not tell; the records of runs do
        raise
    package = uploaded.plan.package
    sent = {"source_sha256": package.source_sha256, "files_digest_sha256": package.files_sha256}
    check_digests(told, sent)


def check_digests(told: Mapping[str, object], sent: Mapping[str, str]) -> None:
    """Raises BadAnswer when a digest that the service tells is another than what was sent."""
    for name, digest in sent.items():
        if wire.text(told, name) not in ("", digest):
            raise BadAnswer(
                "the service stored another package than the one that was sent", hint="Do not use this service."
            )


def upload_all(
    client: V1, plans: Sequence[Plan], *, terminal: Terminal, clock: Clock, window_seconds: float
) -> dict[Role, str]:
    """Uploads and builds side by side; the agent ids by role.

    When one of them fails, the others stop waiting, those that were registered are deleted again, and the failure is
    raised.
    """
    done: list[Uploaded] = []
    halting = _HaltingClock(clock)

    def one(plan: Plan) -> Uploaded:
        package, began = plan.package, clock.steady()
        size = units.size(len(package.archive))
        terminal.say(f"{plan.role}: uploading {package.name} ({len(package.files)} files, {size})")
        uploaded = upload(client, plan)
        done.append(uploaded)
        wait_until_built(client, uploaded, clock=halting, window_seconds=window_seconds)
        check_received(client, uploaded)
        terminal.say(f"{plan.role}: built as {uploaded.agent_id} in {units.duration(clock.steady() - began)}")
        return uploaded

    try:
        with ThreadPoolExecutor(max_workers=max(1, len(plans))) as pool:
            futures = [pool.submit(one, plan) for plan in plans]
            try:
                ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
                failures = (future.exception() for future in ended)
                for failure in filter(None, failures):
                    raise failure
            except BaseException:
                halting.halt()
                raise
        return {item.plan.role: item.agent_id for item in done}
    except BaseException:
        discard(client, [item.agent_id for item in done], terminal)
        raise


class _HaltingClock:
    """A clock whose sleepers can be called off (Interrupted), so that nobody waits for a lost cause."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._halted = Event()

    def halt(self) -> None:
        """Calls off everybody who sleeps from now on."""
        self._halted.set()

    def now(self) -> float:
        """Unix seconds."""
        return self._clock.now()

    def steady(self) -> float:
        """Seconds on a clock that never jumps."""
        return self._clock.steady()

    def sleep(self, seconds: float) -> None:
        """Waits; Interrupted when called off meanwhile."""
        self._clock.sleep(seconds)
        if self._halted.is_set():
            raise Interrupted("called off")


def discard(client: V1, agent_ids: Sequence[str], terminal: Terminal) -> None:
    """Deletes agents that a failed command leaves behind, as far as the service lets it."""
    for agent_id in agent_ids:
        try:
            client.delete_agent(agent_id)
        except HmctlError:
            terminal.warn(f"agent {agent_id} stays registered; delete it with `hmctl agents delete {agent_id}`")


def warn_about_hidden(terminal: Terminal, package: Package) -> None:
    """Names the hidden files that are about to leave this machine."""
    hidden = package.hidden_files
    if hidden:
        shown = ", ".join(hidden[:12]) + (f" and {len(hidden) - 12} more" if len(hidden) > 12 else "")
        terminal.warn(
            f"{package.name} contains hidden files: {shown} (list them in .dockerignore or .hmignore to leave them out)"
        )
