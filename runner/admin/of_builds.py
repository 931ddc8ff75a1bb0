"""What the list and the pages of builds that ran say about runs: how many records name them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count
from django.http import HttpRequest

from attestation.server.models import SeenBuild
from hivemind.kit.admin import added_columns, columns, panels
from hivemind.kit.admin.added_columns import AddedColumn
from hivemind.kit.admin.panels import Panel
from runner.models import Run

MAY_SEE = "runner.view_run"


def records_of(hashes: Sequence[str]) -> Mapping[str, int]:
    """How many run records name each of these builds; those that none names are not in the answer."""
    counted = Run.objects.filter(compose_hash__in=hashes).order_by().values("compose_hash").annotate(count=Count("pk"))
    return {row["compose_hash"]: row["count"] for row in counted}


def _records(keys: Sequence[Any]) -> Mapping[Any, object]:
    hashes = dict(SeenBuild.objects.filter(pk__in=keys).order_by().values_list("pk", "compose_hash"))
    counts = records_of(sorted(set(hashes.values())))
    return {key: columns.number(counts.get(compose, 0)) for key, compose in hashes.items()}


def _panel(build: SeenBuild, request: HttpRequest) -> Panel | None:
    if not request.user.has_perm(MAY_SEE):
        return None
    count = records_of([build.compose_hash]).get(build.compose_hash, 0)
    return Panel("Runs", facts=[("Run records that name this build", columns.number(count))])


added_columns.add("attestation.seenbuild", AddedColumn("records", "Run records", MAY_SEE, _records))
panels.add("attestation.seenbuild", _panel)
