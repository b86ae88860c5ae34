"""Jobs over folders of DICOMs: a registered job reads each series, changes or judges its volumes, and writes a new one.

Entry points: :class:`InferencePipeline` (registers and executes jobs), :class:`JobEntry` (a job),
:func:`default_registry` (the built-in jobs and those of installed packages), :func:`run_job` (a run that is recorded in
the database), :func:`holds_dicom`. A job of one's own may use :func:`read_volume` and :func:`write_dicoms`.
"""

from orchestration.inference.config import read_config
from orchestration.inference.errors import InferenceError, JobConfigError, JobError, UnknownJobError
from orchestration.inference.folders import check_folders, holds_dicom
from orchestration.inference.job import JobEntry, Prepared, Scores
from orchestration.inference.pipeline import InferencePipeline
from orchestration.inference.registry import FoundJobs, default_registry, find_jobs
from orchestration.inference.report import Example, InferenceReport, Prediction, Provenance, SeriesOutcome
from orchestration.inference.runs import RunRequest, run_job
from orchestration.inference.series import read_volume, write_dicoms

__all__ = [
    "Example",
    "FoundJobs",
    "InferenceError",
    "InferencePipeline",
    "InferenceReport",
    "JobConfigError",
    "JobEntry",
    "JobError",
    "Prediction",
    "Prepared",
    "Provenance",
    "RunRequest",
    "Scores",
    "SeriesOutcome",
    "UnknownJobError",
    "check_folders",
    "default_registry",
    "find_jobs",
    "holds_dicom",
    "read_config",
    "read_volume",
    "run_job",
    "write_dicoms",
]
