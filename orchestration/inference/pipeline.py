"""The pipeline: jobs by name, and running one over a folder of DICOMs."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orchestration.inference.config import check_entries
from orchestration.inference.errors import UnknownJobError
from orchestration.inference.execution import Execution
from orchestration.inference.job import JobEntry
from orchestration.inference.preparation import prepare
from orchestration.inference.report import InferenceReport
from orchestration.outcomes import Progress, no_progress

logger = logging.getLogger(__name__)


class InferencePipeline:
    """Jobs by their names.

    Args:
        registry: the jobs to begin with, by name or one after the other.
    """

    def __init__(self, registry: Mapping[str, JobEntry] | Iterable[JobEntry] = ()) -> None:
        self._jobs: dict[str, JobEntry] = {}
        for entry in registry.values() if isinstance(registry, Mapping) else registry:
            self.register(entry)

    @property
    def jobs(self) -> dict[str, JobEntry]:
        """The registered jobs by name."""
        return dict(self._jobs)

    def register(self, entry: JobEntry) -> None:
        """Add a job; one of the same name is replaced, with a warning in the log.

        Raises:
            TypeError: it is no ``JobEntry``, or its functions can't be called.
            ValueError: its name is empty or cannot be printed.
        """
        if not isinstance(entry, JobEntry) or not all(map(callable, (entry.preprocess, entry.postprocess, entry.func))):
            raise TypeError("a job is a JobEntry(name, config, preprocess, postprocess, func) of three functions")
        if not isinstance(entry.name, str) or not entry.name.strip() or not entry.name.isprintable():
            raise ValueError("the name of a job must be a text that can be printed")
        if entry.name in self._jobs:
            logger.warning("the job %s was registered before; the new one takes its place", entry.name)
        self._jobs[entry.name] = entry

    def unregister(self, job_name: str) -> None:
        """Remove a job.

        Raises:
            UnknownJobError: no job has this name; it is a ``KeyError`` as well.
        """
        del self._jobs[self.job(job_name).name]

    def is_job_registered(self, job_name: str) -> bool:
        """Whether there is a job of this name."""
        return job_name in self._jobs

    def job(self, job_name: str) -> JobEntry:
        """The job of this name.

        Raises:
            UnknownJobError: no job has this name; it is a ``KeyError`` as well.
        """
        try:
            return self._jobs[job_name]
        except KeyError:
            raise UnknownJobError(str(job_name), sorted(self._jobs)) from None

    def execute(
        self,
        job_name: str,
        in_dicom_dir: str | Path,
        out_dicom_dir: str | Path,
        *,
        config: Mapping[str, Any] | None = None,
        overwrite: bool = False,
        progress: Progress = no_progress,
    ) -> InferenceReport:
        """Run a job over every series below a folder that its config chooses, each on its own.

        The output appears as a whole when all series are done, or not at all. A series that fails is named in the
        report, and the others are in the output.

        Args:
            job_name: of a registered job.
            in_dicom_dir: searched with all folders below it.
            out_dicom_dir: made by the run; the built-in jobs write ``<SOP Instance UID>.dcm`` there.
            config: entries that take the place of the job's own.
            overwrite: replace an output that is there.
            progress: called with the volumes done and the volumes in all.

        Raises:
            UnknownJobError: a ``KeyError``: there is no such job.
            JobConfigError: the config cannot be used.
            OutputExistsError: the output is there.
            InferenceError: no series could be processed, or the output can't be written; there is no output.
            DoublereadError: there is no input folder, or an extra package is missing.
        """
        entry = self.job(job_name)
        merged = check_entries({**check_entries(dict(entry.config or {})), **check_entries(dict(config or {}))})
        job = prepare(entry, merged)
        return Execution(job, Path(in_dicom_dir), Path(out_dicom_dir), overwrite=overwrite, progress=progress).run()
