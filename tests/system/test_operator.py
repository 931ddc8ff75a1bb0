"""A morning of the operator, in a browser: a tenant, a code that it redeems, a price, a grant and the statement."""

import csv
import json
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from billing.admin import amounts
from tests.factories import browser
from tests.factories.browser import Visitor
from tests.factories.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.timeout(240)]
KEY, CODE = re.compile(r"hmk_[A-Za-z0-9_-]{43}"), re.compile(r"hmcc_[A-Za-z0-9_-]{43}")


@pytest.fixture
def olga(service: Service) -> Iterator[Visitor]:
    """The operator, logged in."""
    made = json.loads(service.manage("create_operator", "--name", f"olga-{secrets.token_hex(3)}", "--json"))
    with browser.visitor(service.origin) as someone:
        someone.go("/admin/")
        someone.fill(username=made["name"], password=made["password"])
        someone.press("Log in")
        assert "Services" in someone.reads()
        yield someone
        assert someone.trouble == []


def shown_once(olga: Visitor, shape: re.Pattern[str]) -> str:
    """The secret on the page, which is gone when the page is loaded again."""
    [text] = set(shape.findall(olga.reads()))
    olga.page.reload()
    assert not shape.search(olga.page.content())
    return str(text)


def make_tenant(olga: Visitor) -> str:
    """Make a tenant; its key."""
    olga.go("/admin/tenants/tenant/add/")
    olga.fill(name="Meadow Clinic")
    olga.press("Create tenant")
    olga.picture("tenant-key")
    key = shown_once(olga, KEY)
    assert "Meadow Clinic" in olga.reads() and "$0.000000" in olga.reads()
    return key


def mint_code(olga: Visitor) -> str:
    """Mint a credit code, copy it with the page's button, and read it."""
    olga.go("/admin/billing/creditcode/add/")
    olga.fill(amount="12.50", label="spring fair", expires_in_days="30")
    olga.picture("credit-code-form")
    olga.press("Mint")
    olga.picture("credit-code")
    olga.page.click("#new-key-copy")
    olga.page.locator("#new-key-copied").filter(has_text=re.compile("^(Copied|Selected: press Ctrl.C)$")).wait_for()
    return shown_once(olga, CODE)


def redeem(service: Service, *, key: str, code: str) -> int:
    """Redeem the code as its tenant does; the balance."""
    answer = httpx.post(
        f"{service.base}/billing/credit-codes/redeem",
        json={"credit_code": code},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json()["balance_micro_usd"])


def set_price(olga: Visitor) -> None:
    """Give a model a price, after a look at what it would have meant."""
    olga.go("/admin/billing/price/add/")
    olga.fill(provider="openrouter", model="acme/one", prompt="0.80", completion="2.40")
    olga.press("Look it over")
    assert "No run of the last week used this model" in olga.reads() and "$2.40" in olga.reads()
    olga.picture("price-preview")
    olga.press("Set this price")
    assert "The price of acme/one was set" in olga.reads()
    olga.picture("prices")


def grant(olga: Visitor) -> None:
    """Grant credit: a double click on the last button moves it once."""
    olga.press("Grant credit")
    olga.fill(amount="25", note="contract of November")
    olga.press("Look it over")
    assert "$12.500000" in olga.reads() and "$37.500000" in olga.reads()
    olga.picture("grant-preview")
    olga.page.locator("button[name=confirmed]").dblclick()
    olga.page.wait_for_load_state()
    olga.page.wait_for_function("document.body.innerText.includes('Last movements')")
    assert "$37.500000" in olga.reads() and "$62.500000" not in olga.reads()
    olga.picture("account")


def read_statement(olga: Visitor, into: Path) -> list[dict[str, str]]:
    """Read the statement and save it as a file; its rows."""
    olga.press("Statement")
    text = olga.reads()
    assert "+$12.500000" in text and "+$25.000000" in text and "contract of November" in text
    olga.picture("statement")
    with olga.page.expect_download() as saving:
        olga.press("Download as CSV")
    path = into / saving.value.suggested_filename
    saving.value.save_as(path)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def credit_to_spend(service: Service) -> str:
    """What all tenants of the service can spend, other tests' too, as the first page writes it."""
    told = httpx.get(f"{service.base}/admin/billing", headers={"Authorization": f"Bearer {service.admin_key}"}).json()
    return amounts.plain(sum(max(0, account["balance_micro_usd"]) for account in told["accounts"]))


def test_an_operator_runs_the_business_in_a_browser(olga: Visitor, service: Service, tmp_path: Path) -> None:
    key = make_tenant(olga)
    code = mint_code(olga)
    assert redeem(service, key=key, code=code) == 12_500_000
    olga.go("/admin/billing/account/?q=Meadow")
    olga.picture("accounts")
    olga.page.click("#result_list tbody a")
    olga.page.wait_for_load_state()
    grant(olga)
    rows = read_statement(olga, tmp_path)
    assert [(row["kind"], row["amount_usd"]) for row in rows] == [("grant", "12.500000"), ("grant", "25.000000")]
    assert rows[-1]["balance_after_usd"] == "37.500000" and rows[-1]["by"].startswith("operator:olga-")
    set_price(olga)
    for name in ("tenants/tenant", "billing/creditcode", "billing/entry", "runner/run"):
        olga.go(f"/admin/{name}/")
        olga.picture(name.replace("/", "-"))
    olga.go("/admin/")
    # Sums are some seconds old; the page asks for itself again and again.
    olga.page.get_by_text(credit_to_spend(service), exact=True).first.wait_for(timeout=30_000)
    olga.picture("home")


def test_the_search_over_everything_opens_from_the_keyboard(olga: Visitor, service: Service) -> None:
    service.manage("create_tenant", "Alder Research", "--json")
    olga.page.keyboard.press("Control+k")
    olga.page.wait_for_function("document.activeElement.tagName === 'INPUT'")
    olga.page.keyboard.type("alder")
    olga.page.locator("#command-results-list a").filter(has_text="account").wait_for()
    olga.picture("search")
    olga.page.locator("#command-results-list a").filter(has_text="account").click()
    olga.page.wait_for_load_state()
    assert "Alder Research" in olga.reads() and "Last movements" in olga.reads()


def test_the_jobs_of_the_schedule_are_seen_to_run(olga: Visitor) -> None:
    until = time.monotonic() + 60  # the slower of the two is called every 15 s
    while True:
        olga.go("/admin/kit/scheduledjob/")
        states = dict(re.findall(r"(reap-\w+) (well|failing|overdue)", olga.reads()))
        if states == {"reap-runs": "well", "reap-builds": "well"}:
            break
        assert time.monotonic() < until, olga.reads()
        time.sleep(1)
    olga.picture("jobs")
    olga.go("/admin/")
    assert "should have run by now" not in olga.reads()
