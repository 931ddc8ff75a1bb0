"""The header by which a movement that is asked for again is recognised."""

import re
from typing import Final

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from billing.errors import BadRepeatKey

HEADER: Final = "X-Hivemind-Idempotency-Key"
PARAMETER: Final = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="12 to 64 hex digits. The same movement asked for again under it is answered and not made again.",
)
_KEY = re.compile(r"[0-9a-f]{12,64}")


def key_of(request: Request) -> str:
    """The caller's key in lower case, empty without one. Raises BadRepeatKey."""
    key = str(request.headers.get(HEADER, "")).strip().lower()
    if key and not _KEY.fullmatch(key):
        raise BadRepeatKey
    return key
