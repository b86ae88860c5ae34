"""A registered job over folders of DICOMs: every series on its own, and an output that is whole or not there."""

import errno
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.errors import DoublereadError
from orchestration.inference import (
    InferenceError,
    InferencePipeline,
    InferenceReport,
    JobConfigError,
    JobEntry,
    JobError,
    read_volume,
    write_dicoms,
)
from tests.inference.studies import SPACING, contents, read_folder, stored_volume, volume_of, write_study


def sources(out_dir: Path) -> set[str]:
    """The series that files were derived from, as their references to source images name them."""
    images = [one.SourceImageSequence[0].ReferencedSOPInstanceUID for one in read_folder(out_dir).values()]
    return {uid.rpartition(".")[0] for uid in images}


def same(volume: np.ndarray, _meta_data: dict[str, Any], _config: dict[str, Any]) -> np.ndarray:
    return volume


def job(func: Any = same, config: dict[str, Any] | None = None, **functions: Any) -> JobEntry:
    return JobEntry(
        "job", config or {}, functions.get("before", read_volume), functions.get("after", write_dicoms), func
    )


def run(entry: JobEntry, in_dir: Path, out_dir: Path, **options: Any) -> InferenceReport:
    return InferencePipeline({entry.name: entry}).execute(entry.name, in_dir, out_dir, **options)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "in", volume_of(4, 6, 8))


def test_jobs_are_registered_replaced_with_a_warning_and_unregistered(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # import-linter, which another test runs, switches off every logger that there is.
    monkeypatch.setattr(logging.getLogger("orchestration.inference.pipeline"), "disabled", False)
    pipeline = InferencePipeline()
    assert not pipeline.is_job_registered("job")
    pipeline.register(job())
    assert pipeline.is_job_registered("job")
    assert not caplog.records
    replacement = job(config={"other": 1})
    with caplog.at_level(logging.WARNING):
        pipeline.register(replacement)
    assert "the job job was registered before" in caplog.text
    assert pipeline.job("job") is replacement
    pipeline.unregister("job")
    assert not pipeline.is_job_registered("job")
    with pytest.raises(KeyError, match="no job is named job; there are none"):
        pipeline.unregister("job")
    with pytest.raises(KeyError):
        pipeline.execute("job", "in", "out")


@pytest.mark.parametrize("entry", ["job", ("job", {}, same, same, same), JobEntry("job", {}, same, same, None)])
def test_what_is_no_job_is_refused(entry: Any) -> None:
    with pytest.raises(TypeError, match="a job is a JobEntry"):
        InferencePipeline().register(entry)
    with pytest.raises(ValueError, match="must be a text"):
        InferencePipeline().register(JobEntry("\n", {}, same, same, same))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(shape=st.tuples(*(st.integers(1, 5) for _ in range(4))), seed=st.integers(0, 99), low=st.integers(-999, 999))
def test_an_untouched_volume_comes_back_with_the_pixels_that_it_had(
    tmp_path_factory: pytest.TempPathFactory, shape: tuple[int, ...], seed: int, low: int
) -> None:
    folder = tmp_path_factory.mktemp("study")
    stored = volume_of(*shape, seed=seed)
    write_study(folder / "in", stored, RescaleIntercept=low, RescaleSlope=0.37)
    run(job(), folder / "in", folder / "out")
    before, after = read_folder(folder / "in"), read_folder(folder / "out")
    assert len(before) == len(after)
    assert np.array_equal(stored_volume(folder / "in"), stored_volume(folder / "out"))
    assert len({one.SeriesInstanceUID for one in after.values()}) == 1
    assert not {one.SOPInstanceUID for one in after.values()} & {one.SOPInstanceUID for one in before.values()}
    assert {one.StudyInstanceUID for one in after.values()} == {"1.2"}


def test_the_function_gets_each_time_point_once_in_order_with_values_from_0_to_1_and_the_spacing(
    tmp_path: Path,
) -> None:
    stored = volume_of(3, 4, 5, 6)
    given_to_it = []

    def func(volume: np.ndarray, meta_data: dict[str, Any], config: dict[str, Any]) -> np.ndarray:
        given_to_it.append(volume.copy())
        assert meta_data["spacing"] == SPACING
        assert config == {"strength": 3, "kept": True}
        return volume

    entry = job(func, {"strength": 1, "kept": True})
    report = run(entry, write_study(tmp_path / "in", stored), tmp_path / "out", config={"strength": 3})
    assert [volume.shape for volume in given_to_it] == [(4, 5, 6)] * 3
    assert np.allclose(np.stack(given_to_it), stored / 4000, atol=1e-7)
    assert np.array_equal(stored_volume(tmp_path / "out"), stored)
    (outcome,) = report.series
    assert (outcome.volume_count, outcome.slice_count, outcome.file_count) == (3, 4, 12)


def test_a_constant_volume_is_given_as_zeros_and_comes_back(tmp_path: Path) -> None:
    seen = []
    entry = job(lambda volume, *_: seen.append(volume.max()) or volume)
    run(entry, write_study(tmp_path / "in", np.full((2, 3, 4), 77, np.uint16)), tmp_path / "out")
    assert seen == [0]
    assert (stored_volume(tmp_path / "out") == 77).all()


def test_every_series_is_processed_on_its_own_and_those_that_the_filters_leave_out_are_named(tmp_path: Path) -> None:
    for number, (modality, echo) in enumerate([("MR", 10), ("MR", 80), ("CT", 10)]):
        stored = volume_of(2 + number, 3, 4, seed=number)
        write_study(tmp_path / "in" / str(number), stored, uid=f"1.2.{number}", modality=modality, EchoTime=echo)
    report = run(job(config={"Modality": "MR", "EchoTime": [10, 20.0]}), tmp_path / "in", tmp_path / "out")
    assert [(one.series_instance_uid, one.status, one.reason) for one in report.series] == [
        ("1.2.0", "processed", None),
        ("1.2.1", "skipped", "the config asks for another EchoTime"),
        ("1.2.2", "skipped", "the config asks for another Modality"),
    ]
    assert [failure.item for failure in report.skipped.shown] == ["series 1.2.1", "series 1.2.2"]
    assert not report.failures.count
    assert sources(tmp_path / "out") == {"1.2.0"}
    with pytest.raises(InferenceError, match="its config chooses none of 3"):
        run(job(config={"Modality": "XA"}), tmp_path / "in", tmp_path / "none")


def not_finite(volume: np.ndarray, *_: Any) -> np.ndarray:
    volume[0, 0, 0] = np.inf
    return volume


def too_clever(*_: Any) -> np.ndarray:
    raise ValueError("the weights are for 256 x 256")


def refusing(*_: Any) -> np.ndarray:
    raise JobError("it shows too little of the breast")


@pytest.mark.parametrize(
    ("func", "reason"),
    [
        (lambda volume, *_: volume * np.nan, "its func gave NaN or infinity"),
        (not_finite, "its func gave NaN or infinity"),
        (lambda volume, *_: volume[1:], r"its func gave the shape \(3, 6, 8\) for a volume of \(4, 6, 8\)"),
        (lambda *_: None, r"its func gave the shape \(\) for a volume"),
        (lambda volume, *_: volume.astype(str), "its func gave <U32; numbers are expected"),
        (too_clever, r"its func raised ValueError at test_pipeline.py:\d+: the weights are for 256 x 256"),
        (refusing, "it shows too little of the breast"),
    ],
)
def test_a_function_that_gives_nonsense_or_fails_leaves_nothing_and_says_why(
    study: Path, tmp_path: Path, func: Any, reason: str
) -> None:
    with pytest.raises(InferenceError, match=f"the job job processed no series: series 1.2.3: {reason}"):
        run(job(func), study, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_one_series_that_fails_is_named_and_the_others_are_in_the_output(tmp_path: Path) -> None:
    write_study(tmp_path / "in" / "good", volume_of(3, 4, 5), uid="1.2.1")
    write_study(tmp_path / "in" / "gap", volume_of(9, 4, 5), uid="1.2.2")
    (tmp_path / "in" / "gap" / f"{4 * 7919 % 997:03d}.dcm").unlink()
    cut = write_study(tmp_path / "in" / "cut", volume_of(3, 4, 5), uid="1.2.3") / "000.dcm"
    cut.write_bytes(cut.read_bytes()[:-20])
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    report = run(job(), tmp_path / "in", tmp_path / "out")
    assert {one.series_instance_uid: one.status for one in report.series} == {
        "1.2.1": "processed",
        "1.2.2": "failed",
        "1.2.3": "failed",
    }
    assert {failure.item for failure in report.failures.shown} >= {"series 1.2.2", "series 1.2.3", "cut/000.dcm"}
    assert [failure.item for failure in report.passed_over.shown] == ["notes.txt"]
    assert sources(tmp_path / "out") == {"1.2.1"}


def test_a_full_disk_ends_the_run_and_leaves_what_was_there(study: Path, tmp_path: Path) -> None:
    def after(_volume: np.ndarray, _in_dir: Path, out_dir: Path) -> None:
        (out_dir / "half.dcm").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "earlier.dcm").write_bytes(b"earlier")
    with pytest.raises(InferenceError, match="could not be written, or TMPDIR is full \\(No space left on device\\)"):
        run(job(after=after), study, tmp_path / "out", overwrite=True)
    assert contents(tmp_path / "out") == {"earlier.dcm": b"earlier"}
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


def test_an_output_that_is_there_is_refused_or_replaced_as_a_whole(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "earlier.dcm").write_bytes(b"earlier")
    with pytest.raises(DoublereadError, match="out exists; --overwrite replaces it"):
        run(job(), study, out)
    with pytest.raises(InferenceError):
        run(job(refusing), study, out, overwrite=True)
    assert contents(out) == {"earlier.dcm": b"earlier"}
    run(job(), study, out, overwrite=True)
    assert set(contents(out)) == {f"{one.SOPInstanceUID}.dcm" for one in read_folder(out).values()}
    assert len(contents(out)) == len(contents(study))


@pytest.mark.parametrize("where", ["", "below", ".."])
def test_an_output_within_the_input_or_around_it_is_refused(study: Path, where: str) -> None:
    before = contents(study)
    with pytest.raises(DoublereadError, match="must not lie in one another"):
        run(job(), study, study / where, overwrite=True)
    assert contents(study) == before


def test_a_folder_without_dicom_or_without_anything_is_named(tmp_path: Path) -> None:
    with pytest.raises(DoublereadError, match="there is no folder"):
        run(job(), tmp_path / "in", tmp_path / "out")
    (tmp_path / "in").mkdir()
    for _ in range(2):
        with pytest.raises(InferenceError, match="in holds no DICOM image"):
            run(job(), tmp_path / "in", tmp_path / "out")
        (tmp_path / "in" / "notes.txt").write_text("no DICOM")


def test_the_same_run_gives_the_same_bytes_and_another_config_other_uids(study: Path, tmp_path: Path) -> None:
    def reports(*configs: dict[str, Any]) -> list[InferenceReport]:
        return [run(job(), study, tmp_path / str(number), config=config) for number, config in enumerate(configs)]

    first, again, other = reports({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 3})
    assert contents(tmp_path / "0") == contents(tmp_path / "1")
    assert first.output_sha256 == again.output_sha256 != other.output_sha256
    assert first.provenance == again.provenance
    assert (first.input_sha256, first.pixels_sha256) == (other.input_sha256, other.pixels_sha256)
    uids = [{one.SOPInstanceUID for one in read_folder(tmp_path / name).values()} for name in "012"]
    assert uids[0] == uids[1]
    assert not uids[0] & uids[2]
    assert all(uid.startswith("2.25.") for uid in uids[0])


def test_functions_of_ones_own_see_the_files_of_one_series_at_a_time_and_their_files_are_moved(tmp_path: Path) -> None:
    for number in range(2):
        write_study(tmp_path / "in" / str(number), volume_of(2, 3, 4), uid=f"1.2.{number}")
    calls: list[tuple[str, list[str]]] = []

    def before(in_dir: Path, _config: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
        calls.append(("before", sorted(read_folder(in_dir))))
        return stored_volume(in_dir), {"spacing": SPACING}

    def after(volume: np.ndarray, in_dir: Path, out_dir: Path) -> None:
        calls.append(("after", sorted(read_folder(in_dir))))
        assert not list(out_dir.iterdir())
        np.save(out_dir / f"{len(calls)}.npy", volume)

    run(job(lambda volume, *_: volume + 1, before=before, after=after), tmp_path / "in", tmp_path / "out")
    names = [sorted(f"{number}/{name}" for name in read_folder(tmp_path / "in" / str(number))) for number in range(2)]
    assert calls == [("before", names[0]), ("after", names[0]), ("before", names[1]), ("after", names[1])]
    assert set(contents(tmp_path / "out")) == {"2.npy", "4.npy"}
    assert np.array_equal(np.load(tmp_path / "out" / "2.npy"), volume_of(2, 3, 4) + 1)


def test_two_series_that_write_one_name_are_not_mixed(tmp_path: Path) -> None:
    for number in range(2):
        write_study(tmp_path / "in" / str(number), volume_of(2, 3, 4), uid=f"1.2.{number}")
    entry = job(after=lambda _volume, _in, out_dir: (out_dir / "result.dcm").write_bytes(b"result"))
    report = run(entry, tmp_path / "in", tmp_path / "out")
    assert [one.status for one in report.series] == ["processed", "failed"]
    assert "a name that another series has used" in str(report.series[1].reason)


def test_what_a_reader_of_ones_own_says_of_a_file_is_not_repeated(study: Path, tmp_path: Path) -> None:
    def before(in_dir: Path, _config: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
        raise ValueError(f"{next(iter(read_folder(in_dir).values())).PatientName} is not known")

    with pytest.raises(InferenceError, match=r"its preprocess raised ValueError at test_pipeline.py:\d+$") as raised:
        run(job(before=before), study, tmp_path / "out")
    assert "Curie" not in str(raised.value)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"x": float("nan")}, "only what JSON can"),
        ({"x": {1, 2}}, "only what JSON can"),
        ({"x": "a\0b"}, "no NUL"),
        ({"Modality": []}, "the filter Modality must be"),
        ({"Modality": {"is": "MR"}}, "the filter Modality must be"),
    ],
)
def test_a_config_that_cannot_be_is_refused_before_anything_is_read(
    tmp_path: Path, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(JobConfigError, match=message):
        run(job(), tmp_path / "nowhere", tmp_path / "out", config=config)


def test_values_beyond_what_the_stored_type_holds_become_its_limits_and_are_counted(
    study: Path, tmp_path: Path
) -> None:
    report = run(job(lambda volume, *_: volume * 100), study, tmp_path / "out")
    stored, before = stored_volume(tmp_path / "out"), stored_volume(study).astype(np.int64)
    assert np.array_equal(stored, np.minimum(before * 100, 65535))
    assert report.series[0].clipped_count == int((before * 100 > 65535).sum())
