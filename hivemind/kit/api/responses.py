"""Response shapes that every operation shares, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers


class ErrorResponse(serializers.Serializer[Any]):
    """Any refusal: a sentence for people and a code that never changes."""

    detail = serializers.CharField()
    code = serializers.CharField()


class ProblemResponse(serializers.Serializer[Any]):
    """One fault of a malformed request."""

    type = serializers.CharField()
    loc = serializers.ListField(child=serializers.JSONField())
    msg = serializers.CharField()
    input = serializers.JSONField(allow_null=True, required=False)


class MalformedResponse(serializers.Serializer[Any]):
    """A request that does not have the documented shape."""

    detail = ProblemResponse(many=True)
    code = serializers.CharField()


def refusals(*statuses: int) -> dict[int, type[serializers.Serializer[Any]]]:
    """The error responses of an operation, by status; 422 has the list shape."""
    return {status: MalformedResponse if status == 422 else ErrorResponse for status in statuses}
