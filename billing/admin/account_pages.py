"""Pages on which an operator moves money: filled in, shown with the balance before and after, then done once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from billing.admin import amounts, once
from billing.admin.account_forms import DebitForm, GrantForm, MoneyForm, RefundForm
from billing.models import Account, Entry
from billing.selectors import accounts, of_run
from billing.services import ledger, sent_pages
from billing.services.ledger import Grant
from hivemind.kit.admin import columns
from hivemind.kit.admin.deeds import OwnPage
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError

MODEL = "billing_account"
# What the preview says elsewhere, or nobody needs to read.
UNTOLD = ("Page", "Amount in dollars")


@dataclass(frozen=True)
class Movement:
    """One way to move money by hand: its words, its form, the sign of its amount, and the service that does it."""

    title: str
    explains: str
    done: str
    form: type[MoneyForm]
    sign: int
    act: Callable[[Account, dict[str, Any], Actor], Entry]


def _grant(account: Account, chosen: dict[str, Any], actor: Actor) -> Entry:
    day = chosen["expires_on"]
    given = Grant(chosen["amount"], note=chosen["note"], expires_at=amounts.end_of(day) if day else None)
    return ledger.grant(account.pk, given, actor=actor)


def _debit(account: Account, chosen: dict[str, Any], actor: Actor) -> Entry:
    taken, may = chosen["amount"], chosen["overdraw"]
    return ledger.debit(account.pk, taken, actor=actor, note=chosen["note"], allow_overdraft=may)


def _refund(account: Account, chosen: dict[str, Any], actor: Actor) -> Entry:
    return ledger.refund(account.pk, chosen["amount"], actor=actor, note=chosen["note"], run_id=chosen["run_id"])


GRANT = Movement("Grant credit", "Credit that the tenant can spend from now on.", "granted", GrantForm, +1, _grant)
DEBIT = Movement(
    "Debit",
    "Credit is taken out of the account. To the tenant it looks like usage, with your reason beside it.",
    "debited",
    DebitForm,
    -1,
    _debit,
)
REFUND = Movement(
    "Refund",
    "Money that was charged is given back. The charge itself stays in the books.",
    "refunded",
    RefundForm,
    +1,
    _refund,
)


def page_for(movement: Movement) -> Callable[[OperatedAdmin, HttpRequest, Account], HttpResponse]:
    """The view of one movement's page."""
    return lambda page_of, request, account: _page(page_of, request, account, movement)


def _page(page_of: OperatedAdmin, request: HttpRequest, account: Account, movement: Movement) -> HttpResponse:
    form = movement.form(request.POST if request.method == "POST" else None, account=account, initial=_initial(request))
    may_preview = form.is_valid() and "change" not in request.POST
    if may_preview and "confirmed" in request.POST:
        answer = _move(request, form, movement)
        if answer is not None:
            return answer
        may_preview = False
    moved = movement.sign * form.cleaned_data["amount"] if may_preview else 0
    return page_of.page(
        request,
        "hivemind/admin/movement.html",
        title=movement.title,
        movement=movement,
        original=account,
        form=form,
        before=amounts.amount(account.balance_micro_usd, digits=True),
        moved=amounts.amount(moved, signed=True, digits=True),
        after=amounts.amount(account.balance_micro_usd + moved, digits=True),
        preview=_told(form) if may_preview else None,
        button=f"{movement.title}: {amounts.plain(abs(moved))}",
        dangerous=movement.sign < 0,
        back=columns.page_of(MODEL, account.pk),
    )


def _move(request: HttpRequest, form: MoneyForm, movement: Movement) -> HttpResponse | None:
    """Do it, unless this very page did it before; None when a rule said no, which then stands on the form."""
    actor, chosen = Actor.operator(request.user.get_username()), form.cleaned_data
    back = columns.page_of(MODEL, form.account.pk)
    try:
        with transaction.atomic():
            if not sent_pages.accept(chosen["page"], actor=actor):
                messages.warning(request, once.TWICE)
                return HttpResponseRedirect(back)
            movement.act(form.account, chosen, actor)
    except DomainError as error:
        form.add_error(None, str(error))
        return None
    balance = amounts.exact(accounts.get(form.account.pk).balance_micro_usd)
    said = f"{amounts.exact(chosen['amount'])} {movement.done}. The balance of {form.account.name} is now {balance}."
    messages.success(request, said)
    return HttpResponseRedirect(back)


def _initial(request: HttpRequest) -> dict[str, Any]:
    """A refund that is asked for from the page of a run begins with what can be given back of it."""
    run_id = request.GET.get("run", "")[:64]
    refundable = of_run.money_of(run_id).refundable_micro_usd if run_id else 0
    return {"run_id": run_id, "amount": amounts.decimal(refundable)} if refundable > 0 else {}


def _told(form: MoneyForm) -> list[tuple[str, object]]:
    """What was filled in, for a last look."""
    chosen = [(str(field.label), form.cleaned_data[field.name]) for field in form]
    told = [(label, _plainly(value)) for label, value in chosen if value]
    return [(label, value) for label, value in told if label not in UNTOLD]


def _plainly(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return "yes" if value is True else value


PAGES = (
    OwnPage("grant", "Grant credit", page_for(GRANT), icon="add_card"),
    OwnPage("debit", "Debit", page_for(DEBIT), icon="credit_card_off"),
    OwnPage("refund", "Refund", page_for(REFUND), icon="undo"),
)
