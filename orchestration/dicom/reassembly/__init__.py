"""DICOMs put together again from the archives of an index: one, some, or all of them on many workers.

Entry points: :func:`reassemble` (everything, on an executor), :func:`get_dicoms` (some, by UID).
"""

from orchestration.dicom.reassembly.joining import PARTITIONS, partition_of
from orchestration.dicom.reassembly.members import Reason, Unmatched
from orchestration.dicom.reassembly.reassemble import ReassemblyReport, reassemble

__all__ = ["PARTITIONS", "Reason", "ReassemblyReport", "Unmatched", "partition_of", "reassemble"]
