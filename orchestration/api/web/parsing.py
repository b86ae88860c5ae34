"""JSON as the service takes it: UTF-8, no NUL, no key twice, nesting bounded."""

import json
from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.parsers import BaseParser

from orchestration.api.web.errors import BadRequestError


class StrictJSONParser(BaseParser):
    """Parses a body for the endpoints."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:  # noqa: ANN401, ARG002
        """The value that the body holds."""
        return parse_json(stream.read())


def parse_json(data: bytes) -> Any:  # noqa: ANN401  whatever JSON holds
    """Take a JSON text apart.

    orjson says whether it is JSON at all, in a tenth of the time; only where a key could stand twice, which it would
    pass over in silence, the standard library reads the text again.

    Raises:
        BadRequestError: it is no JSON that can be taken; the message repeats nothing of it.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"the body is not JSON: at line {error.lineno}, column {error.colno}") from None
    try:
        if b"\\u0000" in data and _holds_nul(value):
            raise BadRequestError("a NUL stands in a text of the body")
        if isinstance(value, dict) and value:
            json.loads(data, object_pairs_hook=_unique)
    except RecursionError:  # orjson's own bound is 1,024 levels; what is above that it calls no JSON
        raise BadRequestError("the body is nested too deeply") from None
    except ValueError:
        raise BadRequestError("the body holds a number with more than 4,300 digits") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRequestError("an object of the body has the same key twice")
    return found


def _holds_nul(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))
