"""Who may do what in the admin: four roles, each a group of permissions.

A migration writes the groups into the database, and a test compares them with this table. To change a role, change the
table and add a migration with `hivemind.role_grants.granting` or `revoking` that names what is new. Accounts, groups,
lockouts and second factors are in no role: they belong to superusers, because who changes accounts may become anybody.
"""

from collections.abc import Mapping
from typing import Final

# What is shown in the admin, besides accounts.
SHOWN: Final = frozenset(
    {
        "agents.view_agent",
        "agents.view_imagebuild",
        "attestation.view_composepin",
        "attestation.view_seenbuild",
        "billing.view_account",
        "billing.view_bookscheck",
        "billing.view_creditcode",
        "billing.view_entry",
        "billing.view_hold",
        "billing.view_price",
        "billing.view_redemption",
        "billing.view_spendtoken",
        "hivemind.view_change",
        "kit.view_auditevent",
        "kit.view_scheduledjob",
        "kit.view_workerkey",
        "rooms.view_room",
        "runner.view_run",
        "tenants.view_tenant",
    }
)
# Make, rename, suspend and resume tenants, reset their keys; end rooms; stop runs; sweep broken agents.
SERVED: Final = frozenset(
    {
        "agents.change_agent",
        "rooms.change_room",
        "runner.change_run",
        "tenants.add_tenant",
        "tenants.change_tenant",
    }
)
# Grant, debit and refund; mint and revoke credit codes; set prices; revoke spend tokens.
PAID: Final = frozenset(
    {
        "billing.add_creditcode",
        "billing.add_price",
        "billing.change_account",
        "billing.change_creditcode",
        "billing.change_spendtoken",
    }
)

VIEWER, SUPPORT, FINANCE, ADMIN = "viewer", "support", "finance", "admin"
ROLES: Final[Mapping[str, frozenset[str]]] = {
    VIEWER: SHOWN,
    SUPPORT: SHOWN | SERVED,
    FINANCE: SHOWN | PAID,
    ADMIN: SHOWN | SERVED | PAID | {"tenants.delete_tenant"},
}
