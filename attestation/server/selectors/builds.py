"""Builds of the service that ran, for those who name some."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Max

from attestation.server.models import SeenBuild


def last_seen(compose_hashes: Iterable[str]) -> Mapping[str, datetime]:
    """When each of these builds was last proved by a process of this service; those that never were are left out."""
    found = SeenBuild.objects.filter(compose_hash__in=set(compose_hashes)).order_by()
    return dict(found.values_list("compose_hash").annotate(last=Max("last_seen_at")))
