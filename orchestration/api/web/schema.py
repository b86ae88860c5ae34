"""What the schema says of every endpoint: the statuses that it shares with all others, and the form of an error."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers

SHARED = (400, 401, 403, 405, 429, 503)
WITH_BODY = (413, 415)
MEANINGS: Mapping[int, str] = {
    400: "The request is malformed: an unknown or malformed parameter, a body of another form.",
    401: "No token, or one that is not known any more.",
    403: "The token's role does not allow this.",
    404: "Nothing has this id.",
    405: "The endpoint has no such method.",
    409: "It contradicts what is there.",
    413: "The body is larger than the service takes.",
    415: "The body is of another type than application/json.",
    422: "The request is well formed and cannot be done.",
    429: "The token has sent as many requests as it may in this minute; Retry-After says when to go on.",
    500: "It failed; the reason is in the answer.",
    503: "Something that the service needs does not answer; Retry-After says when to try again.",
}
EXAMPLES: Mapping[int, str] = {
    400: "page_size: must be a number from 1 to 1000",
    401: "Authentication credentials were not provided.",
    403: "the token's role does not allow this",
    404: "nothing has this id",
    409: "1 element is stored already: aabbcc1",
    429: "Request was throttled. Expected available in 12 seconds.",
    503: "the database does not answer; try again in a few seconds",
}


class ProblemSerializer(serializers.Serializer[Any]):
    """One item that is wrong."""

    item = serializers.CharField(help_text="Which item: its key in the body.")
    reason = serializers.CharField(help_text="What is wrong with it.")


class RefusalSerializer(serializers.Serializer[Any]):
    """Why a request was refused."""

    detail = serializers.CharField(help_text="A sentence: what is wrong and what to do.")
    problems = ProblemSerializer(many=True, required=False, help_text="The items that are wrong, at most 100 of them.")


def endpoint(
    summary: str,
    *,
    answers: Mapping[int, Any] | Mapping[tuple[int, str], Any],
    also: Sequence[int] = (),
    has_body: bool = False,
    examples: Sequence[OpenApiExample] = (),
    **more: Any,  # noqa: ANN401  whatever extend_schema takes
) -> Callable[[Any], Any]:
    """Describe a method of an endpoint for the schema.

    Args:
        summary: what it does, in a few words.
        answers: what it answers when all is well, by status.
        also: the statuses that it answers besides those of all endpoints.
        has_body: whether it takes a body.
        examples: of the request and of the answer.
        more: as for ``extend_schema``.
    """
    refusals = sorted({*SHARED, *also, *(WITH_BODY if has_body else ())})
    responses = {**answers, **{status: _refusal(status) for status in refusals}}
    return extend_schema(summary=summary, responses=responses, examples=list(examples), **more)


def _refusal(status: int) -> OpenApiResponse:
    example = OpenApiExample(
        f"refused with {status}",
        {"detail": EXAMPLES.get(status, MEANINGS[status])},
        response_only=True,
        status_codes=[status],
    )
    return OpenApiResponse(RefusalSerializer, description=MEANINGS[status], examples=[example])


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The schema's word for bearer tokens."""

    target_class = "orchestration.api.accounts.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, _auto_schema: object) -> dict[str, str]:
        """As OpenAPI describes it."""
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Sessions are for the service's own pages; the schema does not offer them to programs."""

    target_class = "orchestration.api.accounts.authentication.PageSessionAuthentication"
    name = "session"

    def get_security_requirement(self, _auto_schema: object) -> list[dict[str, Any]]:
        """None."""
        return []

    def get_security_definition(self, _auto_schema: object) -> dict[str, str]:
        """As OpenAPI describes it."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
