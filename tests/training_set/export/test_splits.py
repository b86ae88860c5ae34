"""Sides by patient: stable, apart, and as even as chance allows."""

import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.dicom.reading import read_identity
from orchestration.training_set.export.generation import SIDES
from orchestration.training_set.export.layout import SCANS
from orchestration.training_set.export.separation import divided_patients, known_groups
from orchestration.training_set.export.splits import (
    Rule,
    StudyPatients,
    best_salts,
    group_studies,
    label_shares,
    two_sided,
)
from orchestration.training_set.export.table_check import TableError, check_tables, named_table
from tests.training_set.conftest import MASS
from tests.training_set.export.exporter import Exporter

RULE = Rule("doubleread", (0.7, 0.15, 0.15))
ids = st.text(min_size=1, max_size=3)
studies = st.dictionaries(ids, st.tuples(st.frozensets(ids, max_size=2), st.frozensets(ids, max_size=2)))


def grouped(found: dict[str, tuple[frozenset[str], frozenset[str]]]) -> dict[str, str]:
    known = [StudyPatients(study, *patients) for study, patients in found.items()]
    return {study: RULE.side(group.key) for study, group in group_studies(known).items()}


@given(studies)
def test_no_patient_is_ever_on_two_sides_however_studies_share_patients(found) -> None:
    side = grouped(found)
    rows = [
        (f"{kind} {one}", side[study])
        for study, both in found.items()
        for kind, patients in zip(("patient", "digest"), both, strict=True)
        for one in patients
    ]
    assert two_sided(rows) == {}
    groups = group_studies(StudyPatients(study, *both) for study, both in found.items())
    assert {study: RULE.side(group.key) for study, group in groups.items()} == side
    assert all(group.group_id in found for group in groups.values())


@given(st.dictionaries(ids, ids), st.dictionaries(ids, ids))
def test_studies_that_are_added_move_nobody(first: dict[str, str], more: dict[str, str]) -> None:
    """Each study is of one patient, as it should be."""
    before = grouped({study: (frozenset([patient]), frozenset()) for study, patient in first.items()})
    both = {**more, **first}
    after = grouped({study: (frozenset([patient]), frozenset()) for study, patient in both.items()})
    assert {study: after[study] for study in before} == before


@pytest.mark.parametrize("patient_known", [True, False])
def test_each_label_has_its_shares_up_to_chance(patient_known: bool) -> None:
    """Four standard deviations of a binomial, which an even hash exceeds once in 16,000 times; the salt is fixed."""
    labels = {"common": range(8000), "rare": range(0, 8000, 16)}
    known = [
        StudyPatients(str(study), frozenset([f"P{study // 2}"] if patient_known else [])) for study in labels["common"]
    ]
    groups = {study: group.key for study, group in group_studies(known).items()}
    shares = label_shares(RULE, groups, {label: [str(study) for study in found] for label, found in labels.items()})
    for label, found in labels.items():
        people = len(found) / 2 if patient_known and label == "common" else len(found)
        for side, ratio in zip(SIDES, RULE.ratios, strict=True):
            assert abs(shares[label][side] - ratio) < 4 * math.sqrt(ratio * (1 - ratio) / people), (label, side)


def test_a_salt_can_be_found_with_which_labels_come_out_better() -> None:
    labels = {name: [f"{name}{number}" for number in range(40)] for name in "ABCD"}
    groups = {study: study for found in labels.values() for study in found}
    found = best_salts(RULE, groups, labels, candidates=200)
    own = next(worst for worst, salt in found if salt == RULE.salt)
    assert found[0][0] < own
    shares = label_shares(Rule(found[0][1], RULE.ratios), groups, labels)
    assert max(abs(share["train"] - 0.7) for share in shares.values()) <= found[0][0]


def test_another_salt_is_another_split() -> None:
    keys = [f"patient {number}" for number in range(200)]
    assert [RULE.side(key) for key in keys] != [Rule("other", RULE.ratios).side(key) for key in keys]
    assert Counter(Rule("any", (1.0, 0.0, 0.0)).side(key) for key in keys) == {"train": 200}


def test_the_31_patients_of_cbis_ddsm_who_are_in_a_train_and_a_test_table_are_found(shared_data: Path) -> None:
    tables = [
        named_table(f"{side}={shared_data / 'cbis-ddsm' / f'{kind}_case_description_{side}_set.csv'}", with_side=True)
        for kind in ("calc", "mass")
        for side in ("train", "test")
    ]
    found = check_tables(tables, "patient_id", None)
    assert (found.patients, found.divided.count) == (1566, 31)
    told = " ".join(f"{failure.item} {failure.reason}" for failure in found.divided.shown)
    assert "P_" not in told, "nobody is named"
    assert all("(train)" in failure.reason and "(test)" in failure.reason for failure in found.divided.shown)


def test_tables_that_say_the_side_themselves_are_checked_whatever_lies_in_their_cells(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text('patient,side,note\n1,train,"two\nlines"\n1,test,x\n2,test,\n,train,\n2,,\n')
    found = check_tables([named_table(str(table), with_side=False)], "patient", "side")
    assert (found.rows, found.patients, found.divided.count) == (5, 2, 1)
    assert found.divided.shown[0].reason == "test and train: row 2 of a.csv (test), row 1 of a.csv (train)"
    for text, message in (("nosuch.csv", "no CSV or Parquet table"), (str(table), "no CSV or Parquet table")):
        with pytest.raises(TableError, match=message):
            check_tables([named_table(text, with_side=False)], "nosuch", None)
    with pytest.raises(TableError, match="name the side of the table"):
        named_table(str(table), with_side=True)


def test_studies_of_one_patient_are_exported_to_one_side_and_the_patient_stays_here(exporter: Exporter) -> None:
    for study in range(24):
        exporter.add(f"s{study:02}", patient=f"PLANTED {study % 8}")
    exporter.export()
    rows = exporter.table(SCANS)
    patient = {row["scan_id"]: int(row["scan_id"][1:]) % 8 for row in rows}
    assert two_sided((str(patient[row["scan_id"]]), row["side"]) for row in rows) == {}
    assert {row["group_id"] for row in rows} == {f"s{number:02}" for number in range(8)}
    assert exporter.generation.splits.patient_known == 24
    assert divided_patients(exporter.project.database, exporter.place) == []
    groups, labels = known_groups(exporter.project.database)
    assert len(set(groups.values())) == 8
    assert len(labels[MASS]) == 24


def test_the_check_finds_a_patient_who_came_to_be_on_two_sides(exporter: Exporter) -> None:
    for study in range(12):
        exporter.add(f"s{study:02}")
    exporter.export()
    sides = {row["scan_id"]: row["side"] for row in exporter.table(SCANS)}
    first, other = next((a, b) for a in sides for b in sides if sides[a] != sides[b])
    with exporter.project.database.connect() as connection:
        connection.execute(
            "update marts.trainable_scans set patient_id = 'P' where scan_id = any(%s)", [[first, other]]
        )
    assert divided_patients(exporter.project.database, exporter.place) == [sorted([first, other])]
    exporter.export()
    assert divided_patients(exporter.project.database, exporter.place) == []


def test_the_header_of_a_dicom_tells_the_patient_where_no_column_does(exporter: Exporter, shared_data: Path) -> None:
    """Real DICOMs of the shared data: each of the 52 is a study; those of one Patient ID go to one side."""
    files = sorted((shared_data / "pseudo-phi").rglob("*.dcm"))[:12]
    for number, file in enumerate(files):
        exporter.add(f"s{number:02}", image=file.read_bytes())
    exporter.export()
    rows = {row["scan_id"]: row for row in exporter.table(SCANS)}
    assert rows, "some of them can be drawn"
    found = [(str(read_identity(files[int(scan[1:])].read_bytes()).patient), row["side"]) for scan, row in rows.items()]
    assert two_sided(found) == {}
    assert exporter.generation.splits.patient_known == len(rows)
