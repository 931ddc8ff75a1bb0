"""Any story that can happen to the books, told to the database and to a model of plain numbers at once."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from attestation.tokens import CREDIT, new_token
from billing.models import Account, CreditCode, CreditLot, Hold, SpendToken
from billing.services import bookkeeping, checks, credit_codes, expiry, ledger
from billing.services.credit_codes import NewCode
from billing.services.ledger import Grant, HoldRequest
from hivemind.kit import clock, ids
from hivemind.kit.errors import DomainError
from tests.billing import book_model, crowd
from tests.billing.conftest import OLGA

START = datetime(2040, 1, 1, tzinfo=UTC)
EXAMPLES, STEPS = int(3 * crowd.SECONDS), 30
WALK = int(60 * crowd.SECONDS)
PROOF_EVERY = 6

amounts = st.integers(1, 120) | st.sampled_from((1, 50, 100, 1_000))
seconds = st.integers(1, 100)
runs = Bundle("runs")
tokens = Bundle("tokens")
codes = Bundle("codes")
names = st.integers(0, 2)


class Story(RuleBasedStateMachine):
    """Three accounts of a story's own; the books of earlier stories stay, as books do."""

    def __init__(self) -> None:
        super().__init__()
        self.books, self.steps = book_model.Books(), 0
        self.at(0)
        self.names = [ids.tenant_id() for _ in range(3)]
        for name in self.names:
            bookkeeping.open_account(name, name=name, actor=OLGA)
            self.books.accounts[name] = book_model.Account()
            self.grant(self.names.index(name), 300, None)

    @initialize(target=tokens)
    def begin_token(self) -> str:
        return self.mint_token(0, 200, 100)

    @initialize(target=codes)
    def begin_code(self) -> str:
        return self.mint_code(40, 2, 100)

    @initialize(target=runs)
    def begin_hold(self) -> str:
        return self._hold(self.names[1], 100, 50, enforce=True)

    def at(self, later: int) -> None:
        self.books.now += later
        moment = self.moment(self.books.now)
        clock.now = lambda: moment

    @staticmethod
    def moment(second: int) -> datetime:
        return START + timedelta(seconds=second)

    def same(self, act: Callable[[], object], expected: book_model.Refusal) -> None:
        """The database does what the model did, or refuses for the same reason."""
        try:
            act()
        except DomainError as refusal:
            assert type(refusal) is expected, f"{refusal!r}, expected {expected}"
        else:
            assert expected is None, f"done, expected {expected}"

    @rule(who=names, amount=amounts, lives=st.none() | seconds)
    def grant(self, who: int, amount: int, lives: int | None) -> None:
        name, expires = self.names[who], None if lives is None else self.books.now + lives
        given = Grant(amount, expires_at=None if expires is None else self.moment(expires))
        self.same(lambda: ledger.grant(name, given, actor=OLGA), self.books.grant(name, amount, expires))

    @rule(who=names, amount=amounts, overdraw=st.booleans())
    def debit(self, who: int, amount: int, overdraw: bool) -> None:
        name = self.names[who]
        self.same(
            lambda: ledger.debit(name, amount, actor=OLGA, note="x", allow_overdraft=overdraw),
            self.books.debit(name, amount, overdraw=overdraw),
        )

    @rule(target=runs, who=names, amount=amounts, lives=seconds, enforce=st.booleans())
    def hold(self, who: int, amount: int, lives: int, enforce: bool) -> str:
        return self._hold(self.names[who], amount, lives, enforce=enforce)

    @rule(target=runs, who=st.none() | names, amount=amounts, lives=seconds, enforce=st.booleans(), token=tokens)
    def hold_by_token(self, who: int | None, amount: int, lives: int, enforce: bool, token: str) -> str:
        name = self.books.tokens[token].account if who is None else self.names[who]
        return self._hold(name, amount, lives, enforce=enforce, token=token)

    def _hold(self, name: str, amount: int, lives: int, *, enforce: bool, token: str = "") -> str:
        run, expires = ids.run_id(), self.books.now + lives
        wanted = HoldRequest(run, name, amount, self.moment(expires), enforce=enforce, spend_token_id=token)
        self.same(
            lambda: ledger.hold(wanted, actor=OLGA),
            self.books.hold(run, book_model.Hold(name, amount, expires, token), enforce=enforce),
        )
        return run

    @rule(run=runs, cost=st.integers(-1, 150))
    def settle(self, run: str, cost: int) -> None:
        self.same(
            lambda: ledger.settle(run, cost_micro_usd=cost, actor=OLGA, details={}), self.books.resolve(run, cost)
        )

    @rule(run=runs)
    def void(self, run: str) -> None:
        self.same(lambda: ledger.void(run, actor=OLGA, reason="x"), self.books.resolve(run, 0))

    @rule(who=names, amount=amounts)
    def refund(self, who: int, amount: int) -> None:
        self._refund(self.names[who], amount, "")

    @rule(who=st.none() | names, amount=amounts, run=runs)
    def refund_of_run(self, who: int | None, amount: int, run: str) -> None:
        known = self.books.holds.get(run)
        name = known.account if who is None and known else self.names[who or 0]
        self._refund(name, amount, run)

    def _refund(self, name: str, amount: int, run: str) -> None:
        self.same(
            lambda: ledger.refund(name, amount, actor=OLGA, note="x", run_id=run), self.books.refund(name, amount, run)
        )

    @rule(target=tokens, who=names, limit=amounts, lives=seconds)
    def mint_token(self, who: int, limit: int, lives: int) -> str:
        token, expires = ids.run_id(), self.books.now + lives
        self.books.tokens[token] = book_model.Token(self.names[who], limit, expires)
        SpendToken.objects.create(
            token_id=token,
            token_hash=token + "0" * 52,
            account_id=self.names[who],
            limit_micro_usd=limit,
            minted_by="0" * 12,
            created_at=clock.now(),
            expires_at=self.moment(expires),
        )
        return token

    @rule(token=tokens)
    def revoke_token(self, token: str) -> None:
        self.books.tokens[token].revoked = True
        SpendToken.objects.filter(pk=token, revoked_at=None).update(revoked_at=clock.now())

    @rule(target=codes, worth=st.integers(0, 60), uses=st.integers(1, 3), lives=seconds)
    def mint_code(self, worth: int, uses: int, lives: int) -> str:
        expires = self.books.now + lives
        made = credit_codes.mint(NewCode(worth, uses, expires_at=self.moment(expires)), actor=OLGA)
        self.books.codes[made.text] = book_model.Code(worth, uses, expires)
        return made.text

    @rule(text=codes)
    def revoke_code(self, text: str) -> None:
        self.books.codes[text].revoked = True
        CreditCode.objects.filter(code_hash=hash_of(text), revoked_at=None).update(revoked_at=clock.now())

    @rule(text=codes | st.just(new_token(CREDIT)), who=names)
    def redeem(self, text: str, who: int) -> None:
        name = self.names[who]
        self.same(lambda: credit_codes.redeem(text, tenant_id=name, actor=OLGA), self.books.redeem(text, name))

    @rule(later=seconds)
    def time_passes(self, later: int) -> None:
        self.at(later)

    @rule()
    def sweep(self) -> None:
        self.books.sweep()
        expiry.sweep()

    @rule(who=st.just(2))
    def close(self, who: int) -> None:
        self.books.accounts[self.names[who]].closed = True
        bookkeeping.close_account(self.names[who], name="gone", actor=OLGA)

    @invariant()
    def every_figure_is_the_same(self) -> None:
        told = {a.pk: a for a in Account.objects.filter(pk__in=self.names)}
        for name, mine in self.books.accounts.items():
            theirs = told[name]
            assert (mine.balance, mine.held, mine.spent, mine.credited, mine.debited, mine.closed) == (
                theirs.balance_micro_usd, theirs.held_micro_usd, theirs.spent_micro_usd, theirs.credited_micro_usd,
                theirs.debited_micro_usd, theirs.closed_at is not None,
            )  # fmt: skip
            lots = CreditLot.objects.filter(account_id=name).order_by("entry_id")
            assert [lot.left for lot in mine.lots] == list(lots.values_list("remaining_micro_usd", flat=True))
        tokens = dict(SpendToken.objects.values_list("token_id", "committed_micro_usd"))
        assert {token: mine.committed for token, mine in self.books.tokens.items()}.items() <= tokens.items()
        holds = Hold.objects.filter(account_id__in=self.names)
        assert {run: hold.cost for run, hold in self.books.holds.items()} == {
            hold.pk: hold.cost_micro_usd if hold.resolved_at else None for hold in holds
        }

        self.steps += 1
        if self.steps % PROOF_EVERY == 0:
            self.teardown()

    def teardown(self) -> None:
        assert checks.check() == []


def hash_of(text: str) -> str:
    return credit_codes.parse_token(text).hash


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(600)
def test_any_story_leaves_the_books_as_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", clock.now)  # put back what the stories replace
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def walk(chance: random.Random, steps: int) -> None:
    """One long story in which everything is as likely, or as unlikely, as it is in a day of business."""
    story = Story()
    held, paying, gifts = [story.begin_hold()], [story.begin_token()], [story.begin_code()]
    acts: list[tuple[int, Callable[[], object]]] = [
        (3, lambda: story.grant(who(), some(), None)),
        (6, lambda: story.grant(who(), some(), soon())),
        (3, lambda: story.debit(who(), 2 * some(), False)),
        (2, lambda: story.debit(n := who(), max(0, figures(n).balance + figures(n).held) + some(), True)),
        (12, lambda: held.append(story.hold(who(), 2 * some(), soon(), chance.random() < 0.7))),
        (6, lambda: held.append(story.hold_by_token(None, some(), soon(), True, recent(paying)))),
        (1, lambda: held.append(story.hold_by_token(who(), some(), soon(), True, recent(paying)))),
        (12, lambda: story.settle(recent(held), chance.randint(-1, 250))),
        (4, lambda: story.void(recent(held))),
        (3, lambda: story.refund(who(), some())),
        (2, lambda: story.refund(n := who(), max(1, figures(n).spent - figures(n).refunded))),
        (6, lambda: story.refund_of_run(chance.choice((None, None, 0)), some(), recent(held))),
        (2, lambda: paying.append(story.mint_token(who(), some() * 3, soon()))),
        (1, lambda: story.revoke_token(recent(paying))),
        (2, lambda: gifts.append(story.mint_code(chance.randint(0, 60), chance.randint(1, 3), soon()))),
        (1, lambda: story.revoke_code(recent(gifts))),
        (4, lambda: story.redeem(recent(gifts), who())),
        (5, lambda: story.time_passes(soon())),
        (3, story.sweep),
    ]

    def who() -> int:
        return chance.randint(0, 1)

    def figures(n: int) -> book_model.Account:
        return story.books.accounts[story.names[n]]

    def some() -> int:
        return chance.randint(1, 100)

    def soon() -> int:
        return 10 * chance.randint(1, 5)  # so that things happen at the very moment at which others end

    def recent(things: list[str]) -> str:
        return chance.choice(things[-6:])

    for _ in range(steps):
        chance.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()
        story.every_figure_is_the_same()
    story.teardown()


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_story_leaves_the_books_as_the_model_says(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", clock.now)
    walk(random.Random(seed), WALK)
