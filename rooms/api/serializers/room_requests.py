"""Requests about rooms."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from attestation.errors import ManifestError
from attestation.manifests import normalise
from attestation.manifests.room import OUTPUT_VISIBILITIES, SEALED, VISIBILITIES
from hivemind.kit.api.serializers import StrictSerializer
from rooms.api.serializers.fields import ExactText
from rooms.services.requests import RoomRequest
from rooms.services.trust import TrustChange

NAME_CHARS = 500
RULES_CHARS = 200_000
LIST_ENTRIES = 1_000
LATEST_SECONDS = 253_402_300_799  # the end of the year 9999


def _names() -> serializers.ListField:
    return serializers.ListField(
        child=ExactText(allow_blank=True, max_length=200), required=False, max_length=LIST_ENTRIES
    )


class EgressRequest(StrictSerializer):
    """What may leave the room's agents: model calls and artifacts."""

    llm_providers = _names()
    allow_artifacts = serializers.BooleanField(default=True)


class TrustRequest(StrictSerializer):
    """Which builds of the service the owner accepts."""

    mode = serializers.ChoiceField(choices=normalise.TRUST_MODES, default=normalise.OPERATOR_UPDATES)
    allowed_composes = _names()


class RoomCreateRequest(StrictSerializer):
    """A new room."""

    name = ExactText(default="", allow_blank=True, max_length=NAME_CHARS)
    rules = ExactText(default="", allow_blank=True, max_length=RULES_CHARS)
    policy = ExactText(default=None, allow_null=True, allow_blank=True, max_length=RULES_CHARS)
    scope_agent_id = ExactText(trim_whitespace=True, max_length=64)
    scope_visibility = serializers.ChoiceField(choices=VISIBILITIES, default=None, allow_null=True)
    query_mode = serializers.ChoiceField(choices=normalise.QUERY_MODES, default=None, allow_null=True)
    query_agent_id = ExactText(default=None, allow_null=True, allow_blank=True, max_length=64)
    query_visibility = serializers.ChoiceField(choices=VISIBILITIES, default=SEALED)
    mediator_agent_id = ExactText(default=None, allow_null=True, allow_blank=True, max_length=64)
    mediator_visibility = serializers.ChoiceField(choices=VISIBILITIES, default=None, allow_null=True)
    output_visibility = serializers.ChoiceField(choices=OUTPUT_VISIBILITIES, default=OUTPUT_VISIBILITIES[0])
    egress = EgressRequest(required=False)
    trust = TrustRequest(required=False)
    allowed_tables = _names()
    require_row_policies = serializers.BooleanField(
        default=False,
        help_text="Runs fail unless their scope agent states row policies, which the database enforces.",
    )
    expires_at = serializers.FloatField(
        default=None,
        allow_null=True,
        min_value=0,
        max_value=LATEST_SECONDS,
        help_text="Unix seconds; after this moment the room answers nobody. None: no end.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Add the request that the service understands. Lists are normalised as the manifest wants them."""
        try:
            return attrs | {"request": _room_request(attrs)}
        except ManifestError as error:
            raise _at(error) from error

    def to_request(self) -> RoomRequest:
        """The checked request."""
        request: RoomRequest = self.validated_data["request"]
        return request


class TrustUpdateRequest(StrictSerializer):
    """A change of the builds that a room accepts."""

    mode = serializers.ChoiceField(choices=normalise.TRUST_MODES, default=None, allow_null=True)
    allowed_composes = serializers.ListField(
        child=ExactText(allow_blank=True, max_length=200),
        default=None,
        allow_null=True,
        max_length=LIST_ENTRIES,
        help_text="Replaces the list; left out or null keeps it.",
    )
    append_live = serializers.BooleanField(default=False, help_text="Add the running build's hash.")

    def to_change(self) -> TrustChange:
        """The change that the service understands."""
        said = self.validated_data
        composes = said["allowed_composes"]
        return TrustChange(
            mode=said["mode"],
            allowed_composes=None if composes is None else normalise.normalise_composes(composes),
            append_live=said["append_live"],
        )


class RoomsQuery(serializers.Serializer[Any]):
    """Paging of the list of rooms."""

    limit = serializers.IntegerField(required=False, help_text="1 to 100, 50 when left out.")
    cursor = serializers.CharField(required=False, help_text="`X-Next-Cursor` of the page before.")


def _room_request(said: Mapping[str, Any]) -> RoomRequest:
    query_mode, query_agent_id = normalise.normalise_query(said["query_mode"], said["query_agent_id"])
    egress, trust = said.get("egress", {}), said.get("trust", {})
    return RoomRequest(
        name=said["name"],
        rules=said["rules"],
        policy=said["policy"],
        scope_agent_id=said["scope_agent_id"],
        scope_visibility=said["scope_visibility"],
        query_mode=query_mode,
        query_agent_id=query_agent_id,
        query_visibility=said["query_visibility"],
        mediator_agent_id=(said["mediator_agent_id"] or "").strip(),
        mediator_visibility=said["mediator_visibility"],
        output_visibility=said["output_visibility"],
        llm_providers=normalise.normalise_providers(egress.get("llm_providers")),
        allow_artifacts=egress.get("allow_artifacts", True),
        trust_mode=trust.get("mode", normalise.OPERATOR_UPDATES),
        allowed_composes=normalise.normalise_composes(trust.get("allowed_composes")),
        allowed_tables=normalise.normalise_tables(said.get("allowed_tables")),
        expires_at=said["expires_at"],
        require_row_policies=said["require_row_policies"],
    )


def _at(error: ManifestError) -> serializers.ValidationError:
    """The fault at the field that it is about."""
    detail: Any = [str(error)]
    for name in reversed(error.field.split(".")):
        detail = {name: detail}
    return serializers.ValidationError(detail)
