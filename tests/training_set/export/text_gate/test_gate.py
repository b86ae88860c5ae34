"""A scan with text in its pixels is exported once a person has accepted it."""

import io
import re
import sys
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from orchestration.imaging.text import TextMissingError
from orchestration.training_set.export.records import failed_images
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.text_gate.records import Verdict, add_decision
from orchestration.training_set.export.text_gate.review import ScanWithText, scans_with_text
from tests.imaging.text.planting import MARKERS, ground, write
from tests.training_set.export.exporter import Exporter

NAME = "DOE JANE 1952"


def png(image: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(image).save(data, "PNG")
    return data.getvalue()


NAMED = png(write(ground(), NAME, 4, 4))
MARKED = png(write(ground(), "R MLO", 300, 20, size=44))


@pytest.fixture
def gated(exporter: Exporter) -> Exporter:
    """An exporter that looks for text; scan 1 has a name on it, scan 2 a view marker, scan 3 nothing."""
    exporter.options = ExportOptions(check_text=True, markers=MARKERS)
    exporter.add("1", image=NAMED)
    exporter.add("2", image=MARKED)
    exporter.add("3", image=png(ground()))
    return exporter


def exported_scans(exporter: Exporter) -> list[str]:
    return [row["scan_id"] for row in exporter.table("annotations/scans.parquet")]


def reasons(exporter: Exporter) -> dict[str, str]:
    return {failure.item: failure.reason for failure in exporter.export().failures.shown}


def with_text(exporter: Exporter, *scan_ids: str) -> list[ScanWithText]:
    with exporter.project.database.connect() as connection:
        return scans_with_text(connection, store_url=exporter.project.store.url, scan_ids=scan_ids or None)


def decide(exporter: Exporter, decision: Verdict) -> None:
    (scan,) = with_text(exporter, "1")
    with exporter.project.database.connect() as connection:
        add_decision(connection, scan.source_sha256, decision, "Curie")


def test_a_scan_with_a_name_is_withheld_by_name_until_it_is_accepted(gated: Exporter) -> None:
    assert reasons(gated) == {
        "1": "text found top left; look with: doubleread text show 1; then: doubleread text accept 1, or refuse"
    }
    assert exported_scans(gated) == ["2", "3"]
    assert [failure.item for failure in failed_images(gated.project.database, gated.url).shown] == ["mmg/1.png"]
    decide(gated, "accepted")
    assert reasons(gated) == {}
    assert exported_scans(gated) == ["1", "2", "3"]
    assert failed_images(gated.project.database, gated.url).count == 0


def test_a_refusal_is_named_and_the_last_decision_counts(gated: Exporter) -> None:
    gated.export()
    decide(gated, "accepted")
    decide(gated, "refused")
    assert reasons(gated) == {"1": "text found top left; refused by Curie"}
    (scan,) = with_text(gated)
    assert scan.decision is not None
    assert (scan.decision.decision, scan.decision.decided_by) == ("refused", "Curie")
    decide(gated, "accepted")
    assert reasons(gated) == {}


def test_an_image_that_changed_is_accepted_anew(gated: Exporter) -> None:
    gated.export()
    decide(gated, "accepted")
    assert reasons(gated) == {}
    path = gated.project.store_folder / "mmg" / "1.png"
    path.write_bytes(png(write(ground(), "ROE RICHARD", 4, 4)))
    assert list(reasons(gated)) == ["1"]
    assert exported_scans(gated) == ["2", "3"]


def test_an_image_that_was_exported_before_anyone_looked_is_withheld_as_well(gated: Exporter) -> None:
    options, gated.options = gated.options, ExportOptions()
    gated.export()
    assert exported_scans(gated) == ["1", "2", "3"]
    gated.options = options
    assert list(reasons(gated)) == ["1"]
    assert exported_scans(gated) == ["2", "3"]


def test_each_content_is_looked_at_once(gated: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    gated.add("4", image=MARKED)
    gated.export()
    monkeypatch.setattr("orchestration.training_set.export.text_gate.gate.look", _fails)
    assert list(reasons(gated)) == ["1"]
    rows = gated.project.rows("select count(*), count(distinct source_sha256) from doubleread.text_findings")
    assert rows == [(3, 3)]


def _fails(_task: object) -> None:
    raise AssertionError("it was looked at before")


def test_other_markers_are_another_look(gated: Exporter) -> None:
    gated.export()
    gated.options = ExportOptions(check_text=True)  # no marker at all
    assert list(reasons(gated)) == ["1", "2"]


def _cut(image: bytes) -> bytes:
    return image[: len(image) // 2]


@pytest.mark.parametrize(
    ("damage", "message"), [(_cut, "can't be looked at for text"), (lambda _: b"x", "neither PNG")]
)
def test_what_cannot_be_looked_at_is_withheld(gated: Exporter, damage: Callable[[bytes], bytes], message: str) -> None:
    gated.add("5", image=damage(NAMED))
    found = reasons(gated)
    assert message in found["5"]
    assert exported_scans(gated) == ["2", "3"]


def test_what_the_text_says_is_in_no_table_file_or_message(gated: Exporter) -> None:
    said = repr(gated.export())
    tables = gated.project.rows("select table_name from information_schema.tables where table_schema = 'doubleread'")
    for (table,) in tables:
        said += repr(gated.project.rows(f"select * from doubleread.{table}"))
    said += "".join(path.read_text("latin-1") for path in gated.folder.rglob("*") if path.is_file())
    assert "top left" in said
    # The year and DOE stand among digests and compressed pixels by chance, once in some twenty runs.
    assert not re.search("JANE|doe ?jane", said)


def test_without_the_option_nobody_looks(gated: Exporter) -> None:
    gated.options = ExportOptions()
    assert reasons(gated) == {}
    assert gated.project.rows("select count(*) from doubleread.text_findings") == [(0,)]


def test_the_extra_is_named_where_it_is_missing(gated: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(TextMissingError, match=r"doubleread\[text\]"):
        gated.export()
