"""Illegal states of jobs, each with its HTTP status."""

from orchestration.api.web.errors import NotFoundError, ServiceError, UnavailableError


class MissingFieldError(ServiceError):
    """A field of the submission is missing, or is of another kind."""


class OutsideRootError(ServiceError):
    """The folder does not lie where inputs of jobs must lie, or a link leads to it."""


class UnknownJobNameError(ServiceError):
    """No job of this name is registered."""

    status = 422


class NoDicomError(ServiceError):
    """There is no such folder, or it holds no DICOM."""

    status = 422


class UnknownJobError(NotFoundError):
    """No job has this uid."""


class JobEndedError(ServiceError):
    """The job has ended, so nothing is left to cancel."""

    status = 409


class DagsterUnavailableError(UnavailableError):
    """Dagster does not answer, or has no job for inference."""
