"""Reading a JSON body within bounds: Django's own bound does not reach bodies that the API's parsers stream."""

import codecs
import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from hivemind.kit.errors import Invalid

MOST_DIGITS = 4_000  # the interpreter refuses to read more than 4,300


class NotANumber(Invalid):
    """The body holds NaN or an infinity, which some programs write and JSON does not know, or endless digits."""

    code = "not_a_number"
    sentence = "NaN, infinities and numbers of thousands of digits are not accepted"


class BoundedJSONParser(JSONParser):
    """JSON no longer than `DATA_UPLOAD_MAX_MEMORY_SIZE` and no deeper than the interpreter can read."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The parsed body. Raises RequestDataTooBig, NotANumber or ParseError."""
        request = (parser_context or {})["request"]
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if not declared.isdigit() or int(declared) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            return json.load(codecs.getreader(encoding)(stream), parse_constant=_refuse, parse_int=_whole)
        except (ValueError, RecursionError) as error:
            raise ParseError from error


def _refuse(name: str) -> NoReturn:
    raise NotANumber(f"{name} is not a number")


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise NotANumber(f"A number has more than {MOST_DIGITS} digits")
    return int(digits)
