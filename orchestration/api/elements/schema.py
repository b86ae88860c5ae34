"""What the schema says of the bodies that elements are sent and changed with."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from orchestration.api.elements.listing import ELEMENTS
from orchestration.api.listing.schema import example_row
from orchestration.measurements.elements import LONGEST_DEVICE_NAME, LONGEST_ID

_ID = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}
_DEVICE_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_DEVICE_NAME}

NEW_ELEMENT: dict[str, Any] = {
    "type": "object",
    "title": "NewElement",
    "properties": {
        "id": _ID,
        "data": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string"},
            "description": "Rows of integers, separated by white space; their largest must not be 0.",
        },
        "deviceName": _DEVICE_NAME,
    },
    "required": ["id", "data", "deviceName"],
    "additionalProperties": False,
}
NEW_ELEMENTS: dict[str, Any] = {
    "oneOf": [
        NEW_ELEMENT,
        {
            "type": "object",
            "title": "NewElements",
            "description": "Elements by any keys, which name them in errors.",
            "additionalProperties": NEW_ELEMENT,
            "minProperties": 1,
        },
    ]
}
REPLACEMENT: dict[str, Any] = {
    "type": "object",
    "title": "ElementReplacement",
    "properties": {"id": _ID, "device_name": _DEVICE_NAME},
    "required": ["id", "device_name"],
    "additionalProperties": False,
}
CHANGE: dict[str, Any] = {
    "type": "object",
    "title": "ElementChange",
    "properties": {"id": _ID, "device_name": _DEVICE_NAME},
    "minProperties": 1,
    "additionalProperties": False,
}

_SENT = {"id": "aabbcc1", "data": ["54 26 34 47", "75 87 75 89"], "deviceName": "CT SCAN"}
_STORED = example_row(ELEMENTS)
STORE_EXAMPLES = [
    OpenApiExample("one element", _SENT, request_only=True),
    OpenApiExample("several elements", {"1": _SENT, "2": {**_SENT, "id": "aabbcc2"}}, request_only=True),
    OpenApiExample("one element, stored", _STORED, response_only=True, status_codes=[201]),
    OpenApiExample(
        "several elements, stored", [_STORED, {**_STORED, "id": "aabbcc2"}], response_only=True, status_codes=[201]
    ),
]
REPLACE_EXAMPLES = [OpenApiExample("both fields", {"id": "aabbcc1", "device_name": "MR 2"}, request_only=True)]
CHANGE_EXAMPLES = [OpenApiExample("another device", {"device_name": "MR 2"}, request_only=True)]
ELEMENT_EXAMPLES = [OpenApiExample("an element", _STORED, response_only=True, status_codes=[200])]
