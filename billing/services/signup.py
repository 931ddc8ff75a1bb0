"""Self-serve signup: a tenant for whoever asks, with the starter credit that the operator gives away."""

import logging
from dataclasses import dataclass, field

from django.db import DatabaseError

from billing.errors import SignupDisabled
from billing.services import credit_codes
from hivemind.kit.audit import Actor
from hivemind.kit.conf import conf
from hivemind.kit.errors import DomainError
from tenants.models import Tenant
from tenants.services import tenants

log = logging.getLogger(__name__)
SIGNUP = Actor.system("signup")


@dataclass(frozen=True)
class SignedUp:
    """A tenant just made, and what it has. `api_key` is shown once and kept nowhere."""

    tenant: Tenant
    api_key: str = field(repr=False)
    starter_credit_micro_usd: int = 0
    balance_micro_usd: int = 0


def check_open() -> None:
    """Raise SignupDisabled unless the operator has opened signup."""
    if not conf.billing.self_serve_signup:
        raise SignupDisabled


def sign_up(name: str, *, actor: Actor = SIGNUP) -> SignedUp:
    """Make a tenant, and redeem the starter code for it. Names may be taken already.

    Raises SignupDisabled, BlankName, ProvisioningFailed. A starter code that does not work is the operator's to mend:
    the tenant is there all the same, with nothing on its account.
    """
    check_open()
    new = tenants.create(name, actor=actor, allow_duplicate_name=True)
    given = _starter_credit(new.tenant, actor=actor)
    if given is None:
        return SignedUp(new.tenant, new.api_key)
    return SignedUp(new.tenant, new.api_key, given.credit_micro_usd, given.balance_micro_usd)


def _starter_credit(tenant: Tenant, *, actor: Actor) -> credit_codes.Redeemed | None:
    code = conf.billing.starter_credit_code
    if not code:
        return None
    try:
        return credit_codes.redeem(
            code, tenant_id=tenant.pk, actor=actor, source="signup", note="signup starter credit"
        )
    except DomainError as refusal:
        log.warning("the starter code gave no credit", extra={"tenant_id": tenant.pk, "code": refusal.code})
    except DatabaseError:
        log.exception("the starter code gave no credit", extra={"tenant_id": tenant.pk})
    return None
