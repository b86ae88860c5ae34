"""Illegal states of elements, each with its HTTP status."""

from orchestration.api.web.errors import NotFoundError, ServiceError


class UnusableElementError(ServiceError):
    """An element cannot be stored as it is; one of a batch keeps the others out."""


class ElementExistsError(ServiceError):
    """The id is another element's."""

    status = 409


class UnknownElementError(NotFoundError):
    """No element has this id."""


class UnchangeableFieldError(ServiceError):
    """The field is computed, or is none of an element's."""
