"""Errors that have an HTTP status: what every folder derives its own from. ``handlers.py`` makes answers of them."""

from collections.abc import Sequence
from typing import Any, ClassVar

from orchestration.outcomes import FAILURES_SHOWN, Failure


class ServiceError(Exception):
    """A request that cannot be done as things are; each subclass is one such state, with its HTTP status beside it.

    Args:
        detail: one sentence for a person: what is wrong and what to do.
        problems: the items that are wrong, each with its reason, where there are several.
    """

    status: ClassVar[int] = 400

    def __init__(self, detail: str, problems: Sequence[Failure] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = problems

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        if not self.problems:
            return {"detail": self.detail}
        shown = [{"item": problem.item, "reason": problem.reason} for problem in self.problems[:FAILURES_SHOWN]]
        return {"detail": self.detail, "problems": shown}


class BadRequestError(ServiceError):
    """The request is not of the form that the schema says."""


class NotFoundError(ServiceError):
    """Nothing has this id."""

    status = 404


class UnavailableError(ServiceError):
    """Something that the service needs does not answer; the client may try again."""

    status = 503
