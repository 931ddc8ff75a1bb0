"""Sweeping broken agents from their list: looked at first, then deleted with a reason."""

from django.test import Client

from agents.models import Agent, SourceFile
from hivemind.kit.models import AuditEvent
from tests.factories import rooms
from tests.factories.tenants import Person

LIST = "/admin/agents/agent/"
SWEEP = f"{LIST}sweep/"


def broken(alice: Person) -> Agent:
    """An agent without an image, of which no file is left."""
    agent = rooms.agent(alice)
    SourceFile.objects.filter(agent=agent).delete()
    Agent.objects.filter(pk=agent.pk).update(image_id="", files_count=3)
    return agent


def test_what_would_be_deleted_is_shown_first(olga: Client, alice: Person) -> None:
    agent = broken(alice)
    assert SWEEP in olga.get(LIST).content.decode()
    text = olga.get(SWEEP).content.decode()
    assert agent.pk in text and "its stored source is incomplete" in text
    olga.post(SWEEP, {"reason": ""})
    assert Agent.objects.filter(pk=agent.pk).exists()


def test_a_sweep_deletes_and_says_why(olga: Client, alice: Person) -> None:
    agent = broken(alice)
    assert olga.post(SWEEP, {"reason": "the disk was lost"})["Location"] == LIST
    assert not Agent.objects.filter(pk=agent.pk).exists()
    event = AuditEvent.objects.get(action="operator.sweep")
    assert (event.actor, event.details) == ("operator:olga", {"deleted": 1, "reason": "the disk was lost"})
    assert AuditEvent.objects.get(action="agent.delete").subject == agent.pk


def test_with_nothing_broken_there_is_nothing_to_ask(olga: Client) -> None:
    answer = olga.get(SWEEP, follow=True)
    assert answer.redirect_chain[-1][0] == LIST and "No agent is broken" in answer.content.decode()
