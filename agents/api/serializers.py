"""Requests and responses of the agent routes."""

import json
from typing import Any

from rest_framework import serializers

from agents.enums import AgentType, InspectionMode
from agents.errors import BadAgentType, BadInspectionMode, BadPrivatePaths
from agents.services.uploads import Package
from hivemind.kit.api.serializers import StrictSerializer


class AgentUploadRequest(StrictSerializer):
    """The multipart form of an upload."""

    name = serializers.CharField(max_length=200)
    archive = serializers.FileField(
        help_text="A tar archive (gz, bz2, xz or plain), at most 50 MiB.", allow_empty_file=True
    )
    description = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)
    agent_type = serializers.CharField(required=False, default="query", help_text="scope, query or mediator.")
    entrypoint = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, default=None, max_length=4_000
    )
    memory_mb = serializers.IntegerField(required=False, default=256, min_value=16, max_value=2**31 - 1)
    max_llm_calls = serializers.IntegerField(required=False, default=20, min_value=1, max_value=2**31 - 1)
    max_tokens = serializers.IntegerField(required=False, default=100_000, min_value=1, max_value=2**53)
    timeout_seconds = serializers.IntegerField(required=False, default=120, min_value=1, max_value=2**31 - 1)
    private_paths = serializers.CharField(
        required=False, default="[]", help_text="JSON list of paths kept out of the attested digest."
    )
    inspection_mode = serializers.CharField(required=False, default="full", help_text="full or sealed.")

    def to_package(self) -> Package:
        """The parsed form. Raises BadAgentType, BadInspectionMode, BadPrivatePaths."""
        values = dict(self.validated_data)
        del values["archive"]
        kind, mode = values["agent_type"].strip().lower(), values["inspection_mode"].strip().lower()
        if kind not in AgentType.values:
            raise BadAgentType
        if mode not in InspectionMode.values:
            raise BadInspectionMode
        return Package(
            **values
            | {
                "agent_type": AgentType(kind),
                "inspection_mode": InspectionMode(mode),
                "private_paths": private_paths_of(values["private_paths"]),
            }
        )


def private_paths_of(text: str) -> frozenset[str]:
    """The form's list of private paths. Raises BadPrivatePaths."""
    try:
        paths = json.loads(text or "[]")
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadPrivatePaths from error
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise BadPrivatePaths
    return frozenset(paths)


class AgentUploadedResponse(serializers.Serializer[Any]):
    """A stored agent; its build is polled at /v1/runs/{run_id}."""

    agent_id = serializers.CharField()
    run_id = serializers.CharField()
    status = serializers.CharField()


class AgentResponse(serializers.Serializer[Any]):
    """An agent as registered."""

    agent_id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    agent_type = serializers.ChoiceField(choices=AgentType.choices)
    image = serializers.CharField()
    entrypoint = serializers.CharField(allow_null=True)
    memory_mb = serializers.IntegerField()
    max_llm_calls = serializers.IntegerField()
    max_tokens = serializers.IntegerField()
    timeout_seconds = serializers.IntegerField()
    inspection_mode = serializers.ChoiceField(choices=InspectionMode.choices)
    harness = serializers.CharField()


class ImageDigestResponse(serializers.Serializer[Any]):
    """What the engine calls the image."""

    id = serializers.CharField()
    repo_digests = serializers.ListField(child=serializers.CharField())


class AgentAttestationResponse(serializers.Serializer[Any]):
    """Digests of an agent's source and image, beside the service's evidence."""

    agent_id = serializers.CharField()
    agent = AgentResponse()
    inspection_mode = serializers.CharField()
    files_count = serializers.IntegerField()
    files_digest_sha256 = serializers.CharField()
    attested_files_count = serializers.IntegerField()
    attested_files_digest_sha256 = serializers.CharField()
    source_sha256 = serializers.CharField()
    image_digest = ImageDigestResponse()
    attestation = serializers.JSONField()


class AgentFileResponse(serializers.Serializer[Any]):
    """A file of a package."""

    path = serializers.CharField()
    size_bytes = serializers.IntegerField()
    attestable = serializers.BooleanField()


class AgentFilesResponse(serializers.Serializer[Any]):
    """The files of a package."""

    agent_id = serializers.CharField()
    files = AgentFileResponse(many=True)


class AgentBuildResponse(serializers.Serializer[Any]):
    """A build of an agent's image. `step` of `steps` instructions is being carried out, or was the last."""

    agent_id = serializers.CharField()
    build_id = serializers.CharField()
    run_id = serializers.CharField(allow_null=True, help_text="The run that the build is a part of, if it is.")
    status = serializers.CharField(help_text="pending, running, completed or failed.")
    error = serializers.CharField(allow_null=True)
    step = serializers.IntegerField()
    steps = serializers.IntegerField()
    shared = serializers.BooleanField(help_text="The image of an earlier upload of the same bytes was taken.")
    created_at = serializers.FloatField()
    started_at = serializers.FloatField(allow_null=True)
    ended_at = serializers.FloatField(allow_null=True)
    log = serializers.CharField(help_text="What the build printed: its beginning and its end, at most 64 KiB.")


class StatusResponse(serializers.Serializer[Any]):
    """Done."""

    status = serializers.CharField()


class AgentsQuery(StrictSerializer):
    """Query string of the list of agents."""

    type = serializers.CharField(required=False, help_text="scope, query or mediator; anything else finds nothing.")


class SweepQuery(StrictSerializer):
    """Query string of the sweep."""

    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Only say what would be deleted. Without it, it is deleted."
    )


class OrphanResponse(serializers.Serializer[Any]):
    """An agent that nobody can ever run again."""

    tenant_id = serializers.CharField()
    tenant_name = serializers.CharField()
    agent_id = serializers.CharField()
    name = serializers.CharField()
    agent_type = serializers.CharField()
    image = serializers.CharField()
    reason = serializers.ChoiceField(choices=("source_incomplete", "source_changed", "source_unreadable"))
    deleted = serializers.BooleanField()
    error = serializers.CharField(required=False, help_text="Why it stays.")


class SweepResponse(serializers.Serializer[Any]):
    """What was found, oldest first, and how much of it was deleted."""

    dry_run = serializers.BooleanField()
    count = serializers.IntegerField()
    deleted = serializers.IntegerField()
    orphans = OrphanResponse(many=True)
