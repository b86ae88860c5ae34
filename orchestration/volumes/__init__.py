"""Series of DICOM images as volumes: found in a folder, packed into HDF5, and written back as derived DICOMs.

Entry points: :func:`find_series`, :func:`open_frames` and :func:`read_volume` (what a series holds),
:func:`write_derived` (a series with new pixels).
"""

from orchestration.dicom.deriving import Derivation, derived_uid
from orchestration.volumes.deriving import (
    LaterFrame,
    OutputExistsError,
    Pixels,
    Written,
    derived_folder,
    refuse_existing,
    write_derived,
    write_series,
)
from orchestration.volumes.reading import Frames, open_frames, pixel_digest, read_volume
from orchestration.volumes.searching import Search, find_series
from orchestration.volumes.series import Series, SeriesError, input_digest

__all__ = [
    "Derivation",
    "Frames",
    "LaterFrame",
    "OutputExistsError",
    "Pixels",
    "Search",
    "Series",
    "SeriesError",
    "Written",
    "derived_folder",
    "derived_uid",
    "find_series",
    "input_digest",
    "open_frames",
    "pixel_digest",
    "read_volume",
    "refuse_existing",
    "write_derived",
    "write_series",
]
