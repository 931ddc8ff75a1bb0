"""The operator's books: every account, every movement, every price."""

from collections.abc import Iterable

from django.db.models import F, QuerySet

from billing.models import Account, Entry, Price
from tenants.models import Tenant


def accounts(*, include_closed: bool) -> QuerySet[Account]:
    """Accounts, with `created_at` to page by; those of tenants that are gone when asked for."""
    rows = Account.objects.annotate(created_at=F("opened_at"))
    return rows if include_closed else rows.filter(closed_at=None)


def in_good_standing(rows: Iterable[Account]) -> frozenset[str]:
    """Which of these accounts belong to tenants that exist and are not suspended."""
    ids = [account.pk for account in rows]
    return frozenset(Tenant.objects.filter(pk__in=ids, suspended_at=None).values_list("pk", flat=True))


def entries(*, tenant_id: str = "") -> QuerySet[Entry]:
    """Movements of all accounts, or of one, with the account."""
    rows = Entry.objects.select_related("account")
    return rows.filter(account_id=tenant_id) if tenant_id else rows


def prices() -> QuerySet[Price]:
    """Every price that was ever set or withdrawn, future ones included."""
    return Price.objects.all()
