"""Series of DICOM images: what each instance says of itself, which of them make a volume, and in which order.

Entry points: :func:`read_instance` (a file), :func:`stack` (instances to a :class:`Stack`).
"""

from orchestration.dicom.series.instance import (
    BrokenInstanceError,
    Instance,
    NoVolumeError,
    Plane,
    may_be_dicom,
    read_instance,
)
from orchestration.dicom.series.stacking import Frame, Stack, StackError, stack

__all__ = [
    "BrokenInstanceError",
    "Frame",
    "Instance",
    "NoVolumeError",
    "Plane",
    "Stack",
    "StackError",
    "may_be_dicom",
    "read_instance",
    "stack",
]
