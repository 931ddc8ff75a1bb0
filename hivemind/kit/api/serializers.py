"""Base of request serializers: unknown fields are refused, so that a misspelt rule can't be dropped in silence."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """A request body. Raises a validation error naming every field that the operation does not know."""

    def to_internal_value(self, data: Any) -> Any:
        """Check for unknown fields before the declared ones are read."""
        if isinstance(data, Mapping):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: ["This operation has no such field."] for name in unknown})
        return super().to_internal_value(data)


def parse(serializer: type[serializers.Serializer[Any]], data: Any, **context: Any) -> dict[str, Any]:
    """Validated values of one request body or query string. Raises ValidationError, which becomes a 422."""
    bound = serializer(data=data, context=context)
    bound.is_valid(raise_exception=True)
    return dict(bound.validated_data)
