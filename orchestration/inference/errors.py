"""What can go wrong with a job: each error is one sentence that says what happened and what to do."""

from typing import TYPE_CHECKING

from orchestration.errors import DoublereadError

if TYPE_CHECKING:
    from orchestration.inference.report import InferenceReport


class UnknownJobError(DoublereadError, KeyError):
    """No job of this name is registered."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"no job is named {name}; there are {', '.join(known) or 'none'}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


class JobConfigError(DoublereadError):
    """The config of a job cannot be used; the message names the entry."""


class JobError(Exception):
    """A job's own word that it cannot process a series, and why.

    Its message is shown to people and kept in tables, so it must hold nothing of the patient. A function of your own
    raises it to say what is wrong with a volume.
    """


class InferenceError(DoublereadError):
    """The job came to nothing: no series was processed, and there is no output. The message says why.

    Attributes:
        report: what became of each series and file; None where the run did not get that far.
    """

    def __init__(self, message: str, report: "InferenceReport | None" = None) -> None:
        super().__init__(message)
        self.report = report
