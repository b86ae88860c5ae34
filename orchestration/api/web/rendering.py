"""JSON answers, and which form an answer takes."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
JSON = "application/json"


class JSONRenderer(BaseRenderer):
    """Renders with orjson."""

    media_type = JSON
    format = "json"
    charset = None

    def render(
        self,
        data: Any,  # noqa: ANN401
        accepted_media_type: str | None = None,  # noqa: ARG002
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """The bytes of the answer."""
        return b"" if data is None else orjson.dumps(data, option=OPTIONS)


class FormatNegotiation(BaseContentNegotiation):
    """Every answer is JSON, whatever a client says that it accepts; lists look at their parameter ``format``."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:  # noqa: ANN401
        """The parser of the body's type; None where there is none, which is answered with 415."""
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Iterable[Any],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[Any, str]:
        """The first of the view."""
        first = next(iter(renderers))
        return first, first.media_type
