"""The toolkit: states, pages, errors on the wire, and logs that hold no content."""

import json
import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from rest_framework import serializers

from hivemind.kit import audit, clock, errors, handoff, states
from hivemind.kit.api import exceptions, pagination
from hivemind.kit.api.serializers import StrictSerializer, parse
from hivemind.kit.logs import JsonFormatter
from hivemind.kit.models import AuditEvent, WorkerKey

MACHINE = states.Transitions({"a": frozenset({"b"}), "b": frozenset()})


def test_a_step_that_the_table_does_not_have_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="no step"):
        MACHINE.check("b", "a")
    assert MACHINE.terminal == {"b"}


class Order(StrictSerializer):
    """A made-up request."""

    size = serializers.IntegerField(min_value=1)
    parts = serializers.ListField(child=serializers.CharField(), required=False)


@pytest.mark.parametrize(
    ("body", "location", "kind"),
    [
        ({}, ["body", "size"], "missing"),
        ({"size": 0}, ["body", "size"], "value_error.min_value"),
        ({"size": 1, "sise": 2}, ["body", "sise"], "value_error.invalid"),
        ({"size": 1, "parts": ["ok", None]}, ["body", "parts", 1], "value_error.null"),
    ],
)
def test_a_malformed_request_says_where_and_what(body: object, location: list[object], kind: str) -> None:
    with pytest.raises(serializers.ValidationError) as refusal:
        parse(Order, body)
    answer = exceptions.handle(refusal.value, {})
    assert answer is not None
    assert answer.status_code == 422
    assert (answer.data["detail"][0]["loc"], answer.data["detail"][0]["type"]) == (location, kind)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Unauthenticated(), 401),
        (errors.Unpayable("no money"), 402),
        (errors.Denied(), 403),
        (errors.NotFound(), 404),
        (errors.Conflict("taken"), 409),
        (errors.Gone("old"), 410),
        (errors.Invalid("bad"), 400),
        (errors.Throttled(retry_after_seconds=7), 429),
        (errors.TenantSealed(), 503),
    ],
)
def test_each_family_has_its_status_and_each_answer_its_code(error: errors.DomainError, status: int) -> None:
    answer = exceptions.handle(error, {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"], answer.data["detail"]) == (status, error.code, str(error))
    if status == 429:
        assert answer.headers["Retry-After"] == "7"


def test_sealed_answers_keep_what_old_clients_look_for() -> None:
    answer = exceptions.handle(errors.TenantSealed(), {})
    assert answer is not None
    assert answer.data["detail"].startswith("Tenant is sealed")
    assert answer.data["error"] == "tenant_sealed"


def test_an_unexpected_error_is_not_dressed_up() -> None:
    assert exceptions.handle(RuntimeError("secret"), {}) is None


def test_every_limit_is_taken_within_bounds() -> None:
    assert pagination.clamp(-3, default=20, highest=100) == 1
    assert pagination.clamp(None, default=20, highest=100) == 20
    assert pagination.clamp(10**9, default=20, highest=100) == 100


@pytest.mark.parametrize("cursor", ["", "x", "1.", ".a", "12345678901234567890.a", "999999999999999999.a", "\u0661.a"])
def test_a_cursor_of_somebody_elses_making_is_refused(cursor: str) -> None:
    with pytest.raises(pagination.BadCursor):
        pagination.position(cursor)


def test_logs_hold_allow_listed_fields_and_no_text_of_an_exception() -> None:
    try:
        raise ValueError("canary-secret")
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, "f", 1, "failed", (), __import__("sys").exc_info(), extra={"run_id": "r", "prompt": "p"}
        )
    line = JsonFormatter().format(record)
    assert json.loads(line)["run_id"] == "r"
    assert json.loads(line)["exception"] == "ValueError"
    assert "canary-secret" not in line
    assert "prompt" not in line


def test_the_audit_trail_only_grows(db: None) -> None:
    audit.record(audit.Actor.system("test"), "thing.done", "x")
    for statement in ("UPDATE kit_auditevent SET actor = 'me'", "DELETE FROM kit_auditevent"):
        with pytest.raises(Exception, match="append"), transaction.atomic(), connection.cursor() as c:
            c.execute(statement)
    assert AuditEvent.objects.count() == 1


def test_a_dead_worker_gets_nothing_sealed_to_it(db: None) -> None:
    alive, dead = handoff.WorkerIdentity(queues="runs,builds"), handoff.WorkerIdentity(queues="runs")
    alive.publish()
    dead.publish()
    WorkerKey.objects.filter(pk=dead.worker_id).update(heartbeat_at=clock.now() - timedelta(seconds=60))
    assert set(handoff.seal({"k": "v"}, subject="s", queue="runs")) == {alive.worker_id}
    with pytest.raises(handoff.NoWorker):
        alive.retire()
        handoff.seal({"k": "v"}, subject="s", queue="runs")
    with pytest.raises(IntegrityError), transaction.atomic():
        dead.publish()


def test_a_key_pair_is_not_printed() -> None:
    identity = handoff.WorkerIdentity(queues="runs")
    assert "private" not in repr(identity).lower()
