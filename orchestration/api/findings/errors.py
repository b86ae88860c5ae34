"""Illegal states of findings and their pictures, each with its HTTP status."""

from orchestration.api.web.errors import NotFoundError


class UnknownFindingError(NotFoundError):
    """The mart has no finding of this id: it never had, or readers no longer agree on it."""

    def __init__(self) -> None:
        super().__init__("no finding has this id; its readers may no longer agree")


class NoPictureError(NotFoundError):
    """The finding has no picture, or one that is not as recorded."""
