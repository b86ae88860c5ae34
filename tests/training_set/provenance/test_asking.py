"""What a question is about: paths, files, digests, ids; and what is told where it is none or several of them."""

import shutil
import time
from pathlib import Path

import pytest

from orchestration.database import DatabaseError
from orchestration.training_set.provenance.answers import Answer
from orchestration.training_set.provenance.asking import AmbiguousError, NoAnswerError
from orchestration.training_set.provenance.explaining import why, why_not
from orchestration.training_set.provenance.records import NotBuiltError
from tests.services.built_home import MASS, BuiltHome
from tests.training_set.provenance.test_why import digest


def ask(home: BuiltHome, question: object) -> Answer:
    return why(home.database, home.typed, str(question))


def about(answer: Answer) -> tuple[str, str, list[str]]:
    return answer.kind, answer.study.study_id, [image.scan_id for image in answer.images]


FINDING, SCAN, STUDY = ("finding", "1", ["10"]), ("scan", "1", ["10"]), ("study", "1", ["10", "11", "12", "13"])


def test_a_path_of_a_picture_is_its_finding_wherever_the_folder_is_said_to_be(built_home: BuiltHome) -> None:
    for path in (f"{MASS}/10.png", f"training_set/{MASS}/10.png", f"/elsewhere/{MASS}/10.png"):
        assert about(ask(built_home, path)) == FINDING


def test_ids_are_those_of_findings_scans_and_studies(built_home: BuiltHome) -> None:
    finding_id = ask(built_home, f"{MASS}/10.png").findings[0].finding_id
    assert about(ask(built_home, finding_id)) == about(ask(built_home, f"finding:{finding_id}")) == FINDING
    assert about(ask(built_home, "scan:10")) == SCAN
    assert about(ask(built_home, "study:1")) == about(ask(built_home, "1")) == STUDY
    assert about(ask(built_home, "11"))[0] == "scan"


def test_digests_and_their_beginnings_are_those_of_pictures_exported_and_retrieved_images(
    built_home: BuiltHome,
) -> None:
    picture = digest(built_home.training_set / MASS / "10.png")
    exported = digest(built_home.training_set / "export" / "current" / "images" / "10.png")
    retrieved = digest(built_home.folder / "data" / "blobs" / "mmg" / "0001" / "0.png")
    for sha256, expected in ((picture, FINDING), (exported, SCAN), (retrieved, SCAN)):
        assert about(ask(built_home, sha256)) == about(ask(built_home, sha256[:8])) == expected
    assert about(ask(built_home, f"objects/{exported[:2]}/{exported}.png")) == SCAN


def test_digests_and_ids_of_findings_may_be_in_capitals(built_home: BuiltHome) -> None:
    sha256 = digest(built_home.training_set / MASS / "10.png").upper()
    finding_id = ask(built_home, f"{MASS}/10.png").findings[0].finding_id.upper()
    assert about(ask(built_home, sha256)) == about(ask(built_home, sha256[:8])) == FINDING
    assert about(ask(built_home, finding_id)) == about(ask(built_home, f"finding:{finding_id}")) == FINDING


def test_files_of_exports_and_of_the_source_are_known_by_their_content(built_home: BuiltHome, tmp_path: Path) -> None:
    exported = built_home.training_set / "images" / "10.png"
    source = built_home.folder / "data" / "blobs" / "mmg" / "0001" / "0.png"
    assert about(ask(built_home, exported)) == SCAN
    both = "the SHA-256 of an exported image and the SHA-256 of a retrieved image"
    assert ask(built_home, exported).recognised == both, "a grey PNG keeps its bytes"
    assert about(ask(built_home, shutil.copy(source, tmp_path / "anything"))) == SCAN


def test_no_question_reads_a_large_table_whole(built_home: BuiltHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """With sequential scans made as dear as can be, only a table without an index for the question is read so."""
    picture = built_home.training_set / MASS / "10.png"
    exported = built_home.training_set / "images" / "10.png"
    finding_id = ask(built_home, picture).findings[0].finding_id
    monkeypatch.setenv("PGOPTIONS", "-c enable_seqscan=off")
    before = read_whole(built_home)
    assert {"marts.trainable_scans", "doubleread.pictures", "public.mmgscans_mmgscanannotation"} <= before.keys()
    for question in (picture, exported, f"{MASS}/10.png", digest(picture)[:9], finding_id, "scan:10", "study:1", "11"):
        ask(built_home, question)
    why_not(built_home.database, built_home.typed, "2")
    assert read_whole(built_home) == before


def read_whole(home: BuiltHome) -> dict[str, int]:
    """How often each large table was read whole so far, once nobody is asking any more."""
    asking = "select from pg_stat_activity where application_name = 'doubleread why'"
    counts = "select schemaname || '.' || relname, seq_scan from pg_stat_user_tables where relname <> 'model_runs'"
    with home.database.connect() as connection:
        connection.autocommit = True
        while connection.execute(asking).fetchone() is not None:
            time.sleep(0.01)
        return dict(connection.execute(counts).fetchall())


def test_a_number_that_is_a_scan_and_a_study_lists_what_to_ask_instead(built_home: BuiltHome) -> None:
    with pytest.raises(AmbiguousError) as error:
        ask(built_home, "10")
    assert list(error.value.candidates) == [("scan:10", "a scan of study 1"), ("study:10", "a study")]
    for question, _ in error.value.candidates:
        ask(built_home, question)


@pytest.mark.parametrize(
    "question",
    [
        "nosuch", "99999", f"{MASS}/99.png", "0123abcd", "0" * 32, "0" * 64, "scan:99", "study:", "'; drop table x; --",
        "", "\0", "\ud800", "%s", "10.png", "/", "a/" * 3000,
    ],
)  # fmt: skip
def test_what_is_unknown_has_no_answer_and_says_what_would_be_known(built_home: BuiltHome, question: str) -> None:
    with pytest.raises(NoAnswerError, match="known are files and paths of pictures"):
        ask(built_home, question)


def test_a_file_of_other_content_has_no_answer(built_home: BuiltHome, tmp_path: Path) -> None:
    (tmp_path / "other.png").write_bytes(b"other")
    with pytest.raises(NoAnswerError, match="nothing is known of the content of the file"):
        ask(built_home, tmp_path / "other.png")


def test_a_file_whose_name_is_an_id_is_that_id_where_its_content_is_nothing(
    built_home: BuiltHome, tmp_path: Path
) -> None:
    (tmp_path / "11").write_bytes(b"notes")
    assert about(ask(built_home, "11"))[0] == "scan"


def test_raw_tables_that_were_loaded_anew_need_a_build(built_home: BuiltHome) -> None:
    rename = "alter view staging.stg_annotations__{} rename to stg_annotations__{}"
    with built_home.database.connect() as connection:
        connection.execute(rename.format("annotations_now", "gone").encode())
    try:
        with pytest.raises(NotBuiltError, match="loaded anew"):
            ask(built_home, "1")
    finally:
        with built_home.database.connect() as connection:
            connection.execute(rename.format("gone", "annotations_now").encode())


def test_one_who_may_not_read_is_told_what_to_grant(built_home: BuiltHome) -> None:
    with built_home.database.connect() as connection:
        connection.execute("create role stranger login")
    try:
        with pytest.raises(DatabaseError, match=r"PGUSER may not read what an answer needs .*; grant usage"):
            ask(BuiltHome(built_home.folder, {**built_home.settings, "PGUSER": "stranger"}), "1")
    finally:
        with built_home.database.connect() as connection:
            connection.execute("drop role stranger")


def test_without_models_the_build_is_asked_for(built_home: BuiltHome) -> None:
    bare = BuiltHome(built_home.folder, {**built_home.settings, "PGDATABASE": "postgres"})
    with pytest.raises(NotBuiltError, match="run: doubleread build"):
        ask(bare, "1")
