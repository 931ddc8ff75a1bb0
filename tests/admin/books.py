"""Money of every kind for the admin's tests, with canaries where owners wrote or secrets lie."""

from datetime import timedelta

from attestation.tokens import SPEND, new_token, parse_token
from billing.models import Account, BooksCheck, CreditCode, SentPage, SpendToken
from billing.services import credit_codes, ledger, prices
from billing.services.credit_codes import Minted, NewCode
from billing.services.ledger import Grant, HoldRequest
from billing.services.prices import NewPrice
from hivemind.kit import clock, ids
from hivemind.kit.audit import Actor
from tests.factories.tenants import Person

OLGA = Actor.operator("olga")
DOLLAR = 1_000_000


def grant(tenant_id: str, dollars: float, *, days: int | None = None, note: str = "welcome") -> None:
    """Credit, that expires after some days if they are given."""
    expires = clock.now() + timedelta(days=days) if days else None
    ledger.grant(tenant_id, Grant(round(dollars * DOLLAR), note=note, expires_at=expires), actor=OLGA)


def hold(tenant_id: str, dollars: float, *, run_id: str = "", token: str = "") -> str:
    """Money set aside for a run; the run's id."""
    run_id = run_id or ids.run_id()
    wanted = HoldRequest(
        run_id=run_id,
        tenant_id=tenant_id,
        amount_micro_usd=round(dollars * DOLLAR),
        expires_at=clock.now() + timedelta(hours=2),
        enforce=False,
        spend_token_id=token,
    )
    ledger.hold(wanted, actor=OLGA)
    return run_id


def spend(tenant_id: str, dollars: float, *, run_id: str = "") -> str:
    """A run that was held for and charged; its id."""
    run_id = hold(tenant_id, dollars * 2, run_id=run_id)
    ledger.settle(run_id, cost_micro_usd=round(dollars * DOLLAR), actor=OLGA, details={})
    return run_id


def code(dollars: float = 5, *, uses: int = 1, days: int | None = None, label: str = "fair") -> Minted:
    """A credit code."""
    expires = clock.now() + timedelta(days=days) if days else None
    return credit_codes.mint(NewCode(round(dollars * DOLLAR), uses, expires, label=label), actor=OLGA)


def spend_token(tenant_id: str, *, dollars: float = 2, label: str = "") -> tuple[SpendToken, str]:
    """A spend token and its text."""
    bearer = parse_token(new_token(SPEND), strict=True)
    row = SpendToken.objects.create(
        token_id=bearer.token_id,
        token_hash=bearer.hash,
        account_id=tenant_id,
        label=label,
        limit_micro_usd=round(dollars * DOLLAR),
        minted_by="0123456789ab",
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(days=1),
    )
    return row, bearer.text


def price(
    model: str, prompt: float, completion: float, *, hours: float | None = None, provider: str = "openrouter"
) -> None:
    """A price, from some hours on if they are given."""
    starts = clock.now() + timedelta(hours=hours) if hours else None
    prices.set_price(NewPrice(provider, model, round(prompt * DOLLAR), round(completion * DOLLAR), starts), actor=OLGA)


def everything(alice: Person, *, canary: str) -> list[str]:
    """Movements of every kind on Alice's account; the secrets among them."""
    tenant_id = alice.tenant.pk
    grant(tenant_id, 20)
    grant(tenant_id, 5, days=10, note="trial")
    hold(tenant_id, 1)
    ledger.refund(tenant_id, DOLLAR // 2, actor=OLGA, note="slow answer", run_id=spend(tenant_id, 2.5))
    ledger.debit(tenant_id, DOLLAR, actor=OLGA, note="granted twice")
    minted = code(uses=3, days=5)
    credit_codes.redeem(minted.text, tenant_id=tenant_id, actor=OLGA)
    _, text = spend_token(tenant_id, label=f"{canary}-spend-label")
    price("z-ai/glm-5", 1, 2, hours=24)
    BooksCheck.objects.create(
        checked_at=clock.now(),
        took_seconds=0.5,
        account_count=1,
        entry_count=9,
        problem_count=1,
        problems=[{"rule": "sum", "subject": tenant_id, "detail": "off by one"}],
    )
    SentPage.objects.create(number=f"{canary}-page", sent_at=clock.now())
    return [minted.text, text]


def hashes() -> list[str]:
    """What is kept of codes and tokens, and shown nowhere."""
    codes, tokens = (CreditCode.objects.values_list("code_hash"), SpendToken.objects.values_list("token_hash"))
    return [value for (value,) in [*codes, *tokens]]


def balance(tenant_id: str) -> int:
    """What the account has now."""
    return Account.objects.get(pk=tenant_id).balance_micro_usd
