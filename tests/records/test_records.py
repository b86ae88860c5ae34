"""A record holds what is valid, keeps the history of its diagnosis, and tells nothing about a person by accident."""

import copy
import logging
import pickle
import traceback
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestration.images import ImageError
from orchestration.records import PatientRecord, StudyRecord
from orchestration.records.study import years_between
from tests.dicom.dicoms import file_bytes, image_dataset

SECRET = "Skłodowska^Maria"
PATIENT = {"name": SECRET, "birth_date": "18671107", "sex": "F", "weight": 54.5, "patient_id": "pid-1867"}
STUDY = {
    **PATIENT,
    "modality": "MG",
    "study_date": "19031210",
    "study_time": "101112.5",
    "study_instance_uid": "1.2.840.77",
    "series_number": 2,
    "number_of_frames": 3,
    "patient_id_type": "TEXT",
}


def test_a_record_is_read_by_the_rules_of_dicom_and_shown_in_full() -> None:
    record = StudyRecord(**STUDY)
    assert (record.birth_date, record.study_time) == (date(1867, 11, 7), time(10, 11, 12, 500_000))
    assert 36 < record.age < 36.1
    shown = str(record)
    parts = (SECRET, "36 years", "1867-11-07", "54.5 kg", "pid-1867", "TEXT", "MG", "1903-12-10", "1.2.840.77")
    assert [part for part in parts if part not in shown] == []


def test_the_representation_tells_nothing_that_identifies() -> None:
    record = StudyRecord(**STUDY)
    record.update_diagnosis("radiation sickness")
    assert repr(record) == "StudyRecord(modality='MG', series_number=2, number_of_frames=3)"
    assert repr(PatientRecord(**PATIENT)) == "PatientRecord()"
    assert "sickness" not in repr(record.history) + str(record.history[0])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("age", "34"), ("age", -1), ("age", 151), ("age", "034y"), ("age", float("nan")), ("age", True),
        ("birth_date", "20240230"), ("birth_date", "2024.13.01"), ("birth_date", "1.1.2024"), ("birth_date", 20240229),
        ("sex", "female"), ("weight", 0), ("weight", "heavy"), ("name", 7), ("patient_id_type", "x^y"),
        ("modality", "TOO LONG FOR A CODE"), ("study_date", "20230229"), ("study_time", "2561"), ("study_time", "1:2"),
        ("study_instance_uid", "1.02"), ("study_instance_uid", "1." + "2" * 63), ("series_number", "1.5"),
        ("number_of_frames", 0), ("diagnosis", 7), ("shoe_size", 38),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_on_construction_and_on_assignment_and_never_repeated(field: str, value) -> None:
    with pytest.raises(ValidationError) as error:
        StudyRecord(**STUDY | {field: value})
    said = "".join(traceback.format_exception(error.value))
    assert field in str(error.value)
    assert f"'{value}'" not in said
    assert SECRET not in said
    record = StudyRecord(**STUDY)
    with pytest.raises((ValidationError, AttributeError)):
        setattr(record, field, value)
    assert record == StudyRecord(**STUDY)


def test_a_day_that_does_not_exist_is_said_to_be_none() -> None:
    with pytest.raises(ValidationError, match=r"study_date\n.*is not a date of the calendar"):
        StudyRecord(study_date="20240230")


@pytest.mark.parametrize(
    ("text", "years"),
    [("034Y", 34), ("006M", 0.5), ("010W", 70 / 365.25), ("020D", 20 / 365.25), ("000D", 0), ("", None), (" ", None)],
)
def test_ages(text: str, years: float | None) -> None:
    assert PatientRecord(age=text).age == (None if years is None else pytest.approx(years))


@pytest.mark.parametrize("text", ["20240229", "2024.02.29", "2024-02-29", " 20240229 "])
def test_dates_of_dicom_of_acr_nema_and_of_python(text: str) -> None:
    assert PatientRecord(birth_date=text).birth_date == date(2024, 2, 29)


@pytest.mark.parametrize("text", ["10", "1011", "101112", "10:11", "10:11:12.5", "101160"])
def test_times(text: str) -> None:
    assert StudyRecord(study_time=text).study_time.hour == 10


@given(st.dates(), st.integers(0, 40_000))
def test_an_age_has_whole_years_on_birthdays_alone_and_grows_with_each_day(birth: date, days: int) -> None:
    if birth.toordinal() + days + 1 > date.max.toordinal() - 366:
        return
    day = birth + timedelta(days)
    age = years_between(birth, day)
    had_birthday = (day.month, day.day) >= (birth.month, birth.day)
    assert int(age) == day.year - birth.year - (not had_birthday)
    assert age < years_between(birth, day + timedelta(1))


def test_a_missing_age_follows_the_dates_and_a_given_one_stays(caplog: pytest.LogCaptureFixture) -> None:
    record = StudyRecord(birth_date="20000101", study_date="20100101")
    assert record.age == 10
    record.study_date = "20200101"
    assert (record.age, record.contradictions) == (20, ())
    record.age = 44
    record.study_date = "20210101"
    assert (record.age, record.contradictions) == (44, ("age is not that of birth_date at study_date",))
    record.age = None
    assert (record.age, record.contradictions) == (21, ())
    record.birth_date = "20250101"
    assert (record.age, record.contradictions) == (None, ("birth_date is after study_date",))
    messages = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.WARNING]
    assert [message.partition(": ")[2] for message in messages] == [
        "age is not that of birth_date at study_date", "birth_date is after study_date"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("age", "contradicts"),
    [
        *[(age, False) for age in ("010Y", "011Y", "120M", 10.6, 11.0)],
        *[(age, True) for age in ("009Y", "012Y", 10.9)],
    ],
)
def test_an_age_may_be_rounded_and_not_more(age: str | float, contradicts: bool) -> None:
    record = StudyRecord(age=age, birth_date="20000101", study_date="20100801")
    assert bool(record.contradictions) == contradicts


def test_a_diagnosis_has_a_history_and_the_log_says_only_that_it_changed(caplog: pytest.LogCaptureFixture) -> None:
    record = StudyRecord(**STUDY)
    before = datetime.now(UTC)
    with caplog.at_level(logging.INFO):
        record.update_diagnosis("benign mass")
        record.update_diagnosis("malign mass")
    assert record.diagnosis == "malign mass"
    assert [(change.old, change.new) for change in record.history] == [
        (None, "benign mass"),
        ("benign mass", "malign mass"),
    ]
    assert before <= record.history[0].changed_at <= record.history[1].changed_at <= datetime.now(UTC)
    assert caplog.text.count("the diagnosis of a record was changed") == 2
    assert not [text for text in ("mass", SECRET, "pid-1867", "1.2.840.77") if text in caplog.text]
    for wrong in ("", "  ", None, 7):
        with pytest.raises(ValidationError):
            record.update_diagnosis(wrong)
    assert len(record.history) == 2
    with pytest.raises(AttributeError, match="update_diagnosis"):
        record.diagnosis = "none"


def test_a_record_comes_back_from_json_pickle_and_copies() -> None:
    record = StudyRecord(**STUDY, age="036Y")
    record.update_diagnosis("benign mass")
    again = StudyRecord.model_validate_json(record.model_dump_json())
    assert again == record == pickle.loads(pickle.dumps(record)) == copy.deepcopy(record)  # noqa: S301 - our own
    again.weight = 60
    assert again != record


def test_masked_text_and_json_hide_who_it_is_and_show_the_rest() -> None:
    record = StudyRecord(**STUDY)
    record.update_diagnosis("benign mass")
    for text in (record.described(masked=True), str(record.as_json(masked=True))):
        assert "MG" in text
        assert not [part for part in (SECRET, "1867", "benign", "1.2.840.77") if part in text]
    assert record.as_json()["name"] == SECRET


def test_a_name_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in str(PatientRecord(name="a\x1b[2Jb"))


@pytest.fixture
def file(tmp_path: Path):
    def write(**elements: object) -> Path:
        path = tmp_path / "a.dcm"
        path.write_bytes(file_bytes(image_dataset(np.zeros((2, 2), "u1"), **elements)))
        return path

    return write


def test_a_dicom_file_fills_patient_and_study_alike(file) -> None:
    path = file(
        PatientID="pid", PatientBirthDate="20000101", PatientSex="F", PatientWeight="61.5", TypeOfPatientID="TEXT",
        Modality="MG", StudyDate="20100101", StudyTime="0830", StudyInstanceUID="1.2.3", SeriesNumber="4",
    )  # fmt: skip
    record = StudyRecord.from_dicom(path)
    expected = StudyRecord(
        name="Curie^Marie", age=10.0, birth_date=date(2000, 1, 1), sex="F", weight=61.5, patient_id="pid",
        patient_id_type="TEXT", modality="MG", study_date=date(2010, 1, 1), study_time=time(8, 30),
        study_instance_uid="1.2.3", series_number=4, number_of_frames=1,
    )  # fmt: skip
    assert record == expected
    assert (record.patient_id_type, record.series_number) == ("TEXT", 4)
    assert PatientRecord.from_dicom(str(path)).patient_id == "pid"


def test_what_a_file_leaves_out_is_none_and_a_weight_of_zero_is_nobodys(file) -> None:
    record = StudyRecord.from_dicom(file(PatientWeight="0", PatientID="", NumberOfFrames="0"))
    assert (record.weight, record.patient_id, record.number_of_frames) == (None, None, 1)


@pytest.mark.filterwarnings("ignore:Invalid value")
def test_a_wrong_element_of_a_file_is_named_without_its_value(file) -> None:
    with pytest.raises(ValidationError) as error:
        StudyRecord.from_dicom(file(StudyDate="20240230", PatientAge="34"))
    assert [problem["loc"] for problem in error.value.errors()] == [("age",), ("study_date",)]
    assert "20240230" not in str(error.value)


def test_a_file_that_is_no_dicom_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        StudyRecord.from_dicom(tmp_path / "nosuch.dcm")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(ImageError, match="is not a DICOM file"):
        StudyRecord.from_dicom(tmp_path / "a.txt")
