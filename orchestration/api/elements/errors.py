"""Illegal states of elements, each with its HTTP status."""

from orchestration.api.web.errors import NotFoundError, ServiceError


class UnusableElementError(ServiceError):
    """An element cannot be stored; of a batch then none is."""


class ElementExistsError(ServiceError):
    """The id is another element's."""

    status = 409


class UnknownElementError(NotFoundError):
    """No element has this id."""


class UnchangeableFieldError(ServiceError):
    """The field is computed, or elements have no such field."""
