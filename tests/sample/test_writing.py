"""The sample as a whole: the layout that ``load`` takes, and readings that mean what the scenario says."""

import csv
import json
from collections import Counter, defaultdict
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from orchestration.errors import DoublereadError
from orchestration.imaging.decode import read_image
from orchestration.labels import LABELS
from orchestration.sample import write_sample
from orchestration.sample.scenario import SCENARIO

SIZE = (208, 256)
REASONS = {"incomplete_study", "incomplete_reading", "inconsistent_reading", "single_reader", "readers_disagree"}


class Written:
    def __init__(self, folder):
        self.progress = []
        self.summary = write_sample(folder, size=SIZE, progress=lambda *counts: self.progress.append(counts))
        self.folder = folder
        self.scans = self.table("mmgscans_mmgscan")
        self.annotations = self.table("mmgscans_mmgscanannotation")

    def table(self, name):
        with (self.folder / f"{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def image(self, scan):
        return (self.folder / "blobs" / scan["png_image"]).read_bytes()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return Written(tmp_path_factory.mktemp("sample"))


def files_in(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def boxes_of(annotation):
    try:
        return json.loads(annotation["annotation_bboxes"])
    except ValueError:
        return []


def verdicts(scans, annotations):
    """The rule of the double match, told over again in the plainest way: (study, label) to "accepted" or a reason."""
    study_of = {scan["id"]: scan["mmg_study_id"] for scan in scans}
    scans_of = Counter(study_of.values())
    latest = {}
    for row in sorted(annotations, key=lambda row: (datetime.fromisoformat(row["created_at"]), int(row["id"]))):
        latest[row["mmg_scan_id"], row["user_id"]] = row
    readings = defaultdict(lambda: defaultdict(list))
    for (scan, reader), row in latest.items():
        readings[study_of[scan]][reader].append(row)
    outcome = {}
    for study, by_reader in readings.items():
        complete = {r for r, rows in by_reader.items() if scans_of[study] == 4 and len(rows) == 4}
        for label in LABELS:
            said = {reader: [row[label] == "true" for row in rows] for reader, rows in by_reader.items()}
            callers = {reader for reader, values in said.items() if any(values)}
            if not callers:
                continue
            if sum(all(said[reader]) for reader in callers & complete) >= 2:
                outcome[study, label] = "accepted"
            elif scans_of[study] != 4:
                outcome[study, label] = "incomplete_study"
            elif callers - complete:
                outcome[study, label] = "incomplete_reading"
            elif any(any(values) and not all(values) for values in said.values()):
                outcome[study, label] = "inconsistent_reading"
            else:
                outcome[study, label] = "single_reader" if len(complete) == 1 else "readers_disagree"
    return outcome


def test_the_tables_have_the_columns_of_the_contract(written):
    assert list(written.scans[0]) == [
        *("id", "mmg_study_id", "png_image", "file_name"),
        *("rows", "columns", "pixel_spacing_row", "pixel_spacing_column"),
    ]
    assert list(written.annotations[0]) == [
        *("id", "mmg_scan_id", "user_id", "annotation_bboxes"),
        *("has_benign_microcalsifications", "has_malign_microcalcifications", "has_benign_mass", "has_malign_mass"),
        "created_at",
    ]


def test_ids_are_unique_integers_and_annotations_are_of_scans_that_exist(written):
    scans = [int(scan["id"]) for scan in written.scans]
    annotations = [int(row["id"]) for row in written.annotations]
    assert len(set(scans)) == len(scans)
    assert len(set(annotations)) == len(annotations)
    assert {int(row["mmg_scan_id"]) for row in written.annotations} <= set(scans)


def test_every_time_has_a_zone(written):
    assert all(datetime.fromisoformat(row["created_at"]).tzinfo for row in written.annotations)


def test_every_scan_has_an_image_of_the_size_that_the_table_states(written):
    for scan in written.scans:
        assert read_image(written.image(scan)).shape == (int(scan["rows"]), int(scan["columns"])) == SIZE[::-1]
    images = {path.relative_to(written.folder / "blobs") for path in (written.folder / "blobs").rglob("*.png")}
    assert {str(path) for path in images} == {scan["png_image"] for scan in written.scans}


def test_twelve_studies_have_the_four_views_and_two_have_one_less_and_one_more(written):
    views = defaultdict(set)
    for scan in written.scans:
        views[scan["mmg_study_id"]].add(scan["file_name"])
    four = {"L_CC.png", "L_MLO.png", "R_CC.png", "R_MLO.png"}
    assert sum(names == four for names in views.values()) == 12
    assert sorted(Counter(map(len, views.values())).items()) == [(3, 1), (4, 12), (5, 1)]


def test_images_are_of_eight_and_sixteen_bits_and_of_dicom_under_the_same_kind_of_name(written):
    kinds = Counter()
    for scan in written.scans:
        data = written.image(scan)
        if data[128:132] == b"DICM":
            kinds["DICOM"] += 1
            continue
        with Image.open(written.folder / "blobs" / scan["png_image"]) as image:
            kinds[image.mode] += 1
            if image.mode != "L":
                assert 1023 < np.asarray(image).max() <= 4095
    assert (kinds["DICOM"], kinds["I;16"], kinds["L"]) == (4, 4, len(written.scans) - 8)


def test_the_readings_mean_what_the_scenario_expects(written):
    expected = {}
    for number, study in enumerate(SCENARIO, start=1001):
        expected |= {(str(number), label): "accepted" for label in study.accepted}
        expected |= {(str(number), label): reason for label, reason in study.rejected.items()}
    assert verdicts(written.scans, written.annotations) == expected


def test_the_summary_counts_findings_and_rejections(written):
    outcome = verdicts(written.scans, written.annotations)
    accepted = Counter(label for (_, label), verdict in outcome.items() if verdict == "accepted")
    assert written.summary.findings == {label: 4 * accepted[label] for label in LABELS}
    assert written.summary.rejections == Counter(verdict for verdict in outcome.values() if verdict != "accepted")
    assert (written.summary.studies, written.summary.scans) == (len(SCENARIO), len(written.scans))
    assert written.summary.annotations == len(written.annotations)


def test_every_label_is_accepted_somewhere_and_every_reason_occurs(written):
    assert all(written.summary.findings[label] > 0 for label in LABELS)
    assert set(written.summary.rejections) == REASONS


def test_two_and_three_readers_agree_and_a_third_says_no():
    votes = set()
    for study in SCENARIO:
        for label in study.accepted:
            readers = {reading.reader for reading in study.readings}
            positive = {reading.reader for reading in study.readings if label in reading.true}
            votes.add((len(positive), len(readers)))
    assert {(2, 2), (3, 3), (2, 3)} <= votes


def test_a_later_annotation_overrides_by_the_instant_although_its_text_sorts_first(written):
    again = defaultdict(list)
    for row in written.annotations:
        again[row["mmg_scan_id"], row["user_id"]].append(row["created_at"])
    texts = [times for times in again.values() if len(times) > 1]
    assert any(sorted(times) != sorted(times, key=datetime.fromisoformat) for times in texts)


def test_labels_are_null_somewhere_and_true_and_false_elsewhere(written):
    assert {row[label] for row in written.annotations for label in LABELS} == {"", "true", "false"}


def test_boxes_show_every_carelessness(written):
    boxes = [box for row in written.annotations for box in boxes_of(row)]
    marks = [box["mark"] for box in boxes]
    comments = [box.get("comment") for box in boxes]
    assert any(mark["x"] < 0 < mark["x"] + mark["width"] for mark in marks)
    assert any(mark["width"] < 0 and mark["height"] < 0 for mark in marks)
    assert any(mark["width"] == 0 and mark["height"] == 0 for mark in marks)
    assert None in comments
    assert {"Ben. Calc", "Mal. Calc", "Ben. Mass", "Mal. Mass"} < set(comments)
    assert any("ben. mass" in comment.lower() and "ben. calc" in comment.lower() for comment in comments if comment)
    assert sum(boxes_of(row) == [] and row["annotation_bboxes"] != "[]" for row in written.annotations) == 1


def test_a_reader_boxes_lesions_only_of_labels_called_true(written):
    kinds = dict(zip(("ben-calc", "mal-calc", "ben-mass", "mal-mass"), LABELS, strict=True))
    for row in written.annotations:
        for box in boxes_of(row):
            label = next(label for kind, label in kinds.items() if kind in box["id"])
            assert row[label] == "true"


def test_boxes_lie_on_the_side_of_the_breast(written):
    name = {scan["id"]: scan["file_name"] for scan in written.scans}
    for row in written.annotations:
        for box in boxes_of(row):
            mark = box["mark"]
            left = mark["x"] + mark["width"] / 2 < SIZE[0] / 2
            assert left == name[row["mmg_scan_id"]].startswith("L")


def test_two_readers_box_the_same_lesion_almost_alike(written):
    by_scan = defaultdict(dict)
    for row in written.annotations:
        if row["has_malign_mass"] == "true":
            for box in boxes_of(row):
                if box.get("comment") == "Mal. Mass" and box["mark"]["width"] > 0:
                    by_scan[row["mmg_scan_id"]][row["user_id"]] = box["mark"]
    pairs = [tuple(marks.values()) for marks in by_scan.values() if len(marks) == 2]
    assert pairs
    for one, other in pairs:
        assert abs(one["x"] - other["x"]) < one["width"] / 3
        assert abs(one["y"] - other["y"]) < one["height"] / 3


def test_progress_counts_every_image(written):
    total = len(written.scans)
    assert written.progress == [(done, total) for done in range(1, total + 1)]


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(tmp_path):
    for name, workers in (("one", 1), ("two", 2)):
        write_sample(tmp_path / name, studies=3, size=SIZE, workers=workers)
    assert files_in(tmp_path / "one") == files_in(tmp_path / "two")


def test_another_seed_changes_the_images_but_not_the_verdicts(tmp_path):
    for seed in (1, 2):
        write_sample(tmp_path / str(seed), studies=1, seed=seed, size=SIZE, workers=1)
    first, second = files_in(tmp_path / "1"), files_in(tmp_path / "2")
    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in first if name.suffix == ".png")


def test_more_studies_than_the_scenario_has_begin_it_anew(tmp_path):
    count = len(SCENARIO) + 1
    summary = write_sample(tmp_path, studies=count, size=(52, 64), workers=1)
    assert (summary.studies, summary.findings["has_malign_mass"]) == (count, 16)


def test_a_sample_without_studies_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one study"):
        write_sample(tmp_path, studies=0)


def test_a_project_with_other_labels_is_told_that_there_is_no_sample_for_them(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.sample.writing.LABELS", ("has_mass", "has_cyst"))
    with pytest.raises(
        DoublereadError, match=r"the sample shows has_benign_microcalsifications, .*: doubleread load and"
    ):
        write_sample(tmp_path / "sample")
    assert not (tmp_path / "sample").exists()
