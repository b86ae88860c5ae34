"""What verifying a copy takes beside what nobody can do without: hashing each file, and decoding each image.

200 scans of 3328 x 4096 pixels with three boxes each, in all formats; the comparison does one file after the other,
with hashlib and Pillow, and compares no annotations.
"""

import hashlib
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.drawing import mammogram
from benchmarks.flow_setting import WORKERS
from benchmarks.report import Row
from orchestration.imaging import encode_samples
from orchestration.settings import load_settings
from orchestration.stores import open_place
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.verifying.verification import verify, verifying_workers
from tests.training_set.export.verifying.copies import BOXES, MASS, publish_scans, scan

SCANS = 200
SCANS_OF_A_STUDY = 4


def run() -> list[Row]:
    """Every row about verifying."""
    with tempfile.TemporaryDirectory(prefix="dr-") as name:
        base = mammogram(brightest=220, seed=0)

        def image_of(scan_id: str) -> bytes:
            image = np.array(base)
            image[int(scan_id), :16] = 1
            return encode_samples(image)

        ids = [f"{number:05d}" for number in range(SCANS)]
        selected = [scan(one, ((MASS, BOXES),), study=str(int(one) // SCANS_OF_A_STUDY)) for one in ids]
        destination = open_place(Path(name) / "set", load_settings(), create=True)
        publish_scans(destination, selected, ExportOptions(), image_of)
        naive = _by_hand(Path(name) / "set" / "current")
        start = time.perf_counter()
        with verifying_workers(WORKERS) as workers:
            found = verify(Path(name) / "set", workers=workers)
        seconds = time.perf_counter() - start
        assert not found.problems
        assert found.pictures_decoded == SCANS
    title = f"verify {SCANS} scans of 3328 x 4096"
    return [
        Row(title, "hashlib and Pillow, one by one", naive, "s"),
        Row(title, "doubleread verify", seconds, "s", naive / seconds, "hashlib and Pillow"),
    ]


def _by_hand(generation: Path) -> float:
    """Seconds to hash every file and decode every image."""
    start = time.perf_counter()
    for path in generation.resolve().rglob("*"):
        if path.is_file() and not path.is_symlink():
            hashlib.sha256(path.read_bytes())
            if path.suffix == ".png":
                with Image.open(path) as image:
                    image.load()
    return time.perf_counter() - start
