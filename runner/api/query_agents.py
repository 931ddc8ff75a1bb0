"""The form in which a participant brings a query agent together with a question, and its answer."""

from typing import Any

from rest_framework import serializers

from agents.api.serializers import private_paths_of
from agents.enums import AgentType, InspectionMode
from agents.services.uploads import Package
from hivemind.kit.api.serializers import StrictSerializer
from runner.api.serializers import check_question, cost_bound_field, name_field, nonce_field
from runner.services.requests import RunRequest


class QueryAgentRequest(StrictSerializer):
    """The multipart form. `max_tokens` is the run's budget; calls, time and memory are the brought agent's own."""

    name = serializers.CharField(max_length=200)
    archive = serializers.FileField(
        help_text="A tar archive (gz, bz2, xz or plain), at most 50 MiB, with a Dockerfile at its root.",
        allow_empty_file=True,
    )
    prompt = serializers.CharField(
        required=False, allow_blank=True, default="", trim_whitespace=False, help_text="The question. Not blank."
    )
    description = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)
    entrypoint = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, default=None, max_length=4_000
    )
    memory_mb = serializers.IntegerField(required=False, default=256, min_value=16, max_value=2**31 - 1)
    max_llm_calls = serializers.IntegerField(required=False, default=20, min_value=1, max_value=2**31 - 1)
    max_tokens = serializers.IntegerField(required=False, default=100_000, min_value=1, max_value=2**53)
    timeout_seconds = serializers.IntegerField(required=False, default=120, min_value=1, max_value=2**31 - 1)
    mediator_agent_id = name_field("Must be the manifest's mediator, or absent.")
    model = name_field()
    scope_model = name_field()
    query_model = name_field()
    mediator_model = name_field()
    provider = name_field()
    policy = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, default=None, help_text="Must be the room's, or absent."
    )
    private_paths = serializers.CharField(
        required=False, default="[]", help_text="JSON list of paths kept out of the attested digest."
    )
    max_cost_micro_usd = cost_bound_field()
    client_nonce = nonce_field()

    def validate_prompt(self, value: str) -> str:
        """As the question of any other ask."""
        return check_question(value)

    def to_request(self) -> RunRequest:
        """The parsed ask. The limits of the form bind the brought agent, not the room's own."""
        given = self.validated_data
        return RunRequest(
            query=given["prompt"],
            mediator_agent_id=given.get("mediator_agent_id") or None,
            model=given.get("model") or None,
            scope_model=given.get("scope_model") or None,
            query_model=given.get("query_model") or None,
            mediator_model=given.get("mediator_model") or None,
            provider=given.get("provider") or None,
            max_tokens=given["max_tokens"],
            max_cost_micro_usd=given.get("max_cost_micro_usd"),
            client_nonce=given.get("client_nonce", ""),
        )

    def to_package(self) -> Package:
        """What the form says about the package. Raises BadPrivatePaths."""
        given = self.validated_data
        return Package(
            name=given["name"],
            description=given["description"],
            agent_type=AgentType.QUERY,
            inspection_mode=InspectionMode.SEALED,
            entrypoint=given["entrypoint"] or None,
            memory_mb=given["memory_mb"],
            max_llm_calls=given["max_llm_calls"],
            max_tokens=given["max_tokens"],
            timeout_seconds=given["timeout_seconds"],
            private_paths=private_paths_of(given["private_paths"]),
        )


class QueryAgentResponse(serializers.Serializer[Any]):
    """A stored package and the run that begins with building it. Digests are of exactly what was received."""

    run_id = serializers.CharField()
    agent_id = serializers.CharField()
    room_id = serializers.CharField()
    status = serializers.CharField()
    inspection_mode = serializers.ChoiceField(choices=InspectionMode.choices)
    source_sha256 = serializers.CharField()
    files_digest_sha256 = serializers.CharField()
    idempotent_replay = serializers.BooleanField(required=False)
