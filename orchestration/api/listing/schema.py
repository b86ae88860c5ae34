"""The schema of a list and of one row, made of its columns."""

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from orchestration.api.listing.columns import LONGEST_TEXT, Column, Kind
from orchestration.api.listing.listing import Listing
from orchestration.api.listing.parameters import FORMATS, LARGEST_PAGE, PAGE_SIZE
from orchestration.api.web.schema import endpoint

_INTEGER = {"type": "integer", "format": "int64", "minimum": -(2**63) + 1, "maximum": 2**63 - 1}
_PARAMETERS: Mapping[Kind, dict[str, Any]] = {
    "text": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
    "integer": _INTEGER,
    "number": {"type": "number", "format": "double"},
    "time": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
}
_made: dict[str, type[serializers.Serializer[Any]]] = {}  # one for each name, as the schema demands
_WORDS = {"": "equal to", "gt": "greater than", "gte": "at least", "lt": "less than", "lte": "at most"}


def list_schema(listing: Listing, summary: str, *, operation_id: str) -> Callable[[Any], Any]:
    """Describe the ``get`` of a list."""
    row = row_schema(listing)
    page = inline_serializer(
        f"{listing.name}Page",
        {
            "next": serializers.URLField(allow_null=True, help_text="The page after this one."),
            "previous": serializers.URLField(allow_null=True, help_text="The page before this one."),
            "results": row(many=True),
        },
    )
    example = {"next": None, "previous": None, "results": [example_row(listing)]}
    answers = {
        (200, "application/json"): OpenApiResponse(
            page, description="A page of the list.", examples=[OpenApiExample("a page", example, response_only=True)]
        ),
        (200, "text/csv"): OpenApiResponse(
            OpenApiTypes.STR,
            description="The page as CSV; the header Link has the pages beside it.",
            examples=[OpenApiExample("a page as CSV", ",".join(listing.names), media_type="text/csv")],
        ),
    }
    return endpoint(
        summary, answers=answers, operation_id=operation_id, parameters=[*_filters(listing), *_own_parameters(listing)]
    )


def row_schema(listing: Listing) -> type[serializers.Serializer[Any]]:
    """A serializer that describes one row. Answers are not made with it: that would take ten times as long."""
    if listing.name not in _made:
        fields = {column.name: _field(column) for column in listing.columns}
        parts = {"__doc__": f"One {listing.name}.", **fields}
        _made[listing.name] = type(f"{listing.name}Serializer", (serializers.Serializer,), parts)
    return _made[listing.name]


def example_row(listing: Listing) -> dict[str, Any]:
    """The columns' examples."""
    return {column.name: column.example for column in listing.columns}


def _field(column: Column) -> serializers.Field[Any, Any, Any, Any]:
    """The serializer's field that describes a column."""
    common: dict[str, Any] = {"help_text": column.description, "allow_null": column.nullable}
    if column.kind == "text" and column.choices:
        return serializers.ChoiceField(choices=column.choices, **common)
    if column.kind == "texts":
        return serializers.ListField(child=serializers.CharField(), **common)
    kinds: Mapping[Kind, type[serializers.Field[Any, Any, Any, Any]]] = {
        "text": serializers.CharField,
        "integer": serializers.IntegerField,
        "number": serializers.FloatField,
        "time": serializers.DateTimeField,
        "boolean": serializers.BooleanField,
        "json": serializers.JSONField,
    }
    return kinds[column.kind](**common)


def _filters(listing: Listing) -> list[OpenApiParameter]:
    found = []
    for column in listing.columns:
        for operator in column.filters:
            schema = dict(_PARAMETERS[column.kind]) | ({"enum": list(column.choices)} if column.choices else {})
            name = f"{column.name}__{operator}" if operator else column.name
            text = f"Only rows whose {column.name} is {_WORDS[operator]} this."
            example = OpenApiExample(name, column.example)
            found.append(OpenApiParameter(name, schema, description=text, examples=[example]))
    return found


def _own_parameters(listing: Listing) -> list[OpenApiParameter]:
    """The parameters that every list takes, whatever its columns."""
    orders = [sign + column.name for column in listing.columns if column.can_order for sign in ("", "-")]
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE}
    return [
        OpenApiParameter(
            "ordering",
            {"type": "string", "enum": orders, "default": listing.ordering},
            description="What to order by; a - before it puts the largest first.",
        ),
        OpenApiParameter("cursor", str, description="Where the page begins: taken from next or previous."),
        OpenApiParameter("page_size", size, description="How many rows at most."),
        OpenApiParameter(
            "format", {"type": "string", "enum": list(FORMATS), "default": FORMATS[0]}, description="JSON or CSV."
        ),
    ]
