"""A crowd of writers on a few hot accounts, each on a connection of its own, some of which are cut in the middle."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections

from billing.models import Account, Hold, SpendToken
from billing.services import bookkeeping, checks, credit_codes, expiry, ledger
from billing.services.credit_codes import NewCode
from billing.services.ledger import Grant, HoldRequest
from hivemind.kit import clock, ids
from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError
from tests.billing.full_books import OLGA

TENANTS = tuple(f"t_{n:012x}" for n in range(4))
TOKENS = tuple(f"{n:012x}" for n in range(8))
CROWD = Actor.system("crowd")
SECONDS = float(os.environ.get("HIVEMIND_TEST_SOAK_SECONDS", "4"))


@dataclass
class Outcome:
    """What happened to the crowd: acts that were done, refused by a rule, cut, and what should not have happened."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    killed: int = 0
    proofs: int = 0
    surprises: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{sum(self.done.values())} done {dict(self.done)}, {sum(self.refused.values())} refused"
            f" {dict(self.refused)}, {self.killed} connections killed, {self.cut} acts cut,"
            f" {self.proofs} proofs meanwhile"
        )


def prepare() -> list[str]:
    """Accounts with a little credit, tokens of theirs, and the texts of credit codes."""
    for tenant_id in TENANTS:
        bookkeeping.open_account(tenant_id, name=tenant_id, actor=OLGA)
        ledger.grant(tenant_id, Grant(1_000), actor=OLGA)
    now = clock.now()
    for n, token_id in enumerate(TOKENS):
        SpendToken.objects.create(
            token_id=token_id,
            token_hash=token_id + "0" * 52,
            account_id=TENANTS[n % len(TENANTS)],
            limit_micro_usd=2_000,
            minted_by="0" * 12,
            created_at=now,
            expires_at=now + timedelta(days=1),
        )
    return [credit_codes.mint(NewCode(7, uses), actor=OLGA).text for uses in (1, 2, 3, 4) * 8]


class Writer:
    """One of the crowd: picks an act by chance, again and again."""

    def __init__(self, seed: int, codes: list[str], outcome: Outcome) -> None:
        self.chance = random.Random(seed)
        self.codes = codes
        self.outcome = outcome
        self.acts: list[tuple[str, int, Callable[[str], object]]] = [
            ("hold", 8, self.hold),
            ("settle", 10, self.settle),
            ("void", 3, self.void),
            ("grant", 2, self.grant),
            ("lend", 2, self.lend),
            ("debit", 2, self.debit),
            ("refund", 2, self.refund),
            ("redeem", 3, self.redeem),
            ("sweep", 1, lambda _: expiry.sweep()),
        ]

    def work(self, until: float) -> None:
        while time.monotonic() < until:
            name, _, act = self.chance.choices(self.acts, [weight for _, weight, _ in self.acts])[0]
            try:
                act(self.chance.choice(TENANTS))
                self.outcome.done[name] += 1
            except DomainError as refusal:
                self.outcome.refused[refusal.code] += 1
            except (OperationalError, InterfaceError) as error:
                self._cut(error)
            except DatabaseError as error:
                self.outcome.surprises.append(f"{name}: {error}")
        connections.close_all()

    def _cut(self, error: Exception) -> None:
        text = str(error)
        if "deadlock" in text or "serialize" in text:
            self.outcome.surprises.append(text)
        self.outcome.cut += 1
        connection.close()

    def hold(self, tenant_id: str) -> None:
        token = self.chance.choice(("", *TOKENS[TENANTS.index(tenant_id) :: len(TENANTS)]))
        until = clock.now() + timedelta(seconds=self.chance.choice((0.5, 60)))
        wanted = HoldRequest(
            ids.run_id(), tenant_id, self.chance.randint(1, 400), until, enforce=True, spend_token_id=token
        )
        ledger.hold(wanted, actor=CROWD)

    def settle(self, tenant_id: str) -> None:
        if run_id := self._one(Hold.objects.filter(account_id=tenant_id).exclude(resolution="voided"), "run_id"):
            ledger.settle(run_id, cost_micro_usd=self.chance.randint(0, 450), actor=CROWD, details={})
            self.outcome.settled.append(run_id)

    def void(self, tenant_id: str) -> None:
        if run_id := self._one(Hold.objects.filter(account_id=tenant_id, resolved_at=None), "run_id"):
            ledger.void(run_id, actor=CROWD, reason="by chance")
            self.outcome.settled.append(run_id)

    def grant(self, tenant_id: str) -> None:
        ledger.grant(tenant_id, Grant(self.chance.randint(1, 200)), actor=CROWD)

    def lend(self, tenant_id: str) -> None:
        until = clock.now() + timedelta(seconds=self.chance.choice((0.3, 60)))
        ledger.grant(tenant_id, Grant(self.chance.randint(1, 100), expires_at=until), actor=CROWD)

    def debit(self, tenant_id: str) -> None:
        ledger.debit(tenant_id, self.chance.randint(1, 300), actor=CROWD, note="by chance")

    def refund(self, tenant_id: str) -> None:
        settled = Hold.objects.filter(account_id=tenant_id, resolution="settled", cost_micro_usd__gt=0)
        run_id = self._one(settled, "run_id") if self.chance.random() < 0.7 else ""
        ledger.refund(tenant_id, self.chance.randint(1, 100), actor=CROWD, note="by chance", run_id=run_id or "")

    def redeem(self, tenant_id: str) -> None:
        credit_codes.redeem(self.chance.choice(self.codes), tenant_id=tenant_id, actor=CROWD)

    def _one(self, rows: "Hold.objects", column: str) -> str | None:
        newest = list(rows.order_by("-created_at").values_list(column, flat=True)[:12])
        return self.chance.choice(newest) if newest else None


def killer(outcome: Outcome, *, until: float) -> None:
    """Cut one connection of the crowd every now and then, whatever it is doing."""
    chance = random.Random(0)
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.01, 0.06))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM ("
                " SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND state IN ('active', 'idle in transaction') ORDER BY random() LIMIT 1) AS victim"
            )
            outcome.killed += len(cursor.fetchall())
    connections.close_all()


def auditor(outcome: Outcome, *, until: float) -> None:
    """Prove the books again and again while they are being written."""
    while time.monotonic() < until:
        try:
            outcome.surprises += [str(problem) for problem in checks.check()]
            outcome.proofs += 1
        except (OperationalError, InterfaceError):
            connection.close()
    connections.close_all()


def play(writers: int, seconds: float) -> Outcome:
    """Let the crowd loose and wait for its end."""
    codes, outcome, until = prepare(), Outcome(), time.monotonic() + seconds
    threads = [threading.Thread(target=Writer(seed, codes, outcome).work, args=(until,)) for seed in range(writers)]
    threads += [threading.Thread(target=other, args=(outcome,), kwargs={"until": until}) for other in (killer, auditor)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return outcome


def lowest_balance() -> int:
    """The lowest balance that any account has had at any time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(balance_after_micro_usd) FROM billing_entry")
        return int(cursor.fetchone()[0])


def entries_per_second(seconds: float) -> float:
    return sum(Account.objects.values_list("entry_count", flat=True)) / seconds
