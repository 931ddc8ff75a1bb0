"""Requests and responses of this app."""

from typing import Any

from rest_framework import serializers

from hivemind.kit.api.serializers import StrictSerializer


class HealthzResponse(serializers.Serializer[Any]):
    """The service is up."""

    status = serializers.CharField()
    version = serializers.CharField()
    features = serializers.ListField(child=serializers.CharField())


class HealthResponse(serializers.Serializer[Any]):
    """The settings that a tenant is affected by. The last two are as configured."""

    status = serializers.CharField()
    table_count = serializers.IntegerField()
    version = serializers.CharField()
    artifact_retention_seconds = serializers.IntegerField()
    disabled_llm_providers = serializers.CharField(allow_blank=True)
    disabled_llm_routes = serializers.CharField(allow_blank=True)


class WhoamiResponse(serializers.Serializer[Any]):
    """Who the caller is; `sealed` says that the bearer is valid and opens no key."""

    tenant_id = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=("owner", "query", "share"))
    constraints = serializers.DictField()
    token_id = serializers.CharField(allow_blank=True)
    sealed = serializers.BooleanField()


class ColumnResponse(serializers.Serializer[Any]):
    """One column of one table."""

    table_name = serializers.CharField()
    column_name = serializers.CharField()
    data_type = serializers.CharField()
    is_nullable = serializers.ChoiceField(choices=("YES", "NO"))
    column_default = serializers.CharField(allow_null=True)


class SchemaResponse(serializers.Serializer[Any]):
    """Columns by table and position."""

    schema = ColumnResponse(many=True)


class NewKeyResponse(serializers.Serializer[Any]):
    """A fresh owner key. It is shown this once."""

    tenant_id = serializers.CharField()
    api_key = serializers.CharField()


class UnsealRequest(StrictSerializer):
    """The owner key that the tenant had before it was reset."""

    previous_key = serializers.CharField(max_length=200)


class UnsealResponse(serializers.Serializer[Any]):
    """The tenant is open again."""

    status = serializers.CharField()
    tenant_id = serializers.CharField()
    sealed = serializers.BooleanField()


class SqlRequest(StrictSerializer):
    """SQL for the tenant's own database."""

    sql = serializers.CharField(trim_whitespace=False)
    params = serializers.ListField(child=serializers.JSONField(allow_null=True), required=False)


class SqlResponse(serializers.Serializer[Any]):
    """Rows by column name, and how many rows were touched."""

    rows = serializers.ListField(child=serializers.DictField())
    rowcount = serializers.IntegerField()


class TokenResponse(serializers.Serializer[Any]):
    """A token that the owner gave away."""

    token_id = serializers.CharField()
    kind = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    constraints = serializers.DictField()
    created_at = serializers.FloatField()
    revoked_at = serializers.FloatField(allow_null=True)


class TokensResponse(serializers.Serializer[Any]):
    """Every token, newest first, revoked ones included."""

    tokens = TokenResponse(many=True)


class TokenRevokedResponse(serializers.Serializer[Any]):
    """The token is dead; `token_id` is what the request named."""

    status = serializers.CharField()
    token_id = serializers.CharField()
