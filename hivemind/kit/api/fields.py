"""Fields of requests that the wire format takes in more than one type."""

import json
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(OpenApiTypes.STR)
class AnyText(serializers.Field[str, Any, Any, Any]):
    """A text; any other JSON value counts as its own spelling, and null as nothing. Trimmed, empty when absent.

    Whether the text is acceptable is for whoever uses it to say, so that a wrong one is a 400 with a sentence.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, default="", allow_null=True, **options)

    def run_validation(self, data: Any = serializers.empty) -> str:
        """The text; nothing is refused."""
        return str(super().run_validation(data) or "")

    def to_internal_value(self, data: Any) -> str:
        """The trimmed text of one JSON value."""
        return (data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))).strip()

    def to_representation(self, value: Any) -> str:
        """The text itself."""
        return str(value)
