"""All jobs: those that come with doubleread, and those of installed packages."""

import logging
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points

from orchestration.inference.job import JobEntry
from orchestration.inference.jobs import blur, onnx_model
from orchestration.outcomes import Failures

logger = logging.getLogger(__name__)

GROUP = "doubleread.jobs"
BUILT_IN = (blur.JOB, onnx_model.JOB)


@dataclass(frozen=True)
class FoundJob:
    """A job and the distribution that it comes from."""

    entry: JobEntry
    distribution: str


@dataclass
class FoundJobs:
    """All jobs, in the order in which they were found, and entry points that could not be loaded."""

    jobs: list[FoundJob] = field(default_factory=list)
    failures: Failures = field(default_factory=Failures)

    @property
    def entries(self) -> list[JobEntry]:
        """The jobs by themselves."""
        return [job.entry for job in self.jobs]


def find_jobs() -> FoundJobs:
    """The built-in jobs, then those of the entry-point group ``doubleread.jobs``, by the names of the entry points.

    An entry point names a :class:`JobEntry`. Loading one runs code of its package; one that cannot be loaded is named
    and costs no other.
    """
    found = FoundJobs([FoundJob(entry, "doubleread") for entry in BUILT_IN])
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            found.jobs.append(FoundJob(_loaded(point), point.dist.name if point.dist else "unknown"))
        except Exception as error:  # noqa: BLE001 - importing a package of someone else's can raise anything
            found.failures.add(f"{point.name} = {point.value}", _why(error))
    return found


def default_registry() -> dict[str, JobEntry]:
    """Every job by its name; of two of one name the last one that was found, as ``InferencePipeline`` says.

    An entry point that cannot be loaded is named in the log.
    """
    found = find_jobs()
    for failure in found.failures.shown:
        logger.warning("the entry point %s of %s cannot be loaded: %s", failure.item, GROUP, failure.reason)
    return {entry.name: entry for entry in found.entries}


def _loaded(point: EntryPoint) -> JobEntry:
    entry = point.load()
    if not isinstance(entry, JobEntry):
        raise TypeError(f"it is a {type(entry).__name__} and no JobEntry")
    return entry


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
