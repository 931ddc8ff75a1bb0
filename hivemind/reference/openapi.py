"""The OpenAPI document as a file: the same that the service gives out, in a stable order."""

import json
from typing import Any

from drf_spectacular.generators import SchemaGenerator


def document() -> dict[str, Any]:
    """The OpenAPI document of every route."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def page() -> str:
    """The document as JSON with sorted keys."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
