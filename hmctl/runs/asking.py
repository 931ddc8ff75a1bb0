"""Putting a question to a verified room: what is sent, under which run id, bound to which nonce."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from attestation.manifests.room import RoomManifest
from hmctl import ids
from hmctl.app import App
from hmctl.client import retries, wire
from hmctl.client.transport import JsonObject, Upload
from hmctl.client.v1 import V1
from hmctl.errors import BadAnswer, BadInput, HmctlError, HttpFailed
from hmctl.packages import uploads
from hmctl.packages.packing import Package
from hmctl.render.uploading import Uploading
from hmctl.rooms.opening import OpenedRoom
from hmctl.runs import records
from hmctl.runs.asked import Asked, AskedRuns
from hmctl.secret import Secret

LONGEST_TIMEOUT: Final = 3600
BUILD_SECONDS: Final = 660.0
QUERY_AGENTS: Final = "query_agents"
NONCE: Final = "client_nonce"
MAX_COST: Final = "max_cost_micro_usd"


@dataclass(frozen=True)
class Budget:
    """Limits of one run; 0 calls or tokens leave the limit to the service."""

    timeout_seconds: int
    max_llm_calls: int
    max_tokens: int
    memory_mb: int

    @property
    def window_seconds(self) -> float:
        """How long a client waits for three stages of this timeout."""
        return 3 * self.timeout_seconds + 120.0

    def limits(self) -> dict[str, int]:
        """The limits as request fields."""
        limits = {"timeout_seconds": min(self.timeout_seconds, LONGEST_TIMEOUT)}
        if self.max_llm_calls:
            limits["max_llm_calls"] = self.max_llm_calls
        if self.max_tokens:
            limits["max_tokens"] = self.max_tokens
        return limits


@dataclass(frozen=True)
class Brought:
    """A query agent of one's own. `is_repeatable` when sending it twice under one run id makes one run."""

    package: Package
    is_repeatable: bool


@dataclass(frozen=True)
class Ask:
    """One question with its limits and wishes; `choices` are the model and provider fields that were given.

    `max_cost_micro_usd` is the most that the user allows, None for no limit.
    """

    question: str
    budget: Budget
    choices: dict[str, str]
    query_agent_id: str = ""
    max_cost_micro_usd: int | None = None


def check_allowed(ask: Ask, manifest: RoomManifest, *, brings_agent: bool) -> None:
    """Refuses what the signed terms already rule out, before anything is sent or paid (BadInput)."""
    provider = ask.choices.get("provider", "")
    if provider and provider not in manifest.llm_providers:
        allowed = ", ".join(manifest.llm_providers) or "none"
        raise BadInput(f"the room does not allow the model provider {provider!r} (allowed: {allowed})")
    if manifest.query.mode == "fixed":
        if brings_agent or ask.query_agent_id not in ("", manifest.query.agent_id):
            raise BadInput("this room has a fixed query agent; it takes no other")
    elif not brings_agent and not ask.query_agent_id:
        raise BadInput(
            "this room has no query agent of its own",
            hint="Bring one with --agent PATH (or --query-agent ID).",
        )


def plan(app: App, opened: OpenedRoom, ask: Ask, *, features: Set[str]) -> Asked:
    """The facts that bind the answer to this ask. Nothing is sent."""
    return Asked(
        run_id=ids.new_run_id(),
        service=opened.ref.service.url,
        room_id=opened.manifest.room_id,
        room_manifest_hash=opened.verified.manifest_hash,
        prompt_hash=records.prompt_hash(ask.question),
        client_nonce=ids.new_nonce() if NONCE in features else "",
        asked_at=app.clock.now(),
    )


def features_of(client: V1) -> frozenset[str]:
    """What the service says it can do beyond the published protocol; nothing when it does not say."""
    try:
        return frozenset(wire.texts(client.healthz(), "features"))
    except HmctlError:
        return frozenset()


def submit(app: App, opened: OpenedRoom, ask: Ask, asked: Asked, *, payer: Secret | None) -> Asked:
    """Sends the question under the planned run id, again if it may have been lost on the way."""
    body: JsonObject = {"query": ask.question, **ask.budget.limits(), **ask.choices}
    if ask.query_agent_id:
        body["query_agent_id"] = ask.query_agent_id
    if asked.client_nonce:
        body[NONCE] = asked.client_nonce
    if ask.max_cost_micro_usd is not None:
        body[MAX_COST] = ask.max_cost_micro_usd
    AskedRuns(app.settings.home).keep(asked)
    answer = retries.call(
        lambda: opened.client.submit_run(asked.room_id, body, run_id=asked.run_id, payer=payer),
        retry=retries.SUBMIT,
        clock=app.clock,
    )
    if wire.required(answer, "run_id") != asked.run_id:
        raise BadAnswer(
            "the service answered with another run than the one submitted: an old answer may be replayed",
            hint="Do not use this service.",
        )
    return asked


def submit_with_agent(
    app: App, opened: OpenedRoom, ask: Ask, asked: Asked, *, brought: Brought, payer: Secret | None
) -> Asked:
    """Uploads the query agent with the question. The service chooses the agent's id.

    Sent again if it may have been lost on the way, where the service takes it for the same run; BadAnswer when it
    stored another package than this one.
    """
    package = brought.package
    form = {
        "name": package.name,
        "prompt": ask.question,
        "description": "",
        "memory_mb": str(ask.budget.memory_mb),
        **{name: str(value) for name, value in ask.budget.limits().items()},
        **ask.choices,
    }
    if asked.client_nonce:
        form[NONCE] = asked.client_nonce
    if ask.max_cost_micro_usd is not None:
        form[MAX_COST] = str(ask.max_cost_micro_usd)
    try:
        answer = _send_package(app, opened, asked, form=form, brought=brought, payer=payer)
    except HttpFailed as problem:
        if problem.status in (404, 405):
            raise BadInput(
                f"this service takes no query agents from participants ({problem.message})",
                hint="Ask without --agent, or ask the operator for a newer service.",
            ) from None
        raise
    run_id = _run_id(app, answer, asked, brought)
    sent = {"source_sha256": package.source_sha256, "files_digest_sha256": package.files_sha256}
    uploads.check_digests(answer, sent)
    bound = Asked(
        run_id=run_id,
        service=asked.service,
        room_id=asked.room_id,
        room_manifest_hash=asked.room_manifest_hash,
        prompt_hash=asked.prompt_hash,
        client_nonce=asked.client_nonce,
        query_agent_id=wire.identifier(answer, "agent_id"),
        query_files_sha256=package.files_sha256,
        query_source_sha256=package.source_sha256,
        asked_at=asked.asked_at,
    )
    AskedRuns(app.settings.home).keep(bound)
    return bound


def _run_id(app: App, answer: JsonObject, asked: Asked, brought: Brought) -> str:
    """The run of an upload: the one that was planned, or, where the service names it, one that is new here."""
    run_id = wire.identifier(answer, "run_id")
    if brought.is_repeatable and run_id != asked.run_id:
        raise BadAnswer("the service answered with another run than the one submitted", hint="Do not use this service.")
    if not brought.is_repeatable and AskedRuns(app.settings.home).find(run_id) is not None:
        raise BadAnswer(
            "the service answered with a run that was asked from here before: an old answer may be replayed",
            hint="Do not use this service.",
        )
    return run_id


def _send_package(
    app: App,
    opened: OpenedRoom,
    asked: Asked,
    *,
    form: Mapping[str, str],
    brought: Brought,
    payer: Secret | None,
) -> JsonObject:
    package = brought.package
    label = f"uploading {package.name}"
    with Uploading(app.terminal, app.clock, label=label, total_bytes=len(package.archive)) as shown:
        upload = Upload(package.filename, package.archive, on_sent=shown.sent)

        def send() -> JsonObject:
            return opened.client.submit_agent(asked.room_id, upload, form=form, run_id=asked.run_id, payer=payer)

        return retries.call(send, retry=retries.SUBMIT, clock=app.clock) if brought.is_repeatable else send()
