"""Every picture of the guide, taken while doing what the guide describes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection

from billing.services import checks
from hivemind.kit import clock
from hivemind.kit.audit import Actor
from hivemind.kit.models import Authenticator, ScheduledJob, WorkerKey
from tests.factories import operators
from tests.factories.operators import PASSWORD
from tests.pictures.camera import Camera
from tests.pictures.story import Told

PRICES = """provider,model,prompt_usd_per_mtok,completion_usd_per_mtok,effective_from
openrouter,z-ai/glm-5,0.55,1.95,
openrouter,qwen/qwen3-max,1.20,6.00,
openrouter,openai/gpt-5-mini,0.275,2.20,
"""


def sign_in(camera: Camera, name: str, password: str = PASSWORD) -> None:
    """The login page, filled in and sent."""
    camera.open("login/")
    camera.fill(username=name, password=password)
    camera.press("Log in")


def access(camera: Camera, told: Told) -> None:
    """Signing in, a second factor, recovery codes, somebody who is locked out, accounts and roles."""
    camera.open("login/")
    camera.take("sign-in")
    for _ in range(5):
        sign_in(camera, "sam", "not his password")
    camera.take("locked")
    sign_in(camera, "olga")
    camera.open("second-factor/")
    camera.fill(password=PASSWORD)
    camera.press("Begin")
    camera.take("second-factor")
    device = Authenticator.objects.get(user__username="olga")
    camera.fill(code=operators.code(device))
    with camera.page.expect_navigation():
        camera.page.locator("form button[type=submit]").locator("visible=true").last.click()
    camera.take("recovery-codes")
    _code_again()
    camera.forget()
    sign_in(camera, "olga")
    camera.take("code")
    camera.fill(code=operators.code(device))
    camera.press("Log in")
    camera.open("kit/failedsignin/")
    camera.take("failed-sign-ins")
    camera.page.locator("#result_list tbody a").first.click()
    camera.press("Unlock")
    camera.fill(reason="Sam called, he has a new keyboard")
    camera.take("unlock")
    camera.press("Unlock")
    camera.open("auth/user/")
    camera.take("operators")
    camera.open(f"auth/user/{User.objects.get(username='frida').pk}/change/")
    camera.take("operator", height=1100)


def home(camera: Camera, told: Told) -> None:
    """The landing page on three screens."""
    _workers_live()
    _jobs_end()
    camera.open("")
    camera.take("home", height=1500)
    camera.take_elsewhere("home-dark", dark=True)
    camera.take_elsewhere("home-phone", phone=True)


def tenants(camera: Camera, told: Told) -> None:
    """A new tenant with its key, suspending, resetting a key, deleting."""
    camera.open("tenants/tenant/")
    camera.take("tenants")
    camera.open("tenants/tenant/add/")
    camera.fill(name="Sunrise Surveys")
    camera.press("Create tenant")
    camera.take("tenant-key")
    camera.open(f"tenants/tenant/{told.bob}/change/")
    camera.take("tenant", height=1300)
    camera.open(f"tenants/tenant/{told.harbour}/change/")
    camera.press("Suspend")
    camera.fill(reason="Key found in a public repository")
    camera.take("suspend")
    camera.open(f"tenants/tenant/{told.alice}/change/")
    camera.press("Reset key")
    camera.take("reset-key", height=1100)
    camera.open(f"tenants/tenant/{told.kestrel}/change/")
    camera.press("Delete")
    camera.take("delete-tenant", height=900)


def money(camera: Camera, told: Told) -> None:
    """Accounts, grants, debits, refunds and statements."""
    camera.open("billing/account/")
    camera.take("accounts")
    camera.open(f"billing/account/{told.bob}/change/")
    camera.take("account", height=1500)
    camera.take_elsewhere("account-phone", phone=True)
    camera.press("Grant credit")
    day = datetime.now(UTC).date() + timedelta(days=90)
    camera.fill(amount="25", expires_on=day.isoformat(), note="invoice 4719")
    camera.press("Look it over")
    camera.take("grant")
    camera.page.get_by_role("button", name="Grant credit").last.click()
    camera.page.wait_for_url("**/change/")
    camera.open(f"runner/run/{told.run_id}/change/")
    camera.press("refund")
    camera.fill(note="the answer came twice")
    camera.press("Look it over")
    camera.take("refund")
    camera.open(f"billing/account/{told.bob}/change/")
    camera.press("Statement")
    camera.take("statement", height=1000)
    camera.open(f"billing/account/{told.kestrel}/change/")
    camera.press("Debit")
    camera.fill(amount="1.50", note="granted twice")
    camera.page.locator("[name=overdraw]").check(force=True)
    camera.take("debit")


def codes(camera: Camera, told: Told) -> None:
    """Credit codes."""
    camera.open("billing/creditcode/")
    camera.take("codes")
    camera.open("billing/creditcode/add/")
    camera.fill(amount="10", count="5", expires_in_days="30", label="winter school")
    camera.take("mint", height=900)
    camera.press("Mint")
    camera.take("minted")
    camera.open(f"billing/creditcode/{told.code_id}/change/")
    camera.take("code-redeemed", height=900)
    camera.press("Revoke")
    camera.take("revoke-code")


def prices(camera: Camera, told: Told) -> None:
    """Prices: the list, one with its preview, a file."""
    camera.open("billing/price/")
    camera.take("prices")
    camera.open("billing/price/add/")
    starts = datetime.now(UTC).date() + timedelta(days=14)
    camera.fill(provider="openrouter", model="z-ai/glm-5", prompt="0.70", completion="2.40", starts=f"{starts}T00:00")
    camera.press("Look it over")
    camera.take("price", height=900)
    camera.open("billing/price/import/")
    camera.page.locator("input[type=file]").set_input_files(
        {"name": "prices.csv", "mimeType": "text/csv", "buffer": PRICES.encode()}
    )
    camera.press("Look it over")
    camera.take("price-import")


def books(camera: Camera, told: Told) -> None:
    """What is in the books."""
    camera.open("billing/entry/")
    camera.take("ledger")
    camera.open("billing/hold/")
    camera.take("holds")
    camera.open("billing/redemption/")
    camera.take("redemptions")
    camera.open("billing/spendtoken/")
    camera.take("spend-tokens")


def agreements(camera: Camera, told: Told) -> None:
    """Rooms, one with its versions and one that ended, rooms by build; agents, their space and their builds."""
    camera.open("rooms/room/")
    camera.take("rooms")
    camera.open(f"rooms/room/{told.agreed.changed_room}/change/")
    camera.take("room", height=1100, top="What the owner signed (verified now)")
    camera.open(f"rooms/room/{told.agreed.ended_room}/change/")
    camera.take("room-ended", height=900)
    camera.open("rooms/room/by_build/")
    camera.take("rooms-by-build")
    camera.take_elsewhere("rooms-by-build-phone", phone=True)
    camera.open("agents/agent/")
    camera.take("agents")
    camera.open("agents/agent/space/")
    camera.take("space")
    camera.open("agents/imagebuild/")
    camera.take("image-builds")
    _jobs_end()
    camera.open("kit/scheduledjob/")
    camera.take("jobs")


def runs(camera: Camera, told: Told) -> None:
    """Runs, one of them closely, and stopping one."""
    camera.open("runner/run/")
    camera.take("runs")
    camera.open(f"runner/run/{told.run_id}/change/")
    camera.take("run", height=1000)
    camera.take("run-money", height=1000, top="Limits after clamping")
    camera.open(f"runner/run/{told.going_id}/change/")
    camera.press("Stop")
    camera.fill(reason="Bob asked for it by telephone")
    camera.take("stop-run")


def evidence(camera: Camera, told: Told) -> None:
    """What an outsider sees of the service, which builds ran, and what owners pinned."""
    camera.open("attestation/seenbuild/evidence/")
    camera.take("evidence", height=1600)
    camera.take_elsewhere("evidence-phone", phone=True)
    camera.open("attestation/seenbuild/")
    camera.take("builds")
    camera.open("attestation/composepin/")
    camera.take("pins")
    camera.page.locator("#result_list tbody a").first.click()
    camera.take("pin", height=900)


def past(camera: Camera, told: Told) -> None:
    """The trail and the history of changes."""
    camera.open("kit/auditevent/?who=operator")
    camera.take("trail")
    camera.open("hivemind/change/")
    camera.take("changes")


def proof(camera: Camera, told: Told) -> None:
    """What the nightly proof says when somebody touched the books."""
    _tamper(told.alice)
    camera.open("billing/bookscheck/")
    camera.page.locator("#result_list tbody a").first.click()
    camera.take("proof-fails")
    _workers_live()
    _jobs_end()
    camera.open("")
    camera.take("home-proof-fails")


def _workers_live() -> None:
    """Workers that were heard of just now."""
    WorkerKey.objects.update(heartbeat_at=clock.now())


def _jobs_end() -> None:
    """Jobs that are called every few seconds ended just now."""
    ScheduledJob.objects.filter(pk__startswith="reap-").update(ended_at=clock.now(), succeeded_at=clock.now())


def _code_again() -> None:
    """A code is good once; let the next one be good already."""
    Authenticator.objects.update(last_t=-1)


def _tamper(tenant_id: str) -> None:
    """What somebody would do who may write to the database past the service, and the check that follows."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_account DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE billing_account SET balance_micro_usd = balance_micro_usd + 25000000,"
            " credited_micro_usd = credited_micro_usd + 25000000 WHERE tenant_id = %s",
            [tenant_id],
        )
        cursor.execute("ALTER TABLE billing_account ENABLE TRIGGER USER")
    checks.record(checks.examine(), actor=Actor.system("nightly"))


IN_ORDER = (access, home, tenants, past, money, codes, prices, books, agreements, runs, evidence, proof)
CHAPTERS: dict[str, Callable[[Camera, Told], None]] = {chapter.__name__: chapter for chapter in IN_ORDER}
