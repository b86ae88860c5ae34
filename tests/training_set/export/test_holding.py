"""Which generations hold an image, and on which side, in each kind of place."""

import pytest

from orchestration.settings import load_settings
from orchestration.training_set.export.holding import Destinations, Holding
from tests.training_set.conftest import png
from tests.training_set.export.exporter import Exporter

SCANS = ["A", "B", "C", "D"]


def held(exporter: Exporter, scan_id: str) -> Holding:
    """What is held of a scan's image, as the current generation's table names it."""
    (row,) = [row for row in exporter.table("annotations/scans.parquet") if row["scan_id"] == scan_id]
    return Destinations(load_settings()).holding(exporter.url, scan_id, row["sha256"])


def test_an_image_is_found_in_the_current_generation_with_its_side(exporter_anywhere: Exporter) -> None:
    for number, scan_id in enumerate(SCANS):
        exporter_anywhere.add(scan_id, image=png(number))
    exporter_anywhere.export()
    current = exporter_anywhere.generation.id
    sides = {row["scan_id"]: row["side"] for row in exporter_anywhere.table("annotations/scans.parquet")}
    assert {scan: held(exporter_anywhere, scan) for scan in SCANS} == {
        scan: Holding((current,), True, side) for scan, side in sides.items()
    }


def test_a_folder_shows_older_generations_as_well_and_only_those_of_the_same_content(exporter: Exporter) -> None:
    for number, scan_id in enumerate(SCANS):
        exporter.add(scan_id, image=png(number))
    exporter.export()
    first, before = exporter.generation.id, held(exporter, "A")
    assert before.generations == (first,)
    (exporter.project.store_folder / "mmg" / "A.png").write_bytes(png(99))
    exporter.export()
    second = exporter.generation.id
    assert held(exporter, "A").generations == (second,)
    assert held(exporter, "B").generations == tuple(sorted((first, second)))
    assert held(exporter, "B").in_current


@pytest.mark.parametrize("scan_id", ["A", "../../A", "nosuch", "\0"])
def test_where_nothing_was_exported_nothing_is_held(exporter: Exporter, scan_id: str) -> None:
    assert Destinations(load_settings()).holding(exporter.url, scan_id, "0" * 64) == Holding()


def test_a_store_in_which_nothing_was_exported_holds_nothing(exporter_anywhere: Exporter) -> None:
    assert exporter_anywhere.place
    assert Destinations(load_settings()).holding(exporter_anywhere.url, "A", "0" * 64) == Holding()
