"""DICOMs put together again from the archives of an index: one, some, or all of them on many workers.

Entry points: :func:`reassemble` (everything, on an executor), :func:`get_dicoms` (some, by UID).
"""

from orchestration.archives.reassembly.joining import PARTITIONS, partition_of
from orchestration.archives.reassembly.members import Reason, Unmatched
from orchestration.archives.reassembly.reassemble import ReassemblyReport, reassemble
from orchestration.archives.reassembly.running import Executors
from orchestration.archives.reassembly.some import get_dicoms
from orchestration.archives.reassembly.workers import dask_workers, local_workers

__all__ = [
    "PARTITIONS",
    "Executors",
    "Reason",
    "ReassemblyReport",
    "Unmatched",
    "dask_workers",
    "get_dicoms",
    "local_workers",
    "partition_of",
    "reassemble",
]
