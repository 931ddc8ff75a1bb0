"""Requests and responses of the run routes."""

from typing import Any

from rest_framework import serializers

from hivemind.kit.api.serializers import StrictSerializer
from runner.services.requests import RunRequest


def name_field(help_text: str = "") -> serializers.CharField:
    """A name that may be left out: of an agent, a model or a provider."""
    return serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=200, help_text=help_text)


def cost_bound_field() -> serializers.IntegerField:
    """What a run may cost at most."""
    return serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=2**53,
        help_text="Refuse the run when it could cost more; see the quote.",
    )


def nonce_field() -> serializers.RegexField:
    """The asker's nonce."""
    return serializers.RegexField(
        r"^[0-9a-f]{64}$",
        required=False,
        allow_blank=True,
        help_text="32 bytes in hex; signed into the run record.",
    )


def check_question(text: str) -> str:
    """Refuse a question of white space only, and one with a NUL, which no environment variable can carry."""
    if not text.strip():
        raise serializers.ValidationError("The question must not be blank.")
    if "\x00" in text:
        raise serializers.ValidationError("The question must not contain a NUL character.")
    return text


class RunCreateRequest(StrictSerializer):
    """One ask."""

    query = serializers.CharField(trim_whitespace=False, help_text="The question. Not blank.")
    query_agent_id = name_field("Uploadable rooms only: the agent that asks.")
    mediator_agent_id = name_field("Must be the manifest's mediator, or absent.")
    model = name_field()
    scope_model = name_field()
    query_model = name_field()
    mediator_model = name_field()
    provider = name_field()
    max_tokens = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**53)
    max_llm_calls = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**31)
    timeout_seconds = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**31)
    max_cost_micro_usd = cost_bound_field()
    client_nonce = nonce_field()

    def validate_query(self, value: str) -> str:
        """See `check_question`."""
        return check_question(value)

    def to_request(self) -> RunRequest:
        """The parsed ask. Call after `is_valid`."""
        return RunRequest(**self.validated_data)


class RunsQuery(StrictSerializer):
    """Query string of the list of runs."""

    limit = serializers.IntegerField(required=False, help_text="1 to 100; values outside are clamped.")
    token_id = serializers.CharField(
        required=False, min_length=6, max_length=12, help_text="Owner only: one guest's runs."
    )
    cursor = serializers.CharField(required=False, max_length=120, help_text="From X-Next-Cursor of the page before.")


class QuoteRequest(RunCreateRequest):
    """An ask that is not made yet: the same fields, the question may be left out."""

    query = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, default="")

    def validate_query(self, value: str) -> str:
        """Any question will do: only whether it asks for a report changes anything."""
        return value


class StageQuoteResponse(serializers.Serializer[Any]):
    """One stage of a quote. Prices are micro-USD for a million tokens, null for a model without one."""

    name = serializers.CharField()
    model = serializers.CharField()
    max_tokens = serializers.IntegerField(help_text="The most this stage can use of the run's budget.")
    prompt_micro_usd_per_mtok = serializers.IntegerField(allow_null=True)
    completion_micro_usd_per_mtok = serializers.IntegerField(allow_null=True)
    max_cost_micro_usd = serializers.IntegerField(help_text="If this stage used all of that.")


class QuotePayerResponse(serializers.Serializer[Any]):
    """Who would pay."""

    tenant_id = serializers.CharField()
    balance_micro_usd = serializers.IntegerField(allow_null=True, help_text="Null for a spend token's payer.")


class QuoteResponse(serializers.Serializer[Any]):
    """What a run can cost at most. The stages share one budget, so the whole is at most the sum of the stages."""

    room_id = serializers.CharField()
    provider = serializers.CharField(help_text="Empty: the room lets no model be called, and runs are free.")
    max_tokens = serializers.IntegerField()
    max_cost_micro_usd = serializers.IntegerField(help_text="What will be held; a run never costs more.")
    stages = StageQuoteResponse(many=True)
    missing_prices = serializers.ListField(child=serializers.CharField())
    enforce_credits = serializers.BooleanField()
    payer = QuotePayerResponse(allow_null=True)
    sufficient = serializers.BooleanField(allow_null=True, help_text="Whether the payer's credit covers it.")
    priced_at = serializers.FloatField()


class RunSubmittedResponse(serializers.Serializer[Any]):
    """A stored ask."""

    run_id = serializers.CharField()
    query_agent_id = serializers.CharField()
    scope_agent_id = serializers.CharField()
    room_id = serializers.CharField()
    status = serializers.CharField()
    idempotent_replay = serializers.BooleanField(required=False)


class ArtifactResponse(serializers.Serializer[Any]):
    """A file that a run left."""

    filename = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    created_at = serializers.FloatField()


class RunBuildResponse(serializers.Serializer[Any]):
    """The build of the agent that came with a question. `step` of `steps` instructions is being carried out."""

    build_id = serializers.CharField()
    status = serializers.CharField()
    step = serializers.IntegerField()
    steps = serializers.IntegerField()
    shared = serializers.BooleanField(help_text="The image of an earlier upload of the same bytes was taken.")


class RunResponse(serializers.Serializer[Any]):
    """A run as its caller may see it. `attestation` is the signed run record."""

    run_id = serializers.CharField()
    agent_id = serializers.CharField()
    status = serializers.ChoiceField(choices=["pending", "running", "completed", "failed"])
    outcome = serializers.CharField(help_text="The status, or the stable code of a failure.")
    error = serializers.CharField(allow_null=True)
    output = serializers.CharField(allow_null=True)
    prompt = serializers.CharField(allow_null=True)
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
    room_id = serializers.CharField(allow_null=True)
    room_manifest_hash = serializers.CharField(allow_null=True)
    scope_agent_id = serializers.CharField(allow_null=True)
    attestation = serializers.JSONField(allow_null=True)
    issuer_token_id = serializers.CharField(allow_null=True)
    payer_tenant_id = serializers.CharField(allow_null=True)
    payer_token_id = serializers.CharField(allow_null=True)
    billable_role = serializers.CharField(allow_null=True)
    billing_provider = serializers.CharField(allow_null=True)
    billing_model = serializers.CharField(allow_null=True)
    billing_hold_micro_usd = serializers.IntegerField()
    billing_cost_micro_usd = serializers.IntegerField()
    billing_status = serializers.CharField()
    billing_settled_at = serializers.FloatField(allow_null=True)
    usage_json = serializers.JSONField(allow_null=True)
    usage = serializers.JSONField(required=False)
    output_visibility = serializers.CharField()
    artifacts_enabled = serializers.BooleanField()
    scope_mode = serializers.CharField(required=False)
    scope_mode_reason = serializers.CharField(required=False)
    query_inspection_mode = serializers.CharField(required=False)
    scope_evidence = serializers.JSONField(required=False)
    scope_enforcement = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="What stood between the query stage and the data: scope_fn, row_policies.",
    )
    row_policies_sha256 = serializers.CharField(required=False, allow_null=True)
    limits = serializers.JSONField(required=False)
    build = RunBuildResponse(required=False, help_text="How far the build of the agent is that came with the question.")
    artifacts = ArtifactResponse(many=True, required=False)
    artifact_retention_seconds = serializers.IntegerField(required=False)
    payload_redacted = serializers.BooleanField(required=False)
