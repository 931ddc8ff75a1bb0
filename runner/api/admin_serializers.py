"""Requests and responses of the operator's run routes."""

from typing import Any

from rest_framework import serializers

from hivemind.kit.api.serializers import StrictSerializer


def _any_of(help_text: str) -> serializers.CharField:
    return serializers.CharField(required=False, default="", allow_blank=True, max_length=64, help_text=help_text)


class AdminRunsQuery(StrictSerializer):
    """Query string of the operator's list of runs."""

    limit = serializers.IntegerField(required=False, help_text="1 to 1000, 200 without it or with 0; clamped.")
    per_tenant = serializers.IntegerField(required=False, help_text="1 to 500, 100 without it or with 0; clamped.")
    tenant_id = _any_of("One tenant's runs.")
    status = _any_of("pending, running, completed or failed; anything else finds nothing.")
    billing_status = _any_of("Runs whose bill is in this state; an unknown one finds nothing.")
    cursor = serializers.CharField(required=False, max_length=120, help_text="From X-Next-Cursor of the page before.")


class AdminRunResponse(serializers.Serializer[Any]):
    """A run as the operator sees it: prompt, output and the signed record are never told."""

    run_id = serializers.CharField()
    tenant_id = serializers.CharField()
    tenant_name = serializers.CharField()
    room_id = serializers.CharField()
    room_name = serializers.CharField(allow_blank=True)
    agent_id = serializers.CharField()
    scope_agent_id = serializers.CharField()
    status = serializers.ChoiceField(choices=["pending", "running", "completed", "failed"])
    outcome = serializers.CharField(help_text="The status, or the stable code of a failure.")
    error = serializers.CharField(allow_null=True, help_text="Whose failure it was, in words of the service.")
    prompt = serializers.CharField(allow_null=True, help_text="Always null.")
    output = serializers.CharField(allow_null=True, help_text="Always null.")
    attestation = serializers.JSONField(allow_null=True, help_text="Always null.")
    attested = serializers.BooleanField(help_text="Whether there is a signed run record.")
    created_at = serializers.FloatField()
    updated_at = serializers.FloatField()
    build_started_at = serializers.FloatField(allow_null=True)
    build_ended_at = serializers.FloatField(allow_null=True)
    scope_started_at = serializers.FloatField(allow_null=True)
    scope_ended_at = serializers.FloatField(allow_null=True)
    query_started_at = serializers.FloatField(allow_null=True)
    query_ended_at = serializers.FloatField(allow_null=True)
    mediator_started_at = serializers.FloatField(allow_null=True)
    mediator_ended_at = serializers.FloatField(allow_null=True)
    room_manifest_hash = serializers.CharField()
    issuer_token_id = serializers.CharField(allow_null=True)
    payer_tenant_id = serializers.CharField()
    payer_token_id = serializers.CharField(allow_blank=True)
    billable_role = serializers.CharField()
    billing_provider = serializers.CharField(allow_null=True)
    billing_model = serializers.CharField(allow_null=True)
    billing_hold_micro_usd = serializers.IntegerField()
    billing_cost_micro_usd = serializers.IntegerField()
    billing_status = serializers.CharField()
    billing_settled_at = serializers.FloatField(allow_null=True)
    output_visibility = serializers.CharField()
    artifacts_enabled = serializers.BooleanField()
    usage = serializers.JSONField()
    llm_calls = serializers.IntegerField()
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()


class AdminRunsResponse(serializers.Serializer[Any]):
    """Runs of all tenants, newest first."""

    runs = AdminRunResponse(many=True)


class LlmProbeQuery(StrictSerializer):
    """Query string of the probe."""

    provider = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=64, help_text="openrouter without it."
    )
    model = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200, help_text="The configured model without it."
    )


class LlmProbeResponse(serializers.Serializer[Any]):
    """How a provider answered: a status and the beginning of its body, or what went wrong."""

    provider = serializers.CharField(required=False)
    base_url = serializers.CharField(required=False, allow_blank=True)
    model = serializers.CharField(required=False)
    api_key_configured = serializers.BooleanField(required=False)
    timeout_seconds = serializers.IntegerField(required=False, help_text="Of a stage's calls, not of the probe.")
    status_code = serializers.IntegerField(required=False)
    elapsed_ms = serializers.IntegerField(required=False)
    body_head = serializers.CharField(required=False, help_text="200 characters, without the key.")
    error_class = serializers.CharField(required=False)
    error = serializers.CharField(required=False, help_text="300 characters, without the key.")
