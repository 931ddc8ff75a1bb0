"""A month of a small service: who uses it, who operates it, what was asked, what was paid."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import Group, User
from django.db import connection

from agents.enums import AgentType
from billing.services import credit_codes, ledger, prices, spend_tokens
from billing.services.checks import examine, record
from billing.services.credit_codes import Minted, NewCode
from billing.services.ledger import Grant
from billing.services.prices import NewPrice
from billing.services.spend_tokens import NewSpendToken
from hivemind.kit import audit
from hivemind.kit.audit import Actor
from hivemind.kit.models import WorkerKey
from tenants.services import tenants
from tests.factories import rooms
from tests.factories.operators import PASSWORD
from tests.factories.tenants import Person
from tests.pictures import agreements, asks, moments, proof
from tests.pictures.agreements import Shown
from tests.pictures.asks import GLM, SONNET, UNPRICED, Ask, Place
from tests.pictures.moments import FRIDA, NOW, OLGA, SAM, ago, at, done_by

DOLLAR = 1_000_000
DAYS = 30


@dataclass(frozen=True)
class Told:
    """What the pictures point at."""

    alice: str
    bob: str
    harbour: str
    kestrel: str
    code_id: str
    run_id: str
    going_id: str
    agreed: Shown


def fill() -> Told:
    """Write it all; the same each time but for ids and the time of day."""
    dice = random.Random(7)
    moments.date_history(since=ago(days=1), as_of=ago(days=34))
    _operators()
    alice, nordlicht = _tenant("Alice Media", 33), _tenant("Nordlicht Clinic", 31)
    bob, harbour, kestrel = _tenant("Bob Research", 32), _tenant("Harbour Insurance", 30), _tenant("Kestrel Labs", 12)
    _tenant("Meridian Press", 3)
    places = [_room(alice, "viewing habits"), _room(nordlicht, "ward statistics"), _room(alice, "ad reach, grouped")]
    _credit(alice, bob, harbour, kestrel, nordlicht)
    fair = _codes(alice, bob, harbour, kestrel)
    _month(places, [bob, harbour, kestrel], dice)
    with at(ago(hours=8)):
        ledger.refund(bob.tenant.pk, 120_000, actor=FRIDA, note="slow answer on Tuesday")
    shown, going = _today(places, bob, dice)
    _prices()
    _by_hand(bob, kestrel)
    _workers_and_check()
    proof.builds()
    proof.pinned(alice, nordlicht, agent_id=places[0].agents[0])
    agreed = agreements.fill(alice, nordlicht)
    named = [person.tenant.pk for person in (alice, bob, harbour, kestrel)]
    return Told(*named, code_id=fair.code.pk, run_id=shown, going_id=going, agreed=agreed)


def _operators() -> None:
    with done_by(Actor.system("create_operator"), ago(days=34)):
        User.objects.create_superuser("olga", "olga@rooms.example", PASSWORD)
    for name, role, days in (("sam", "support", 33), ("frida", "finance", 33), ("vera", "viewer", 9)):
        with done_by(OLGA, ago(days=days)):
            made = User.objects.create_user(name, f"{name}@rooms.example", PASSWORD, is_staff=True)
            made.groups.add(Group.objects.get(name=role))


def _tenant(name: str, days: int) -> Person:
    with done_by(OLGA, ago(days=days, hours=2)):
        made = tenants.create(name, actor=OLGA)
    return Person(made.tenant, made.api_key)


def _room(owner: Person, name: str) -> Place:
    with done_by(owner.owner.actor, ago(days=DAYS, hours=1)):
        scope, query, mediator = (
            rooms.agent(owner, kind).pk for kind in (AgentType.SCOPE, AgentType.QUERY, AgentType.MEDIATOR)
        )
        made = rooms.room(
            owner,
            name=name,
            scope_agent_id=scope,
            query_mode="fixed",
            query_agent_id=query,
            mediator_agent_id=mediator,
            llm_providers=(),
        )
    return Place(made.row, (scope, query, mediator))


def _grant(person: Person, dollars: float, moment: datetime, *, note: str, days: int = 0) -> None:
    expires = NOW + timedelta(days=days) if days else None
    with at(moment):
        ledger.grant(person.tenant.pk, Grant(round(dollars * DOLLAR), note=note, expires_at=expires), actor=FRIDA)


def _credit(alice: Person, bob: Person, harbour: Person, kestrel: Person, nordlicht: Person) -> None:
    _grant(alice, 20, ago(days=30), note="contract 2026-11")
    _grant(nordlicht, 50, ago(days=30), note="contract 2026-12, prepaid")
    _grant(bob, 40, ago(days=30), note="invoice 4711")
    _grant(harbour, 2, ago(days=29), note="invoice 4712")
    _grant(kestrel, 3, ago(days=11), note="trial")
    _grant(bob, 15, ago(days=12), note="conference budget", days=40)


def _codes(alice: Person, bob: Person, harbour: Person, kestrel: Person) -> Minted:
    def mint(moment: datetime, dollars: float, uses: int, days: int | None, label: str) -> Minted:
        expires = NOW + timedelta(days=days) if days else None
        with done_by(FRIDA, moment):
            return credit_codes.mint(NewCode(round(dollars * DOLLAR), uses, expires, label=label), actor=FRIDA)

    fair = mint(ago(days=25), 5, 20, 4, "autumn fair")
    once = mint(ago(days=20), 2.5, 1, 60, "Harbour, apology")
    lost = mint(ago(days=18), 10, 1, 90, "meetup, lost slip")
    for number in (1, 2, 3):
        mint(ago(days=2), 10, 1, 90, f"university course {number}/3")
    for minted, person, days in ((fair, bob, 24), (fair, kestrel, 11), (once, harbour, 19), (fair, alice, 6)):
        with at(ago(days=days)):
            credit_codes.redeem(minted.text, tenant_id=person.tenant.pk, actor=person.owner.actor)
    with done_by(FRIDA, ago(days=15)):
        credit_codes.revoke(lost.code.pk, actor=FRIDA)
    return fair


def _month(places: list[Place], payers: list[Person], dice: random.Random) -> None:
    """Some questions a day, fewer at weekends, now and then one that fails."""
    asked = []
    for day in range(DAYS - 1, 0, -1):
        moment = ago(days=day)
        for _ in range(dice.randint(1, 3) if moment.weekday() >= 5 else dice.randint(4, 11)):
            who = payers[dice.choice((0, 0, 0, 1, 1, 2))]
            if who is payers[2] and day > 10:
                continue
            when = moment - timedelta(hours=dice.uniform(0, 7))
            fails = dice.choice(("scope", "query", "mediator")) if dice.random() < 0.07 else ""
            model = SONNET if dice.random() < 0.45 else GLM
            asked.append(Ask(dice.choice(places), who.tenant.pk, when, model, fails))
    for one in sorted(asked, key=lambda ask: ask.asked_at):
        asks.answered(one, dice)


def _today(places: list[Place], bob: Person, dice: random.Random) -> tuple[str, str]:
    """The last hours, with a spend token that pays, a model without a price and a run that is going."""
    wanted = NewSpendToken(
        4 * DOLLAR, expires_in_seconds=86_400, room_id=places[0].room.pk, service="https://rooms.example"
    )
    with done_by(bob.owner.actor, ago(hours=8)):
        token = spend_tokens.mint(wanted, owner=bob.owner).token
    with done_by(bob.owner.actor, ago(days=6)):
        spend_tokens.mint(NewSpendToken(DOLLAR // 2, expires_in_seconds=3_600), owner=bob.owner)
    payer = bob.tenant.pk
    for hours in (7.4, 6.1, 5.5, 4.2, 3.3, 2.8):
        place, model = dice.choice(places), dice.choice((GLM, SONNET))
        asks.answered(Ask(place, payer, ago(hours=hours), model), dice)
    asks.answered(Ask(places[1], payer, ago(hours=2.2), UNPRICED), dice)
    asks.answered(Ask(places[1], payer, ago(hours=1.9), GLM, fails="query"), dice)
    asks.answered(Ask(places[2], payer, ago(hours=1.1), SONNET, fails="mediator"), dice)
    shown = asks.answered(Ask(places[0], payer, ago(minutes=38), SONNET, token_id=token.pk), dice)
    going = asks.going(Ask(places[0], payer, ago(seconds=9), SONNET, token_id=token.pk), dice, age_seconds=9)
    return shown.pk, going.pk


def _prices() -> None:
    """What a new service begins with is dated back; then some decisions."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_price DISABLE TRIGGER USER")
        cursor.execute("UPDATE billing_price SET effective_from = %s, created_at = %s", [ago(days=34)] * 2)
        cursor.execute("ALTER TABLE billing_price ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with done_by(FRIDA, ago(days=10)):
        prices.withdraw("openrouter", "moonshotai/kimi-k2-0905", actor=FRIDA)
    with done_by(FRIDA, ago(days=5)):
        prices.set_price(NewPrice("openrouter", "openai/gpt-5-mini", 275_000, 2_200_000, None), actor=FRIDA)
    with done_by(FRIDA, ago(days=1)):
        starts = (NOW + timedelta(days=10)).replace(hour=0, minute=0, second=0, microsecond=0)
        wanted = NewPrice("openrouter", "anthropic/claude-sonnet-4.5", 3_300_000, 16_500_000, starts)
        prices.set_price(wanted, actor=FRIDA)


def _by_hand(bob: Person, kestrel: Person) -> None:
    with done_by(SAM, ago(days=4)):
        tenants.rename(bob.tenant.pk, "Bob Research Ltd", actor=SAM)
    with at(ago(minutes=50)):
        ledger.debit(
            kestrel.tenant.pk, 9 * DOLLAR, actor=FRIDA, note="granted to the wrong account", allow_overdraft=True
        )
    with done_by(SAM, ago(minutes=20)):
        tenants.suspend(kestrel.tenant.pk, actor=SAM)
    with at(ago(minutes=20)):
        audit.record(
            SAM, "operator.suspend", kestrel.tenant.pk, tenant_id=kestrel.tenant.pk, reason="overdrawn, called twice"
        )


def _workers_and_check() -> None:
    for name, days in ((asks.WORKER, 6), ("rooms-2-07be3d", 2)):
        WorkerKey.objects.create(
            worker_id=name,
            public_key=b"a public key",
            queues="runs,builds",
            started_at=ago(days=days),
            heartbeat_at=NOW + timedelta(minutes=30),
        )
    for days in (2, 1, 0):
        with at(ago(days=days, hours=9)):
            record(examine(), actor=Actor.system("nightly"))
