"""The operator's view of runs: everything about them but what was asked and answered, in a fixed number of queries."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from hivemind.kit import clock
from hivemind.kit.handoff import WorkerIdentity
from rooms.services import opening
from runner.enums import FailureCode
from runner.models import Run
from runner.services import finish
from runner.services.finish import Facts
from tests.factories import operator, tenants
from tests.factories import runs as factory
from tests.factories.operator import OperatorBattery
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

PATH = "/v1/admin/runs"
ANSWER = "canary-answer-77aa"
USAGE = {"calls": 9, "prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "stages": {}}


class TestList(OperatorBattery):
    path = PATH
    most_queries = 1


class TestRetrieve(OperatorBattery):
    path = f"{PATH}/0123456789ab"


@pytest.fixture
def olga(worker: WorkerIdentity) -> Iterator[Client]:
    with operator.configured() as agent:
        yield agent


@pytest.fixture
def second(bob: Person) -> MadeRoom:
    """A room of another tenant."""
    return factory.room_with_agents(tenants.with_database(bob), name="second")


def ended(room: MadeRoom, *, failed: bool = False) -> Run:
    run = factory.ask(room.owner.owner, room)
    Run.objects.filter(pk=run.pk).update(status="running", fence=1)
    key = opening.open_room_key(room.owner.owner, room.row)
    facts = Facts(usage=USAGE)
    sentence = "Query agent failed: canary-words-of-an-agent"
    ending = (
        finish.failed(FailureCode.QUERY_AGENT, facts=facts, sentence=sentence)
        if failed
        else finish.completed(ANSWER, facts)
    )
    finish.end(Run.objects.get(pk=run.pk), ending, room_key=key)
    return Run.objects.get(pk=run.pk)


def dated(*runs: Run) -> list[str]:
    """Let the runs have been asked a minute after each other; their ids, newest first."""
    for minutes, run in enumerate(runs):
        Run.objects.filter(pk=run.pk).update(created_at=clock.now() + timedelta(minutes=minutes))
    return [run.pk for run in reversed(runs)]


def listed(olga: Client, query: str = "") -> list[str]:
    response = olga.get(PATH + query)
    assert response.status_code == 200, response.content
    return [row["run_id"] for row in response.json()["runs"]]


def test_a_run_is_told_without_what_was_asked_and_answered(olga: Client, room: MadeRoom) -> None:
    run = ended(room)
    body = olga.get(f"{PATH}/{run.pk}").json()
    assert body["tenant_name"] == "alice" and body["room_name"] == room.row.name
    assert (body["status"], body["outcome"], body["error"], body["attested"]) == ("completed", "completed", None, True)
    assert (body["llm_calls"], body["prompt_tokens"], body["completion_tokens"], body["total_tokens"]) == (9, 12, 3, 15)
    assert (body["prompt"], body["output"], body["attestation"]) == (None, None, None)
    assert body["usage"] == USAGE and "usage_json" not in body
    assert olga.get(PATH).json() == {"runs": [body]}


@pytest.mark.parametrize("failed", [False, True])
def test_no_secret_of_a_run_is_told_not_even_its_hash(olga: Client, room: MadeRoom, failed: bool) -> None:
    run = ended(room, failed=failed)
    text = olga.get(f"{PATH}/{run.pk}").content.decode() + olga.get(PATH).content.decode()
    receipt = finish.receipt_of(run)
    assert receipt is not None
    for secret in (ANSWER, "canary", run.prompt_sha256, run.request_sha256, receipt["body"]["output_hash"]):
        assert secret not in text
    for column in ("sealed", "handoff", "receipt", "terms", "worker", "fence"):
        assert column not in text
    for sealed in (run.prompt_sealed, run.output_sealed):
        assert not sealed or bytes(sealed).hex() not in text


def test_a_failure_is_told_in_words_of_the_service(olga: Client, room: MadeRoom) -> None:
    body = olga.get(f"{PATH}/{ended(room, failed=True).pk}").json()
    assert (body["status"], body["outcome"], body["error"]) == (
        "failed",
        "query_agent_failed",
        "The query agent failed",
    )


def test_every_way_to_fail_has_its_words(olga: Client, room: MadeRoom) -> None:
    run = ended(room, failed=True)
    for code in FailureCode:
        Run.objects.filter(pk=run.pk).update(failure_code=code)
        assert olga.get(f"{PATH}/{run.pk}").json()["error"]


def test_runs_of_all_tenants_are_merged_newest_first(olga: Client, room: MadeRoom, second: MadeRoom) -> None:
    made = [factory.ask(each.owner.owner, each) for each in (room, second, room, second, room)]
    newest = dated(*made)
    assert listed(olga) == newest
    assert listed(olga, "?limit=3") == newest[:3]
    assert listed(olga, "?per_tenant=1") == newest[:2]
    assert listed(olga, "?per_tenant=2") == newest[:4]
    assert listed(olga, "?per_tenant=2&limit=1") == newest[:1]


def test_the_next_page_begins_where_the_last_one_ended(olga: Client, room: MadeRoom, second: MadeRoom) -> None:
    newest = dated(*[factory.ask(each.owner.owner, each) for each in (room, second, room, second, room)])
    moment = Run.objects.get(pk=newest[2]).created_at
    Run.objects.filter(pk__in=newest[1:4]).update(created_at=moment)
    newest[1:4] = sorted(newest[1:4], reverse=True)
    found, cursor = [], ""
    for _ in range(3):
        page = olga.get(f"{PATH}?limit=2{cursor}")
        found += [row["run_id"] for row in page.json()["runs"]]
        cursor = f"&cursor={page.headers.get('X-Next-Cursor', '')}"
    assert (found, cursor) == (newest, "&cursor=")
    assert olga.get(f"{PATH}?cursor=x").status_code == 400


def test_filters_come_before_every_cut(olga: Client, room: MadeRoom, second: MadeRoom) -> None:
    old, new, other = ended(room), factory.ask(room.owner.owner, room), ended(second, failed=True)
    dated(old, new, other)
    assert listed(olga, "?status=completed&per_tenant=1&limit=1") == [old.pk]
    assert listed(olga, "?status=pending") == [new.pk]
    assert listed(olga, "?status=failed") == [other.pk]
    assert listed(olga, f"?tenant_id={room.owner.tenant.id}&per_tenant=1") == [new.pk]
    Run.objects.exclude(pk=old.pk).update(billing_status="unbilled")
    Run.objects.filter(pk=old.pk).update(billing_status="settled")
    assert listed(olga, "?billing_status=settled&limit=1") == [old.pk]
    assert listed(olga, "?billing_status=settled&status=failed") == []


def test_a_cancelled_run_is_a_failed_one_as_everywhere_on_the_wire(olga: Client, room: MadeRoom) -> None:
    run = factory.ask(room.owner.owner, room)
    finish.end_unclaimed(run.pk)
    assert listed(olga, "?status=failed") == [run.pk]
    body = olga.get(f"{PATH}/{run.pk}").json()
    assert (body["status"], body["outcome"]) == ("failed", "cancelled")


@pytest.mark.parametrize("query", ["?status=odd", "?status='--", "?tenant_id=t_0", "?billing_status=ü", "?status=%20"])
def test_an_unknown_word_finds_nothing(olga: Client, room: MadeRoom, query: str) -> None:
    factory.ask(room.owner.owner, room)
    expected = 1 if query == "?status=%20" else 0
    assert len(listed(olga, query)) == expected


@pytest.mark.parametrize("query", ["?limit=0&per_tenant=0", "?limit=-5", f"?limit={10**30}&per_tenant={-(10**30)}"])
def test_every_number_is_taken_within_bounds(olga: Client, room: MadeRoom, query: str) -> None:
    factory.ask(room.owner.owner, room)
    assert len(listed(olga, query)) == 1


@pytest.mark.parametrize(
    "query", ["?limit=x", "?limit=NaN", "?per_tenant=1.5", "?status=%00", "?tenant_id=" + "x" * 65]
)
def test_what_is_no_number_or_too_long_is_a_422(olga: Client, query: str) -> None:
    assert olga.get(PATH + query).status_code == 422


@pytest.mark.parametrize("run_id", ["0123456789ab", "x", "%00", "%ff", "a" * 500, "'--"])
def test_an_unknown_run_is_a_404(olga: Client, run_id: str) -> None:
    assert olga.get(f"{PATH}/{run_id}").status_code == 404


def test_the_number_of_queries_does_not_depend_on_tenants_or_runs(
    olga: Client, room: MadeRoom, second: MadeRoom, django_assert_num_queries: Any
) -> None:
    for each in (room, second):
        for _ in range(3):
            ended(each)
    with django_assert_num_queries(2):
        assert len(listed(olga)) == 6
    run_id = Run.objects.values_list("pk", flat=True).first()
    with django_assert_num_queries(2):
        assert olga.get(f"{PATH}/{run_id}").status_code == 200
