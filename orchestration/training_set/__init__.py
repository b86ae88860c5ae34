"""From the mart and the image store to one folder of annotated pictures per label, and their manifest.

Entry points, in the order of the flow: :func:`retrieve_scans` (images that findings need, to verified local copies),
:func:`build_label_folder` (one picture for each finding, nothing else), :func:`write_manifest`, and
:func:`verify_pictures` (every finding has a picture that decodes and matches). Each can be run again at any time and
costs what has changed.
"""

from orchestration.training_set.failures import failed_pictures, failed_scans
from orchestration.training_set.label_folder import FolderReport, build_label_folder, drawing_workers
from orchestration.training_set.manifest import ManifestReport, write_manifest
from orchestration.training_set.outcomes import Failure
from orchestration.training_set.scans import ScansReport, retrieve_scans
from orchestration.training_set.summary import LabelSummary, summarize
from orchestration.training_set.verification import VerificationReport, find_orphans, verify_pictures

__all__ = [
    "Failure",
    "FolderReport",
    "LabelSummary",
    "ManifestReport",
    "ScansReport",
    "VerificationReport",
    "build_label_folder",
    "drawing_workers",
    "failed_pictures",
    "failed_scans",
    "find_orphans",
    "retrieve_scans",
    "summarize",
    "verify_pictures",
    "write_manifest",
]
