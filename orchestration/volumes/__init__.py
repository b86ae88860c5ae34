"""Series of DICOM images as volumes: found in a folder, packed into HDF5, and written back as derived DICOMs.

Entry points: :func:`find_series`, :func:`open_frames` and :func:`read_volume` (what a series holds).
"""

from orchestration.volumes.reading import Frames, open_frames, pixel_digest, read_volume
from orchestration.volumes.searching import Search, find_series
from orchestration.volumes.series import Series, SeriesError, input_digest

__all__ = [
    "Frames",
    "Search",
    "Series",
    "SeriesError",
    "find_series",
    "input_digest",
    "open_frames",
    "pixel_digest",
    "read_volume",
]
