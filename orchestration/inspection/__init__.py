"""Looking into folders, tables and DICOM files.

Entry points: :func:`list_folder`, :func:`inspect_csv`, :func:`inspect_dicom`. Each is imported when first asked for:
listing a folder takes less time than importing a database engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.inspection.dicom import DicomFile, inspect_dicom
    from orchestration.inspection.errors import InspectionError, TableError
    from orchestration.inspection.folder import Entry, list_folder
    from orchestration.inspection.tables import Column, Table, inspect_csv

__all__ = [
    "Column",
    "DicomFile",
    "Entry",
    "InspectionError",
    "Table",
    "TableError",
    "inspect_csv",
    "inspect_dicom",
    "list_folder",
]

_MODULES = {
    **dict.fromkeys(["InspectionError", "TableError"], "errors"),
    **dict.fromkeys(["Entry", "list_folder"], "folder"),
    **dict.fromkeys(["Column", "Table", "inspect_csv"], "tables"),
    **dict.fromkeys(["DicomFile", "inspect_dicom"], "dicom"),
}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
