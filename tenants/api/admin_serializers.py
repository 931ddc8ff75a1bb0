"""Requests and responses of the operator's routes."""

from typing import Any

from rest_framework import serializers

from hivemind.kit.api.fields import AnyText
from hivemind.kit.api.serializers import StrictSerializer


class TenantCreateRequest(StrictSerializer):
    """A tenant to make."""

    name = AnyText(help_text="1 to 200 characters.")
    allow_duplicate_name = serializers.BooleanField(required=False, default=False)


class TenantRegisterRequest(StrictSerializer):
    """A tenant to make of a database that is on the server already."""

    name = AnyText(help_text="1 to 200 characters.")
    db_name = AnyText(help_text="A database that belongs to the service's role, with everything in it.")
    api_key = AnyText(help_text="An owner key of old, hmk_ and 43 characters; a fresh one without it.")
    tenant_id = AnyText(help_text="An id of old, t_ and lowercase hexadecimal digits; a fresh one without it.")
    allow_duplicate_name = serializers.BooleanField(required=False, default=False)


class TenantRenameRequest(StrictSerializer):
    """Another name for a tenant."""

    name = AnyText(help_text="1 to 200 characters.")
    allow_duplicate_name = serializers.BooleanField(required=False, default=False)


class KeyResetRequest(StrictSerializer):
    """What goes with the old owner key."""

    clear_seal = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Give up what only the old key opens: sources of agents, and the owner's copies of room keys.",
    )
    revoke_capabilities = serializers.BooleanField(
        required=False, default=False, help_text="Revoke every invite and share link."
    )


class DatabaseRenameRequest(StrictSerializer):
    """Another name for a tenant's database."""

    old_name = AnyText()
    new_name = AnyText()


class TenantsQuery(StrictSerializer):
    """Query string of the list of tenants."""

    limit = serializers.IntegerField(required=False, help_text="1 to 1000; values outside are clamped.")
    cursor = serializers.CharField(required=False, max_length=120, help_text="From X-Next-Cursor of the page before.")


class NewTenantResponse(serializers.Serializer[Any]):
    """A tenant just made. Its owner key is shown this once."""

    tenant_id = serializers.CharField()
    api_key = serializers.CharField()
    db_name = serializers.CharField()
    name = serializers.CharField()


class TenantResponse(serializers.Serializer[Any]):
    """A tenant."""

    id = serializers.CharField()
    name = serializers.CharField()
    db_name = serializers.CharField()
    created_at = serializers.FloatField()
    suspended = serializers.BooleanField()


class TenantsResponse(serializers.Serializer[Any]):
    """Tenants, newest first."""

    tenants = TenantResponse(many=True)


class TenantDeletedResponse(serializers.Serializer[Any]):
    """The tenant and its database are gone."""

    status = serializers.CharField()
    tenant_id = serializers.CharField()


class KeyResetResponse(serializers.Serializer[Any]):
    """A fresh owner key, shown this once, and what went with the old one."""

    tenant_id = serializers.CharField()
    name = serializers.CharField()
    db_name = serializers.CharField()
    api_key = serializers.CharField()
    clear_seal = serializers.BooleanField()
    seal_rows_deleted = serializers.IntegerField()
    revoke_capabilities = serializers.BooleanField()
    capabilities_revoked = serializers.IntegerField()


class DatabaseRenamedResponse(serializers.Serializer[Any]):
    """The database has its new name, on the server and in the tenant's row."""

    status = serializers.CharField()
    old_name = serializers.CharField()
    new_name = serializers.CharField()


class UpkeepResponse(serializers.Serializer[Any]):
    """How a tenant's database was found."""

    tenant_id = serializers.CharField()
    database = serializers.CharField()
    status = serializers.CharField(help_text="ok, repaired or error.")
    detail = serializers.CharField(required=False, help_text="What stands in the way; with an error alone.")


class UpkeepsResponse(serializers.Serializer[Any]):
    """How each tenant's database was found, oldest tenant first."""

    status = serializers.CharField()
    results = UpkeepResponse(many=True)
