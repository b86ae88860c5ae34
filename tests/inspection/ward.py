"""A small folder to look into: the one that docs/inspection.md shows."""

import shutil
from pathlib import Path

from pydicom.data import get_testdata_file

READINGS = 'id;ward;pulse;note\n1;B2;"72 ";calm\n2;B2;n/a;"restless,\nwalks"\n3;C1;80;\n4;C1;91;calm\n'
RAGGED = "id,pulse\n1,72\n2\n3,80,81\n"


def write_ward(folder: Path) -> Path:
    """Write a DICOM file, two tables and a link below ``folder``."""
    (folder / "old").mkdir(parents=True)
    shutil.copyfile(get_testdata_file("CT_small.dcm", download=False), folder / "ct.dcm")
    (folder / "readings.csv").write_text(READINGS, encoding="utf-8")
    (folder / "old" / "ragged.csv").write_text(RAGGED, encoding="utf-8")
    (folder / "latest").symlink_to("ct.dcm")
    return folder
