"""The page that mints credit codes. Their texts are part of one answer and of nothing that is kept."""

import base64

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from billing.admin import amounts, once
from billing.admin.code_forms import MintForm
from billing.services import credit_codes, sent_pages
from billing.services.credit_codes import Minted, NewCode
from hivemind.kit.admin import columns, spreadsheets
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError

MODEL = "billing_creditcode"
HEADER = ("code", "worth_usd", "uses", "expires_at", "label", "code_id")


def mint(page_of: OperatedAdmin, request: HttpRequest) -> HttpResponse:
    """The form, and the codes in the answer to it."""
    form = MintForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            minted = _minted(form, Actor.operator(request.user.get_username()))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            if minted is not None:
                return _shown_once(page_of, request, minted)
            messages.warning(request, f"{once.TWICE} Codes are shown once only: revoke them if they were lost.")
            return HttpResponseRedirect(columns.list_of(MODEL))
    return page_of.page(
        request,
        "hivemind/admin/form.html",
        title="Mint credit codes",
        form=form,
        button="Mint",
        explains="Whoever has a code can add its worth to their account. It is shown once, on the next page.",
        back=columns.list_of(MODEL),
    )


def _minted(form: MintForm, actor: Actor) -> list[Minted] | None:
    """All of the codes or none of them; None when this very page minted them before."""
    chosen, expires_at = form.cleaned_data, form.expires_at
    with transaction.atomic():
        if not sent_pages.accept(chosen["page"], actor=actor):
            return None
        return [
            credit_codes.mint(
                NewCode(chosen["amount"], chosen["uses"], expires_at, label=form.label_of(number + 1)), actor=actor
            )
            for number in range(chosen["count"])
        ]


def _shown_once(page_of: OperatedAdmin, request: HttpRequest, minted: list[Minted]) -> HttpResponse:
    first = minted[0].code
    answer = page_of.page(
        request,
        "hivemind/admin/codes.html",
        title="Credit codes minted" if len(minted) > 1 else "Credit code minted",
        texts=[one.text for one in minted],
        codes=[one.code for one in minted],
        worth=amounts.plain(first.credit_micro_usd),
        uses=first.max_redemptions,
        expires=amounts.until(first.expires_at),
        file=_file(minted) if len(minted) > 1 else "",
        next=columns.list_of(MODEL) if len(minted) > 1 else columns.page_of(MODEL, first.pk),
    )
    answer["Cache-Control"] = "no-store"
    return answer.render()


def _file(minted: list[Minted]) -> str:
    """The batch as a file within the page itself, because the texts are stored nowhere to be downloaded from."""
    rows = (
        (
            one.text,
            amounts.decimal(one.code.credit_micro_usd),
            one.code.max_redemptions,
            one.code.expires_at,
            one.code.label,
            one.code.pk,
        )
        for one in minted
    )
    text = "".join(spreadsheets.lines(HEADER, rows, bearers_too=True))
    return f"data:text/csv;base64,{base64.b64encode(text.encode()).decode('ascii')}"
