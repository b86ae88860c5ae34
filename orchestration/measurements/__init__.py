"""Numbers that imaging devices emit: elements of integer rows, measured on threads, logged, written and stored.

Entry points: :func:`read_element` and :func:`measure` (one element), :func:`store_elements` of
``storing`` (a batch, to the database; it needs PostgreSQL's client, which one element does not).
Errors of one element are of :class:`ElementError`, a class and a code for each kind.
"""

from orchestration.measurements.elements import Element, Measurement, measure, read_element
from orchestration.measurements.errors import (
    ElementError,
    EmptyDataError,
    MissingFieldError,
    NotAnIntegerError,
    NotNormalisableError,
    NumberTooLargeError,
    RepeatedIdError,
    RepeatedIdsError,
    UnusableTextError,
    WrongTypeError,
)

__all__ = [
    "Element",
    "ElementError",
    "EmptyDataError",
    "Measurement",
    "MissingFieldError",
    "NotAnIntegerError",
    "NotNormalisableError",
    "NumberTooLargeError",
    "RepeatedIdError",
    "RepeatedIdsError",
    "UnusableTextError",
    "WrongTypeError",
    "measure",
    "read_element",
]
