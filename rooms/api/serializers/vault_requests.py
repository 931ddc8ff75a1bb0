"""Requests about a room's vault."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hivemind.kit.api.serializers import StrictSerializer
from rooms.api.serializers.fields import ExactText
from rooms.services.vault import NewItem


@extend_schema_field({"type": "object", "additionalProperties": True})
class MetadataField(serializers.Field[Any, Any, Any, Any]):
    """A JSON object of any content."""

    default_error_messages = {"not_object": "Must be an object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The object itself."""
        if not isinstance(data, dict):
            self.fail("not_object")
        return data

    def to_representation(self, value: Any) -> Any:
        """The object itself."""
        return value


class VaultAddRequest(StrictSerializer):
    """A new vault item."""

    text = ExactText(nul=True)
    metadata = MetadataField(default=dict)

    def to_item(self) -> NewItem:
        """The item that the service understands."""
        return NewItem(text=self.validated_data["text"], metadata=self.validated_data["metadata"])
