"""The job 3dblur beside a bare call of SciPy's filter, and a whole run beside the same by hand."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.uid import generate_uid
from scipy import ndimage

from benchmarks.report import Row, median_seconds
from orchestration.inference import InferencePipeline, default_registry
from tests.inference.studies import SPACING, write_study

SHAPE = (60, 512, 512)
SIGMA = 2.0
CONFIG: Mapping[str, Any] = {"sigma": SIGMA}


def run() -> list[Row]:
    """The function by itself, and the way from a folder to a folder."""
    return [*function(), *folder()]


def function() -> list[Row]:
    """Seconds for one volume; the ratio is that of the bare filter to ours, 1 where both take as long."""
    volume = np.random.default_rng(0).random(SHAPE, np.float32)
    blur = default_registry()["3dblur"].func
    sigmas = [SIGMA / distance for distance in SPACING]
    bare = ndimage.gaussian_filter(volume, sigmas, mode="nearest")
    if not np.array_equal(np.asarray(blur(volume, {"spacing": SPACING}, CONFIG)), bare):
        raise RuntimeError("the job blurs otherwise than SciPy")
    theirs = median_seconds(lambda: ndimage.gaussian_filter(volume, sigmas, mode="nearest"))
    ours = median_seconds(lambda: blur(volume, {"spacing": SPACING}, CONFIG))
    against = f"a bare gaussian_filter, {theirs:.2f} s"
    return [Row("inference", "3dblur of 60 x 512 x 512", ours, "s", theirs / ours, against, "at least 0.9")]


def folder() -> list[Row]:
    """Seconds from a folder of 60 slices to a folder, beside a script that reads, blurs and writes with pydicom."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        stored = np.random.default_rng(0).integers(0, 4000, SHAPE, dtype=np.uint16)
        study = write_study(base / "in", stored)
        pipeline = InferencePipeline(default_registry())

        def ours() -> None:
            pipeline.execute("3dblur", study, base / "out", config=CONFIG, overwrite=True)

        def by_hand() -> None:
            script(study, base / "by_hand")

        theirs, seconds = median_seconds(by_hand, 3), median_seconds(ours, 3)
    against = f"a plain script with pydicom and SciPy, {theirs:.2f} s"
    return [Row("inference", "3dblur of a folder of 60 slices", seconds, "s", theirs / seconds, against)]


def script(study: Path, output: Path) -> None:
    """What one would write: no check, no digest, no record, UIDs by chance."""
    output.mkdir(exist_ok=True)
    found = sorted((dcmread(path) for path in study.iterdir()), key=lambda one: one.ImagePositionPatient[2])
    volume = np.stack([one.pixel_array for one in found]).astype(np.float32)
    blurred = ndimage.gaussian_filter(volume, [SIGMA / distance for distance in SPACING], mode="nearest")
    series = generate_uid()
    for one, image in zip(found, blurred, strict=True):
        one.PixelData = np.rint(image).astype(np.uint16).tobytes()
        one.SeriesInstanceUID, one.SOPInstanceUID = series, generate_uid()
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.save_as(output / f"{one.SOPInstanceUID}.dcm")
