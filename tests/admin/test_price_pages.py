"""Prices: looked over with what they would have meant, set once, imported, exported and withdrawn."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from billing.models import Price
from billing.money import TokenPrice
from billing.selectors import prices
from billing.services.prices import NewPrice
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from rooms.models import Room
from runner.enums import RunStatus
from runner.models import Run
from tests.admin import books, rows
from tests.admin.test_money_pages import PAGE
from tests.factories import rooms, tenants
from tests.factories.tenants import Person

ADD = "/admin/billing/price/add/"
IMPORT = "/admin/billing/price/import/"
DOWNLOAD = "/admin/billing/price/prices.csv"
LIST = "/admin/billing/price/"
HEADER = "provider,model,prompt_usd_per_mtok,completion_usd_per_mtok,effective_from\n"
GLM = ("openrouter", "z-ai/glm-5")


def filled(client: Client, **values: str) -> dict[str, str]:
    [page] = PAGE.findall(client.get(ADD).content.decode())
    chosen = {"provider": GLM[0], "model": GLM[1], "prompt": "1.5", "completion": "4", **values}
    return {"page": page, **chosen}


def set_price(client: Client, **values: str) -> HttpResponse:
    return client.post(ADD, {**filled(client, **values), "confirmed": ""})


def in_force(provider: str = GLM[0], model: str = GLM[1]) -> TokenPrice | None:
    return prices.in_force(provider, models=[model]).get(model)


def used(alice: Person, *, age_days: float = 1, tokens: int = 1_000_000) -> None:
    """A run of the last days whose scope stage used the model of the terms, quoted at one and two dollars."""
    room = Room.objects.first() or rooms.room(tenants.with_database(alice)).row
    run = rows.run(room, RunStatus.COMPLETED, age_seconds=age_days * 86_400, billing_provider="openrouter")
    quoted = {"prompt_micro_usd_per_mtok": 1_000_000, "completion_micro_usd_per_mtok": 2_000_000}
    run.terms["scope"] = {**run.terms["scope"], "model": GLM[1], **quoted}
    run.save(update_fields=["terms"])
    run.stages.filter(name="scope").update(usage={"prompt_tokens": tokens, "completion_tokens": tokens})


def test_a_price_is_looked_over_with_what_it_would_have_meant(olga: Client, alice: Person) -> None:
    used(alice)
    used(alice, age_days=3)
    used(alice, age_days=8)
    answer = olga.post(ADD, filled(olga))
    text = " ".join(answer.content.decode().split())
    assert "$0.60" in text and "$1.50" in text and "2 runs used the model" in text
    effect = answer.context["preview"]["effect"]
    assert (effect.charged_micro_usd, effect.would_micro_usd) == (6_000_000, 11_000_000)
    assert "+$5.00" in text and in_force() == TokenPrice(600_000, 2_080_000)


def test_simulations_count_as_use_of_the_query_stages_model(olga: Client, alice: Person) -> None:
    used(alice)
    run = Run.objects.get()
    run.terms["query"] = {**run.terms["scope"], "model": GLM[1]}
    run.terms["scope"] = {**run.terms["scope"], "model": "another"}
    run.save(update_fields=["terms"])
    tokens = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}
    run.stages.filter(name="scope").update(usage={**tokens, "simulations": tokens})
    effect = olga.post(ADD, filled(olga)).context["preview"]["effect"]
    assert (effect.run_count, effect.charged_micro_usd) == (1, 3_000_000)


def test_a_price_is_set_from_now_on(olga: Client) -> None:
    assert set_price(olga).status_code == 302
    assert in_force() == TokenPrice(1_500_000, 4_000_000)
    event = AuditEvent.objects.get(action="price.set")
    assert (event.actor, event.subject) == ("operator:olga", "openrouter/z-ai/glm-5")


def test_a_page_sent_twice_sets_a_price_once(olga: Client) -> None:
    sent = {**filled(olga), "confirmed": ""}
    before = Price.objects.count()
    olga.post(ADD, sent)
    assert "Nothing was done a second time" in olga.post(ADD, sent, follow=True).content.decode()
    assert Price.objects.count() == before + 1


def test_a_price_may_begin_later_and_stands_beside_the_present_one(olga: Client) -> None:
    starts = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    set_price(olga, starts=starts)
    assert in_force() == TokenPrice(600_000, 2_080_000)
    text = olga.get(LIST, {"q": GLM[1]}).content.decode()
    assert ("$1.50 / $4.00" in text and "in 2 days" in text) or "in 71 h" in text
    assert "scheduled" in olga.get(LIST, {"which": "scheduled"}).content.decode()


@pytest.mark.parametrize(
    "bad",
    [
        {"provider": ""},
        {"provider": "x" * 41},
        {"model": "   "},
        {"model": "x" * 201},
        {"model": "a\0b"},
        {"prompt": "-1"},
        {"prompt": "NaN"},
        {"completion": ""},
        {"completion": "9" * 20},
        {"starts": "1999-01-01T00:00"},
        {"starts": "tomorrow"},
        {"page": "x"},
    ],
    ids=str,
)
def test_what_is_no_price_is_refused(olga: Client, bad: dict[str, str]) -> None:
    before = Price.objects.count()
    assert set_price(olga, **bad).status_code == 200
    assert Price.objects.count() == before


def test_models_that_were_used_without_a_price_are_offered(olga: Client, alice: Person) -> None:
    used(alice)
    assert "without a price" not in olga.get(ADD).content.decode()
    books.prices.withdraw(*GLM, actor=books.OLGA)
    text = olga.get(ADD).content.decode()
    assert "Used in the last week without a price" in text and "?provider=openrouter&amp;model=z-ai%2Fglm-5" in text
    filled_in = olga.get(ADD, {"provider": GLM[0], "model": '"><script>'}).content.decode()
    assert "<script>" not in filled_in.replace('<script src="', "").replace("<script id", "")


def test_a_withdrawn_price_is_gone_and_still_listed_as_such(olga: Client) -> None:
    row = Price.objects.get(provider=GLM[0], model=GLM[1])
    withdraw = reverse("admin:billing_price_withdraw", args=[row.pk])
    assert "otherwise it is free" in olga.get(withdraw).content.decode()
    olga.post(withdraw, {"reason": "the provider stopped it"})
    assert in_force() is None
    assert {price.model for price in olga.get(LIST, {"which": "withdrawn"}).context["cl"].result_list} == {GLM[1]}
    assert row in olga.get(LIST, {"which": "past"}).context["cl"].result_list
    again = olga.post(withdraw, {"reason": "twice"}, follow=True)
    assert "nothing to do" in again.content.decode()


def scheduled(seconds: float) -> Price:
    """Another price of the model, to come."""
    begins = clock.now() + timedelta(seconds=seconds)
    return books.prices.set_price(NewPrice(*GLM, 9, 9, effective_from=begins), actor=books.OLGA)


def test_a_scheduled_price_is_cancelled_with_a_reason(olga: Client) -> None:
    row = scheduled(3_600)
    cancel = reverse("admin:billing_price_cancel", args=[row.pk])
    assert cancel in olga.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "never comes into force" in olga.get(cancel).content.decode()
    assert not olga.post(cancel, {"reason": ""}).context["form"].is_valid()
    answer = olga.post(cancel, {"reason": "the provider thought better of it"}, follow=True)
    assert answer.redirect_chain == [(LIST, 302)] and "1 price cancelled." in answer.content.decode()
    assert not Price.objects.filter(pk=row.pk).exists() and in_force() == TokenPrice(600_000, 2_080_000)
    trail = AuditEvent.objects.filter(subject="/".join(GLM)).order_by("-pk")[:2]
    assert [event.action for event in trail] == ["operator.cancel", "price.cancelled"]
    assert trail[0].details["reason"] == "the provider thought better of it"
    assert "nothing to do" in olga.post(cancel, {"reason": "twice"}, follow=True).content.decode()


def test_a_price_that_is_about_to_begin_is_not_cancelled(olga: Client) -> None:
    row = scheduled(5)
    cancel = reverse("admin:billing_price_cancel", args=[row.pk])
    assert "begins within seconds" in olga.post(cancel, {"reason": "late"}, follow=True).content.decode()
    assert Price.objects.filter(pk=row.pk).exists()
    assert not AuditEvent.objects.filter(action="operator.cancel").exists()


def test_what_is_in_force_cannot_be_cancelled_and_what_is_to_come_not_withdrawn(olga: Client) -> None:
    now = Price.objects.get(provider=GLM[0], model=GLM[1])
    for row, deed in ((now, "cancel"), (scheduled(3_600), "withdraw")):
        address = reverse(f"admin:billing_price_{deed}", args=[row.pk])
        assert address not in olga.get(f"{LIST}{row.pk}/change/").content.decode()
        assert "nothing to do" in olga.post(address, {"reason": "x"}, follow=True).content.decode()


def test_who_only_looks_on_cancels_nothing(vera: Client, olga: Client) -> None:
    row = scheduled(3_600)
    assert vera.post(reverse("admin:billing_price_cancel", args=[row.pk]), {"reason": "x"}).status_code == 403
    assert Price.objects.filter(pk=row.pk).exists()


def test_the_list_shows_what_is_in_force_and_all_when_asked(olga: Client) -> None:
    books.price(GLM[1], 9, 9)
    shown = olga.get(LIST).context["cl"].result_list
    assert [price.prompt_micro_usd_per_mtok for price in shown if price.model == GLM[1]] == [9_000_000, 1_000_000]
    assert len(olga.get(LIST, {"which": "any"}).context["cl"].result_list) == Price.objects.count()


def look_over(client: Client, text: str | bytes) -> HttpResponse:
    [page] = PAGE.findall(client.get(IMPORT).content.decode())
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("prices.csv", content, content_type="text/csv")
    return client.post(IMPORT, {"page": page, "file": file})


def confirm(client: Client, looked_over: HttpResponse) -> HttpResponse:
    form = looked_over.context["form"]
    return client.post(IMPORT, {"page": form.data["page"], "text": form.data["text"], "confirmed": ""})


def test_a_file_is_looked_over_and_then_set_whole(olga: Client) -> None:
    text = HEADER + "openrouter,z-ai/glm-5,0.60,2.08,\nOpenRouter,new/model,1,2,\ntinfoil,z-ai/glm-5,7,8,\n"
    answer = look_over(olga, text)
    assert [line["change"] for line in answer.context["planned"]] == ["same", "new", "different"]
    assert in_force(model="new/model") is None
    assert confirm(olga, answer).status_code == 302
    assert in_force(model="new/model") == TokenPrice(1_000_000, 2_000_000)
    assert in_force("tinfoil") == TokenPrice(7_000_000, 8_000_000)
    before = Price.objects.count()
    again = confirm(olga, answer)
    assert again.status_code == 200 and Price.objects.count() == before
    assert [line["change"] for line in again.context["planned"]] == ["same", "same", "same"]


def test_what_was_exported_changes_nothing_when_it_is_imported(olga: Client) -> None:
    books.price("@cf/model", 1, 2, hours=5)
    answer = olga.get(DOWNLOAD)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    listed = list(csv.DictReader(io.StringIO(text)))
    assert len(listed) == 13 and any(row["model"] == "'@cf/model" for row in listed)
    planned = look_over(olga, text).context["planned"]
    assert {line["change"] for line in planned} == {"same"}
    assert any(line["model"] == "@cf/model" for line in planned)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        b"\xff\xfe",
        "model,provider\n",
        HEADER,
        HEADER + "openrouter,m,1\n",
        HEADER + "openrouter,m,NaN,1,\n",
        HEADER + "openrouter,m,-1,1,\n",
        HEADER + ",m,1,1,\n",
        HEADER + "openrouter,m,1,1,someday\n",
        HEADER + 'openrouter,"m,1,1,\n',
        HEADER + "openrouter,m,1,1,\n" * 501,
        HEADER + "x" * 200_001,
    ],
    ids=range(13),
)
def test_a_file_that_is_no_list_of_prices_is_refused(olga: Client, text: str | bytes) -> None:
    answer = look_over(olga, text)
    assert answer.status_code == 200 and answer.context["form"].errors
    assert not answer.context["planned"]


@pytest.mark.parametrize("line", ["openrouter,z-ai/glm-5,9,9,2020-01-01", "openrouter,m,1,1,\nopenrouter,m,2,2,"])
def test_a_file_with_a_refused_price_sets_none(olga: Client, line: str) -> None:
    before = Price.objects.count()
    answer = look_over(olga, HEADER + line + "\ntinfoil,fine,1,1,\n")
    assert answer.context["refused"] == 1
    assert confirm(olga, answer).status_code == 200 and Price.objects.count() == before


def test_who_only_looks_on_sets_and_withdraws_nothing(vera: Client, olga: Client) -> None:
    before = Price.objects.count()
    sent = {**filled(olga), "confirmed": ""}
    for address in (ADD, IMPORT):
        assert vera.get(address).status_code == 403 and vera.post(address, sent).status_code == 403
        assert address not in vera.get(LIST).content.decode()
    withdraw = reverse("admin:billing_price_withdraw", args=[Price.objects.first().pk])  # type: ignore[union-attr]
    assert vera.post(withdraw, {"reason": "x"}).status_code == 403
    assert vera.get(DOWNLOAD).status_code == 200 and Price.objects.count() == before


def test_a_stranger_gets_no_file(client: Client, db: None) -> None:
    assert client.get(DOWNLOAD)["Location"].startswith("/admin/login/")
