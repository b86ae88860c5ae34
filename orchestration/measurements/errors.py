"""What can be wrong with one element: an exception for each kind, a message for a person, a code for a program."""

from collections.abc import Sequence
from typing import ClassVar

from orchestration.outcomes import printable


class ElementError(Exception):
    """One element cannot be measured, or cannot be stored; the others can.

    The message is a sentence that says what to put right. It repeats no measured value. ``code`` names the kind of
    error and does not change.
    """

    code: ClassVar[str] = "bad_element"


class WrongTypeError(ElementError):
    """A field, or the element itself, has another JSON type than it must have."""

    code = "wrong_type"

    def __init__(self, what: str, wanted: str, found: object) -> None:
        super().__init__(f"{what} must be {wanted}, not {_json_type(found)}")


class MissingFieldError(ElementError):
    """A field that every element must have is not there."""

    code = "missing_field"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is missing")


class UnusableTextError(ElementError):
    """An id or a device's name is empty, too long, or holds what no database stores as text."""

    code = "unusable_text"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")


class EmptyDataError(ElementError):
    """The data hold no number."""

    code = "empty_data"

    def __init__(self) -> None:
        super().__init__("data hold no number")


class NotAnIntegerError(ElementError):
    """A word of a row is not an integer."""

    code = "not_an_integer"

    def __init__(self, row: int, place: int) -> None:
        super().__init__(f"value {place:,} of row {row:,} of data is not an integer")


class NumberTooLargeError(ElementError):
    """An integer does not fit in 64 bits with a sign."""

    code = "number_too_large"

    def __init__(self, row: int, place: int) -> None:
        super().__init__(f"value {place:,} of row {row:,} of data is outside -2^63 to 2^63 - 1")


class NotNormalisableError(ElementError):
    """The largest value is 0, by which no value can be divided."""

    code = "not_normalisable"

    def __init__(self) -> None:
        super().__init__("not normalisable: the largest value is 0")


class RepeatedIdError(ElementError):
    """An earlier element has the same id; that one is kept."""

    code = "repeated_id"

    def __init__(self, earlier: str = "an earlier element") -> None:
        super().__init__(f"repeated id: {earlier} has it already")


class RepeatedIdsError(Exception):
    """Elements of a batch have ids that are stored already; nothing of the batch was stored.

    Args:
        ids: in the order of the batch.
    """

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        more = f" and {len(ids) - 1:,} more" if len(ids) > 1 else ""
        super().__init__(f"stored already: {printable(ids[0])}{more}")


def _json_type(value: object) -> str:
    """What JSON calls it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    names = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
