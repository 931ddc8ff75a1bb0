"""Failed sign-ins, and letting somebody in again. A name that is no account's is not shown: it may be a password."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest

from hivemind.kit import clock
from hivemind.kit.admin import columns
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed
from hivemind.kit.admin.operated import OperatedAdmin
from hivemind.kit.admin.questions import Answer, question
from hivemind.kit.admin.superusers import SuperusersSee
from hivemind.kit.models import FailedSignIn
from hivemind.kit.services import sign_ins


def is_locked(row: Any) -> bool:
    """Whether the account is refused from the address at the moment."""
    return (row.together or 0) >= settings.AXES_FAILURE_LIMIT and row.attempt_time > clock.now() - sign_ins.cooloff()


UNLOCK = Deed(
    name="unlock",
    title="Unlock",
    follows=(
        "The failures of this account from this address are forgotten, whichever browser they came from.",
        "It may be tried again from there at once, by its owner and by whoever was guessing.",
    ),
    done="unlocked",
    act=lambda row, actor: sign_ins.unlock(row.username or "", row.ip_address or "", actor=actor),
    applies=is_locked,
    icon="lock_open",
    asks="Let this account be tried again?",
    dangerous=False,
)


def _locked(rows: QuerySet[Any]) -> QuerySet[Any]:
    recent = clock.now() - sign_ins.cooloff()
    return rows.filter(together__gte=settings.AXES_FAILURE_LIMIT, attempt_time__gt=recent)


@admin.register(FailedSignIn)
class FailedSignInAdmin(SuperusersSee, OperatedAdmin):
    """Newest first. Rows are forgotten when the account's owner gets in, and some time after the last failure."""

    grants = ()
    shown = ("id", "username", "ip_address", "user_agent", "attempt_time", "failures_since_start")
    deeds = (UNLOCK,)
    list_display = ("where", "state", "account", "failures", "last")
    list_filter = (
        question("Locked now?", "locked", Answer("yes", "yes", _locked)),
        question(
            "Of an account?",
            "known",
            Answer("yes", "yes", lambda rows: rows.filter(known=True)),
            Answer("no", "no", lambda rows: rows.filter(known=False)),
        ),
    )
    search_fields = ("ip_address__startswith",)
    search_help_text = "Beginning of an address"
    fieldsets = (
        (
            None,
            {
                "fields": (("where", "state"), ("account", "failures"), ("last_exactly", "together")),
            },
        ),
        ("Browser", {"fields": ("browser",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows with the failures of all browsers together, and whether there is such an account."""
        recent = clock.now() - sign_ins.cooloff()
        alike = FailedSignIn.objects.filter(
            username=OuterRef("username"), ip_address=OuterRef("ip_address"), attempt_time__gte=recent
        )
        summed = alike.order_by().values("username").annotate(sum=Sum("failures_since_start")).values("sum")
        known = Exists(User.objects.filter(username=OuterRef("username")))
        return cast(QuerySet[Any], super().get_queryset(request).annotate(together=Subquery(summed), known=known))

    def tenant_of(self, row: Any) -> str:
        """None: accounts belong to the operator."""
        return ""

    def subject_of(self, row: Any) -> str:
        """The account, when there is one."""
        return str(row.username) if row.known else sign_ins.UNKNOWN

    @column("From")
    def where(self, row: Any) -> object:
        """The client's address."""
        return columns.code(row.ip_address or "")

    @column("State")
    def state(self, row: Any) -> object:
        """Whether the account is refused from there."""
        if is_locked(row):
            return columns.badge("danger", "locked")
        over = row.attempt_time <= clock.now() - sign_ins.cooloff()
        return columns.badge("plain", "over") if over else columns.badge("warning", "counting")

    @column("Account")
    def account(self, row: Any) -> object:
        """The account that was tried."""
        return row.username if row.known else sign_ins.UNKNOWN

    @column("Failures")
    def failures(self, row: Any) -> str:
        """How many, with this browser."""
        return columns.number(row.failures_since_start)

    @column("Failures with any browser")
    def together(self, row: Any) -> str:
        """How many count at the moment."""
        return columns.number(row.together or 0)

    @column("Last")
    def last(self, row: Any) -> object:
        """When it was tried last."""
        return columns.moment(row.attempt_time)

    @column("Last")
    def last_exactly(self, row: Any) -> object:
        """When it was tried last, to the second."""
        return columns.both(row.attempt_time)

    @column("Browser")
    def browser(self, row: Any) -> str:
        """What the client said it is."""
        return row.user_agent or columns.NOTHING
