"""Pages that set prices: one, with what it would have meant for the runs of last week, or many from a file."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse

from billing import effects
from billing.admin import amounts, once
from billing.admin.price_forms import COLUMNS, ImportForm, PriceForm
from billing.effects import Effect, Used
from billing.models import Price
from billing.money import TokenPrice
from billing.selectors import price_plans, prices
from billing.selectors.price_plans import Planned
from billing.services import prices as services
from billing.services import sent_pages
from billing.services.prices import NewPrice
from hivemind.kit import clock
from hivemind.kit.admin import columns, spreadsheets
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError

MODEL = "billing_price"
LOOK_BACK = timedelta(days=7)
SUGGESTED = 50


def new(page_of: OperatedAdmin, request: HttpRequest) -> HttpResponse:
    """The form for one price, its preview, and setting it."""
    form = PriceForm(request.POST if request.method == "POST" else None, initial=_asked_for(request))
    previewed = form.is_valid() and "change" not in request.POST
    if previewed and "confirmed" in request.POST:
        if _set(request, form, [form.wanted]):
            return HttpResponseRedirect(columns.list_of(MODEL))
        previewed = False
    used = effects.models_used(clock.now() - LOOK_BACK)
    return page_of.page(
        request,
        "hivemind/admin/price.html",
        title="New price",
        form=form,
        preview=_preview(form.wanted) if previewed else None,
        providers=sorted({row.provider for row in used}),
        models=sorted({row.model for row in used})[:SUGGESTED],
        unpriced=unpriced(used),
        back=columns.list_of(MODEL),
    )


def unpriced(used: Sequence[Used]) -> list[Used]:
    """Of the models that were used those that have no price now."""
    priced = {(price.provider, price.model) for price in prices.current()}
    return [row for row in used if (row.provider, row.model) not in priced][:SUGGESTED]


def import_file(page_of: OperatedAdmin, request: HttpRequest) -> HttpResponse:
    """The form for a file of prices, what it would change, and setting them all or none."""
    sent = request.method == "POST"
    form = ImportForm(request.POST if sent else None, request.FILES if sent else None)
    planned = price_plans.plan(form.cleaned_data["prices"]) if form.is_valid() else []
    wanted = [one.wanted for one in planned if one.to_be_set]
    refused = sum(one.refused for one in planned)
    if wanted and not refused and "confirmed" in request.POST and _set(request, form, wanted):
        return HttpResponseRedirect(columns.list_of(MODEL))
    if planned:
        form.data = {**{name: request.POST[name] for name in ("page",)}, "text": form.cleaned_data["text"]}
    return page_of.page(
        request,
        "hivemind/admin/price_import.html",
        title="Import prices",
        form=form,
        planned=[_line(one) for one in planned],
        refused=refused,
        wanted=len(wanted),
        unchanged=len(planned) - len(wanted) - refused,
        back=columns.list_of(MODEL),
    )


def export_file() -> StreamingHttpResponse:
    """The prices in force and the scheduled ones, as the import takes them."""
    return spreadsheets.answer("prices.csv", COLUMNS, (_cells(row) for row in price_plans.listed(clock.now())))


def _set(request: HttpRequest, form: once.OncePage, wanted: Sequence[NewPrice]) -> bool:
    """Set all of them, unless this very page did it before; False when a rule said no, which the form then says."""
    actor = Actor.operator(request.user.get_username())
    try:
        with transaction.atomic():
            if not sent_pages.accept(form.cleaned_data["page"], actor=actor):
                messages.warning(request, once.TWICE)
                return True
            for one in wanted:
                services.set_price(one, actor=actor)
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    only = wanted[0]
    told = f"The price of {only.model}" if len(wanted) == 1 else columns.counted(len(wanted), "price")
    messages.success(request, f"{told} {'was' if len(wanted) == 1 else 'were'} set.")
    return True


def _preview(wanted: NewPrice) -> dict[str, Any]:
    price = TokenPrice(wanted.prompt_micro_usd_per_mtok, wanted.completion_micro_usd_per_mtok)
    since = clock.now() - LOOK_BACK
    effect = effects.of_price(wanted.provider, wanted.model, price=price, since=since)
    planned = price_plans.plan([wanted])[0]
    return {"line": _line(planned), "effect": effect, "unchanged": not planned.to_be_set, **_told_of(effect)}


def _told_of(effect: Effect | None) -> dict[str, object]:
    if effect is None:
        return {}
    return {
        "runs": columns.counted(effect.run_count, "run"),
        "prompt": columns.number(effect.prompt_tokens),
        "completion": columns.number(effect.completion_tokens),
        "charged": amounts.amount(effect.charged_micro_usd),
        "would": amounts.amount(effect.would_micro_usd),
        "difference": amounts.amount(effect.would_micro_usd - effect.charged_micro_usd, signed=True),
    }


def _line(planned: Planned) -> dict[str, Any]:
    wanted, before = planned.wanted, planned.before
    return {
        "provider": wanted.provider,
        "model": wanted.model,
        "change": planned.change.value,
        "refused": planned.refused,
        "before": _told(before) if before else ("none", "none"),
        "after": _told(TokenPrice(wanted.prompt_micro_usd_per_mtok, wanted.completion_micro_usd_per_mtok)),
        "starts": columns.exact(wanted.effective_from) if wanted.effective_from else "now",
    }


def _told(price: TokenPrice) -> tuple[str, str]:
    return amounts.rate(price.prompt_micro_usd), amounts.rate(price.completion_micro_usd)


def _asked_for(request: HttpRequest) -> dict[str, str]:
    """A link may name the model that needs a price."""
    return {name: request.GET[name][:200] for name in ("provider", "model") if name in request.GET}


def _cells(row: Price) -> list[spreadsheets.Cell]:
    prompt, completion = row.prompt_micro_usd_per_mtok, row.completion_micro_usd_per_mtok
    return [
        row.provider,
        row.model,
        amounts.decimal(prompt),
        amounts.decimal(completion),
        row.effective_from.isoformat(),
    ]
