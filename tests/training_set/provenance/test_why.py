"""A picture's history: who said what, which rows, which image, which runs; and what was changed since."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.training_set.provenance.answers import Answer
from orchestration.training_set.provenance.explaining import why
from orchestration.training_set.provenance.telling import markdown, told
from tests.services.built_home import MASS, NAME, BuiltHome

Change = Callable[..., None]


def ask(home: BuiltHome, question: object) -> Answer:
    return why(home.database, home.typed, str(question))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def picture(built_home: BuiltHome) -> Path:
    return built_home.training_set / MASS / "10.png"


def test_the_rule_is_told_with_who_agrees_and_who_does_not(built_home: BuiltHome) -> None:
    (decision,) = ask(built_home, f"{MASS}/10.png").decisions
    assert decision.built.verdict == decision.now.verdict == "double_matched"
    assert decision.is_current
    assert list(decision.because) == [
        "2 of 3 readers with a complete reading call it true on all 4 scans: u1, u2; at least 2 needed.",
        "u3 calls it true on none.",
    ]


def test_readings_have_their_times_answers_and_what_they_say_of_each_scan(built_home: BuiltHome) -> None:
    answer = ask(built_home, f"{MASS}/10.png")
    first = answer.study.readings[0]
    assert [reading.reader_id for reading in answer.study.readings] == ["u1", "u2", "u3"]
    assert (first.is_complete, first.annotated_scan_count) == (True, 4)
    assert (first.first_at, first.last_at) == ("2024-01-02T09:30:00+00:00",) * 2
    assert [reading.answers[MASS] for reading in answer.study.readings] == ["positive", "positive", "negative"]
    assert first.says[MASS] == dict.fromkeys(("10", "11", "12", "13"), True)


def test_annotation_rows_say_which_one_superseded_which(built_home: BuiltHome) -> None:
    rows = [row for row in ask(built_home, f"{MASS}/10.png").study.annotations if row.scan_id == "10"]
    earlier, later = (row for row in rows if row.reader_id == "u1")
    assert (earlier.counts, earlier.superseded_by, earlier.says[MASS]) == (False, later.annotation_id, False)
    assert (later.counts, later.superseded_by, later.says[MASS]) == (True, None, True)
    assert earlier.created_at is not None
    assert later.created_at is not None
    assert earlier.created_at < later.created_at


def test_each_box_has_the_row_it_is_from_and_why_it_is_this_labels(built_home: BuiltHome) -> None:
    answer = ask(built_home, f"{MASS}/10.png")
    named, only = answer.findings[0].boxes
    assert (named.reader_id, named.origin, named.pattern) == ("u1", "pattern", "Mal. Mass")
    assert (only.reader_id, only.origin, only.pattern) == ("u2", "only_label", None)
    assert (only.x, only.y, only.width, only.height) == (10, 30.5, 20, 25)
    counting = {row.reader_id: row.annotation_id for row in answer.study.annotations
                if row.counts and row.scan_id == "10"}  # fmt: skip
    assert [named.annotation_id, only.annotation_id] == [counting["u1"], counting["u2"]]


def test_the_picture_has_its_drawing_its_source_and_the_runs_and_code_that_made_it(
    built_home: BuiltHome, picture: Path
) -> None:
    answer = ask(built_home, picture)
    finding, image = answer.findings[0], answer.images[0]
    made = finding.picture
    assert (made.sha256, made.file, made.shows_the_finding) == (digest(picture), "as recorded", True)
    source = built_home.folder / "data" / "blobs" / "mmg" / "0001" / "0.png"
    assert made.source_sha256 == image.sha256 == digest(source)
    assert made.source_version
    assert image.store_url == (built_home.folder / ".doubleread" / "images").as_uri()
    assert made.drawing is not None
    assert made.drawing["caption"] == "Malignant mass"
    assert made.drawing["colours"].keys() == {"u1", "u2"}
    assert made.drawing["png"]["filter"] == "up"
    assert made.model_run == answer.models
    assert answer.models is not None
    assert answer.models.status == "succeeded"
    assert answer.models.run_id == made.run_id == image.run_id
    assert answer.models.variables["min_matching_readers"] == 2
    assert made.code_version == answer.models.code_version
    assert str(made.code_version).startswith("0.")


def test_a_run_of_dbt_is_recorded_with_dbts_own_id(built_home: BuiltHome) -> None:
    log = (built_home.folder / ".doubleread" / "dbt" / "run_results.json").read_text()
    models = ask(built_home, f"{MASS}/10.png").models
    assert models is not None
    assert f'"invocation_id": "{models.invocation_id}"' in log


def test_exports_say_which_generation_holds_the_image_on_which_side(built_home: BuiltHome) -> None:
    (export,) = ask(built_home, f"{MASS}/10.png").images[0].exports
    current = built_home.training_set / "export" / "current"
    assert list(export.generations) == [current.readlink().name]
    assert export.in_current
    assert (current / "splits" / str(export.side) / "10.png").is_symlink()
    assert export.sha256 == digest(current / "images" / "10.png")
    assert (export.bits, export.status) == (8, "made")


def test_nothing_needs_to_be_known_of_a_picture_that_is_as_it_should_be(built_home: BuiltHome, picture: Path) -> None:
    assert ask(built_home, picture).notes == []


def test_no_text_of_a_comment_or_file_name_is_in_any_form_of_an_answer(built_home: BuiltHome) -> None:
    answer = ask(built_home, "study:1")
    told_in_full = markdown(told(answer))
    assert "Annotation rows" in told_in_full
    assert NAME not in answer.model_dump_json() + told_in_full + str(told(answer))


def test_a_newer_annotation_is_named_with_what_it_would_change(built_home: BuiltHome, changed_rows: Change) -> None:
    changed_rows(
        "insert into mmgscans_mmgscanannotation "
        f"select 900, 10, 'U2', '[]', false, false, false, {MASS} is null, now() + interval '1 minute' "
        "from mmgscans_mmgscanannotation limit 1"
    )
    answer = ask(built_home, f"{MASS}/10.png")
    (decision,) = answer.decisions
    assert (decision.built.verdict, decision.now.verdict) == ("double_matched", "inconsistent_reading")
    assert not decision.is_current
    assert any("is newer than the marts" in note and note.endswith(": 900.") for note in answer.notes)
    assert any("the marts say double_matched, the readings as they are now give" in note for note in answer.notes)


def test_a_row_that_was_changed_in_its_place_is_noticed_by_what_follows_from_it(
    built_home: BuiltHome, changed_rows: Change
) -> None:
    change = "update mmgscans_mmgscanannotation set annotation_bboxes = %s where mmg_scan_id = 10 and user_id = 'U1'"
    changed_rows(change, '[{"comment": "mal. mass", "mark": {"x": 1, "y": 2, "width": 3, "height": 4}}]')
    answer = ask(built_home, f"{MASS}/10.png")
    assert [note for note in answer.notes if "the boxes of the readings as they are now are others" in note]
    assert answer.decisions[0].is_current
    changed_rows(f"update mmgscans_mmgscanannotation set {MASS} = true where user_id = 'U3'")
    answer = ask(built_home, f"{MASS}/10.png")
    assert [note for note in answer.notes if "but the readings were changed since the marts were made" in note]


def test_a_picture_that_was_changed_or_removed_is_said_to_be(built_home: BuiltHome, picture: Path) -> None:
    kept = picture.read_bytes()
    try:
        picture.write_bytes(kept + b"\0")
        answer = ask(built_home, picture)
        assert answer.file is not None
        assert answer.file.state == "changed"
        assert "The file was changed: its content is not what was made under this path." in answer.notes
        assert answer.findings[0].picture.file == "changed"
        picture.unlink()
        assert any("is not in its folder" in note for note in ask(built_home, f"{MASS}/10.png").notes)
    finally:
        picture.write_bytes(kept)
    assert ask(built_home, picture).notes == [], "its time of modification is another, its content is not"


def test_a_picture_that_shows_an_earlier_state_of_the_finding_is_said_to_be_older(
    built_home: BuiltHome, picture: Path
) -> None:
    update = "update doubleread.pictures set {0} = reverse({0}) where path = %s"
    for column, said in (("finding_hash", "is older than the finding"), ("source_sha256", "from other bytes")):
        for expected in (True, False):
            with built_home.database.connect() as connection:
                connection.execute(update.format(column).encode(), [f"{MASS}/10.png"])
            assert any(said in note for note in ask(built_home, picture).notes) == expected


def test_marts_that_no_build_made_have_no_run(built_home: BuiltHome) -> None:
    update = "update doubleread.model_runs set relations = relations || jsonb_build_object(%s::text, %s::bigint)"
    mart = "marts.double_matched_findings"
    with built_home.database.connect() as connection:
        ((oid,),) = connection.execute("select %s::regclass::oid::bigint", [mart]).fetchall()
        connection.execute(update, [mart, 1])
    try:
        answer = ask(built_home, f"{MASS}/10.png")
    finally:
        with built_home.database.connect() as connection:
            connection.execute(update, [mart, oid])
    assert answer.models is None
    assert any(note.startswith("No record says which run of dbt made the marts") for note in answer.notes)


def test_one_who_may_only_read_can_ask(built_home: BuiltHome, picture: Path) -> None:
    schemas = "public, staging, marts, doubleread"
    with built_home.database.connect() as connection:
        connection.execute("create role auditor login")
        connection.execute(f"grant usage on schema {schemas} to auditor".encode())
        connection.execute(f"grant select on all tables in schema {schemas} to auditor".encode())
    try:
        auditor = BuiltHome(built_home.folder, {**built_home.settings, "PGUSER": "auditor"})
        assert ask(auditor, picture).findings[0].picture.sha256 == digest(picture)
    finally:
        with built_home.database.connect() as connection:
            connection.execute("drop owned by auditor")
            connection.execute("drop role auditor")


def test_what_takes_long_to_import_is_left_alone() -> None:
    modules = "orchestration.training_set.provenance.explaining, orchestration.cli.app, orchestration.settings"
    code = f"import sys; import {modules}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in result.stdout.split()}
    assert "psycopg" in imported
    assert imported & {"dagster", "dbt", "numpy", "PIL", "pyarrow", "obstore", "azure", "pydicom", "duckdb"} == set()
    assert "orchestration.stores" not in result.stdout.split()


def test_a_copy_of_a_picture_is_that_picture_under_any_name(
    built_home: BuiltHome, picture: Path, tmp_path: Path
) -> None:
    copy = shutil.copy(picture, tmp_path / "mine.bin")
    answer = ask(built_home, copy)
    assert (answer.kind, answer.findings[0].scan_id, answer.recognised) == ("finding", "10", "the SHA-256 of a picture")
    assert answer.file is not None
    assert (answer.file.state, answer.file.sha256) == ("as recorded", digest(picture))
