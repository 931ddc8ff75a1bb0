"""The audit trail is append-only, and the database sees to it."""

import pytest
from django.db import DatabaseError, transaction

from hivemind.kit import audit
from hivemind.kit.audit import Actor
from hivemind.kit.models import AuditEvent


@pytest.fixture
def event(db: None) -> AuditEvent:
    audit.record(Actor.system("test"), "thing.done", "thing_1", count=1)
    return AuditEvent.objects.get()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda event: AuditEvent.objects.update(actor="somebody else"),
        lambda event: AuditEvent.objects.all().delete(),
        lambda event: event.delete(),
        lambda event: event.save(),
    ],
)
def test_an_event_is_neither_changed_nor_removed(event, attempt):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        attempt(event)
    event.refresh_from_db()
    assert event.actor == "system:test"
