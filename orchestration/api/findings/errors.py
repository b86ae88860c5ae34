"""Illegal states of findings and their pictures, each with its HTTP status."""

from orchestration.api.web.errors import NotFoundError


class UnknownFindingError(NotFoundError):
    """The mart has no finding of this id: it never had, or readers no longer agree on it."""

    def __init__(self) -> None:
        super().__init__("no finding has this id; readers may have changed their minds since it was one")


class NoPictureError(NotFoundError):
    """The finding is there, and no picture of it that can be relied on."""
