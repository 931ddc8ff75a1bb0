"""Who may call an operation. Nobody may, unless the view names its callers."""

import hmac
from hashlib import sha256
from typing import ClassVar, Final

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from hivemind.kit.api.throttling import counting_failures
from hivemind.kit.audit import Actor
from hivemind.kit.conf import conf
from hivemind.kit.errors import Denied
from tenants.api.authentication import bearer_text, principal_of
from tenants.errors import AdminKeyMissing, WrongAdminKey
from tenants.principals import Role

# How the audit trail names whoever holds the admin key; no account of a person can be called so.
BY_ADMIN_KEY: Final = Actor.operator("admin key")


class Nobody(BasePermission):
    """The default: a view that forgot to name its callers is closed."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Raise Denied, always."""
        raise Denied


class Callers(BasePermission):
    """Principals of certain roles; made by `callers`."""

    roles: ClassVar[frozenset[Role]] = frozenset()

    def has_permission(self, request: Request, view: object) -> bool:
        """Raise Unauthenticated without a principal, Denied when its role is not among `roles`."""
        if principal_of(request).role not in self.roles:
            raise Denied
        return True


def callers(*roles: Role) -> type[Callers]:
    """A permission class for exactly these roles: `permission_classes = (callers("owner", "query"),)`."""
    return type(f"Callers_{'_'.join(roles)}", (Callers,), {"roles": frozenset(roles)})


class Public(BasePermission):
    """Anybody.

    Use it with `authentication_classes = ()`, so that a stale bearer is not held against the caller.
    """

    def has_permission(self, request: Request, view: object) -> bool:
        """Always."""
        return True


class OperatorKey(BasePermission):
    """The holder of the configured admin key. Use it with `authentication_classes = ()`."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Raise AdminKeyMissing when none is configured, WrongAdminKey unless the bearer equals it.

        Raise TooManyFailures when the wrong one was presented too often.
        """
        configured = conf.service.admin_key
        if not configured:
            raise AdminKeyMissing
        offered = bearer_text(request)
        if not offered:
            raise WrongAdminKey
        with counting_failures(request):
            _compare(offered, configured)
        return True


def _compare(offered: str, configured: str) -> None:
    # WSGI hands headers over as Latin-1; hashing first makes both sides equally long.
    digest = sha256(offered.encode("latin-1", "replace")).digest()
    if not hmac.compare_digest(digest, sha256(configured.encode()).digest()):
        raise WrongAdminKey
