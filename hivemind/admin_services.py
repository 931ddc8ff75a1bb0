"""How the home page asks Redis and the container engine how they are."""

import docker
import redis
from django.conf import settings
from docker.utils import kwargs_from_env

from attestation.server import signer
from attestation.server.errors import SignerUnusable
from attestation.server.services import evidence
from hivemind.kit.admin import columns, health
from hivemind.kit.admin.health import Health, Probe
from hivemind.kit.conf import conf

CALL_SECONDS = 0.5
ENGINE_SECONDS = 1
QUEUES = ("runs", "builds")
# Old enough for every engine that can carry out runs; naming it saves asking which versions are spoken.
ENGINE_API = "1.40"


def _redis() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=CALL_SECONDS, socket_connect_timeout=CALL_SECONDS)
    try:
        version = client.info("server")["redis_version"]
        waiting = sum(int(client.llen(queue)) for queue in QUEUES)
    finally:
        client.close()
    return f"Redis {version}, {waiting} messages waiting"


def _engine() -> str:
    address = {"base_url": conf.sandbox.docker_host} if conf.sandbox.docker_host else kwargs_from_env()
    client = docker.APIClient(version=ENGINE_API, timeout=ENGINE_SECONDS, **address)
    try:
        return f"version {client.version()['Version']}"
    finally:
        client.close()


PROBES = (Probe("Redis", _redis), Probe("Container engine", _engine))


def attestation() -> Health:
    """What the signatures on receipts prove, and how it stands with the evidence."""
    state = evidence.state()
    if state is None:
        return _development_key()
    if not state.ready:
        return Health("Attestation", False, f"{state.kind} evidence is not ready: {state.trouble}")
    proves = "development evidence: proves nothing about hardware" if state.kind == "development" else "dstack evidence"
    last = columns.ago(state.collected_at) if state.collected_at else "never"
    renewal = f", last renewed {last}: {state.trouble}" if state.trouble else ""
    return Health("Attestation", True, f"{proves}, ready{renewal}", doubtful=state.kind != "dstack" or bool(renewal))


def _development_key() -> Health:
    try:
        signer.run_signer()
    except SignerUnusable as error:
        return Health("Attestation", False, str(error))
    return Health("Attestation", True, "development keys: proves nothing about hardware", doubtful=True)


def all_health() -> list[Health]:
    """Database, Redis, container engine, disk and attestation, in well under a second whatever they do."""
    answers = health.ask_all(PROBES)
    return [health.database(), *answers, health.disk(str(conf.state_dir)), attestation()]
