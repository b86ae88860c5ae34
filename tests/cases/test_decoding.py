"""A case of large images takes the memory that is meant for it, and the same values come out."""

import os
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from pydicom.pixels import get_encoder
from pydicom.uid import RLELossless

from orchestration.cases.decoding import Budget, decode_within
from orchestration.cases.get import CaseSource
from orchestration.database import Database
from orchestration.errors import DoublereadError
from orchestration.imaging import ImageError, read_stored
from tests.cases.cases import VIEWS, dicom, png, uid, upload_case, values
from tests.cases.clinic import Clinic
from tests.dicom.dicoms import compressed, file_bytes, image_dataset

ROOT = Path(__file__).parents[2]
FRAMES, ROWS, COLUMNS = 24, 1024, 1024  # 48 MiB once decoded


def series(seed: int) -> bytes:
    """Frames of bars, all alike, which RLE makes small."""
    frame = np.repeat(np.arange(ROWS, dtype=np.uint16) + seed, COLUMNS).reshape(ROWS, COLUMNS)
    dataset = image_dataset(frame, SOPInstanceUID=uid(seed), WindowCenter=500, WindowWidth=1000)
    encoded = get_encoder(RLELossless).encode(dataset, index=0, encoding_plugin="pydicom")
    return file_bytes(compressed(dataset, RLELossless, [encoded] * FRAMES))


def test_four_series_take_the_memory_of_the_budget_and_not_of_four_series(
    clinic: Clinic, source: CaseSource, database: Database, tmp_path: Path
) -> None:
    script = """
        from orchestration.cases import decoding, get_case
        from tests.services.memory import peak_megabytes
        decoding.BUDGET.limit = 64 * 2**20
        get_case("S1", 2014)
        before = peak_megabytes()
        case = get_case("S4", 2014)
        print(peak_megabytes() - before, {image.shape for image in case.images.values()})
    """
    upload_case(clinic, source, "S1")
    upload_case(clinic, source, "S4", **{view: series(seed) for seed, view in enumerate(VIEWS)})
    environment = {**os.environ, **database.libpq_environment, "PYTHONPATH": str(ROOT)}
    environment["TMPDIR"] = str(tmp_path)
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    megabytes, shapes = done.stdout.split(maxsplit=1)
    assert shapes.strip() == str({(FRAMES, ROWS, COLUMNS)})
    assert float(megabytes) < 2 * 48
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("limit", [1, 10**9], ids=["in a file", "in memory"])
def test_an_image_is_the_same_wherever_it_lies(limit: int) -> None:
    for data in (dicom(1), png(values(2)), png(np.stack([values(3, "uint8")] * 3, -1))):
        found, digest = decode_within(Budget(limit), data)
        expected = read_stored(data)
        np.testing.assert_array_equal(found.stored, expected.stored)
        np.testing.assert_array_equal(found.tables, expected.tables)
        assert digest == decode_within(Budget(10**9), data)[1]
    assert decode_within(Budget(limit), dicom(1))[1] != decode_within(Budget(limit), dicom(2))[1]


def test_a_temporary_file_that_cannot_be_written_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    with pytest.raises(DoublereadError, match=r"in /nonexistent .*TMPDIR"):
        decode_within(Budget(1), dicom(1))


def test_an_image_that_cannot_be_decoded_gives_its_room_back() -> None:
    budget = Budget(100)
    for _ in range(2):
        with pytest.raises(ImageError):
            decode_within(budget, dicom(1)[:-10])
    with budget.taking(100):
        pass


def test_what_is_under_way_together_fits_and_the_large_one_is_alone() -> None:
    budget, under_way, lock = Budget(10), [], threading.Lock()
    seen: list[tuple[int, ...]] = []

    def take(size: int) -> None:
        with budget.taking(size):
            with lock:
                under_way.append(size)
                seen.append(tuple(under_way))
            with lock:
                under_way.remove(size)

    threads = [threading.Thread(target=take, args=[size]) for size in [3, 4, 30, 5, 10, 1] * 20]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(threads)
    assert all(sum(together) <= 10 or len(together) == 1 for together in seen)
