"""DICOMs put together again from the archives of indexes: one, some, or all of them on many workers.

Entry points: :func:`reassemble` (everything, or partitions of it), :func:`get_dicoms` (some, by UID).
"""

from orchestration.archives.reassembly.joining import PARTITIONS, partition_of
from orchestration.archives.reassembly.members import Reason, Unmatched
from orchestration.archives.reassembly.reassemble import ReassemblyReport, local_workers, reassemble
from orchestration.archives.reassembly.some import get_dicoms

__all__ = [
    "PARTITIONS",
    "Reason",
    "ReassemblyReport",
    "Unmatched",
    "get_dicoms",
    "local_workers",
    "partition_of",
    "reassemble",
]
