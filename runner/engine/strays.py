"""Containers that outlived their run. Found by this installation's label, so that no other's is ever touched."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from runner.engine import hardening
from runner.engine.base import Stray
from runner.engine.client import Client, translated


def find(client: Client, *, instance: str) -> tuple[Stray, ...]:
    """Every stage's container of this installation, running or not, oldest first."""
    wanted = hardening.labels(instance=instance)
    filters = {"label": [f"{name}={value}" for name, value in wanted.items()] + [hardening.RUN_LABEL]}
    with translated("list containers"):
        found = client.api.containers(all=True, filters=filters)
    containers = (
        Stray(
            container_id=str(item["Id"]),
            name=str(item["Names"][0]).removeprefix("/"),
            run_id=str(item["Labels"].get(hardening.RUN_LABEL, "")),
            stage=str(item["Labels"].get(hardening.STAGE_LABEL, "")),
            created_at=datetime.fromtimestamp(item["Created"], UTC),
            running=item["State"] == "running",
        )
        for item in found
        if item["Names"] and item["Labels"].get(hardening.INSTANCE_LABEL) == instance
    )
    return tuple(sorted(containers, key=lambda stray: (stray.created_at, stray.name)))


def choose(found: Iterable[Stray], living_run_ids: Collection[str], *, older_than_seconds: float) -> tuple[Stray, ...]:
    """Those whose run is not among the living and that are old enough to be sure of it."""
    horizon = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
    living = frozenset(living_run_ids)
    return tuple(stray for stray in found if stray.run_id not in living and stray.created_at <= horizon)
