"""Nothing that a hospital's inputs say of a patient, and no secret, is in any output, log or message of a build."""

import sqlite3
from pathlib import Path

import pyarrow.parquet as pq

from tests.api.live import served
from tests.privacy.conftest import PLACE_OF_PATHS, Hospital
from tests.privacy.searching import found_in, found_in_bytes

INPUTS = ("data/", "wrong ", "store/", ".env")
COPIES = ".doubleread/scans/"  # images as the store has them, which they are made of


def is_output(name: str) -> bool:
    return not name.startswith((*INPUTS, COPIES))


def test_every_word_is_in_the_inputs_as_they_were_written(planted: Hospital) -> None:
    """Otherwise nothing would be looked for."""
    folder = planted.home.folder
    held = set().union(*(words for name, words in found_in(folder, planted.planted()).items() if not is_output(name)))
    of_environment = ("PG", "AWS", "DOUBLEREAD", "column of the raw table")
    assert {word.lower() for word in planted.planted(but=of_environment)} <= held
    assert len(planted.words.planted) > 250


def test_no_command_says_a_word(planted: Hospital) -> None:
    # Where a picture comes from is asked for by those who may know it: the path in the store is part of the answer.
    answers = "".join(text for command, text in planted.said.items() if command.startswith("why"))
    assert "/0.dat" in answers
    assert found_in_bytes(answers.encode(), planted.planted(but=(PLACE_OF_PATHS,))) == set()
    said = "".join(text for command, text in planted.said.items() if not command.startswith("why"))
    assert "is a DICOM file that is cut short or damaged" in said, "what could not be read was told"
    assert "is a PNG of unknown colour type" in said
    assert "column rows: no value of its type" in said
    assert found_in_bytes(said.encode(), planted.planted()) == set()


def test_no_file_holds_a_word_but_a_path_where_paths_are_told(planted: Hospital) -> None:
    """What failed is told by its path in the store, to the person who runs it: in the records of the run."""
    words = planted.planted(but=(PLACE_OF_PATHS,))
    found = found_in(planted.home.folder, words)
    assert {name: held for name, held in found.items() if is_output(name)} == {}
    paths = found_in(planted.home.folder, planted.planted())
    of_paths = {name for name in paths if is_output(name)}
    assert "training_set/manifest.parquet" in of_paths
    assert all(name.startswith((".doubleread/dagster/", "training_set/manifest.parquet")) for name in of_paths), (
        of_paths
    )


def test_no_export_holds_a_path_of_the_store(planted: Hospital) -> None:
    export = planted.home.training_set / "export"
    assert len(list(export.rglob("*.png"))) > 20, "there is an export to search"
    assert list(export.rglob("*.tar"))
    assert list(export.rglob("*.dcm")), "there are reports of findings on DICOMs"
    assert found_in(export, planted.planted()) == {}
    assert "source_image" in pq.read_schema(planted.home.training_set / "manifest.parquet").names


def test_the_records_of_runs_were_searched(planted: Hospital) -> None:
    """Dagster's events are in there, and what the steps said."""
    databases = list((planted.home.folder / ".doubleread" / "dagster").rglob("*.db"))
    events = 0
    for path in databases:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
            events += (
                connection.execute("select count(*) from event_logs").fetchone()[0] if "event_logs" in tables else 0
            )
    assert events > 100
    assert list((planted.home.folder / ".doubleread").rglob("compute_logs"))
    assert list((planted.home.folder / ".doubleread" / "dbt").rglob("*"))


def test_the_service_says_no_word_to_those_who_may_read_and_logs_none(planted: Hospital, tmp_path: Path) -> None:
    words = planted.words
    settings = planted.home.settings | {
        "DOUBLEREAD_HOME": str(planted.home.folder / ".doubleread"),
        "DOUBLEREAD_TRAINING_SET": str(planted.home.training_set),
    }
    said: dict[str, bytes] = {}
    with served(tmp_path, settings) as live:
        for path in ("/", "/rejections/", "/agreement/", "/jobs/", "/api/findings/", "/api/rejections/",
                     "/api/agreement/", "/api/cases/", "/api/predictions/", "/api/schema/", "/metrics"):  # fmt: skip
            said[path] = live.call("GET", path).body
        finding = live.call("GET", "/api/findings/").json["results"][0]["finding_id"]
        for part in ("", "picture", "thumbnail", "scan-preview"):
            answer = live.call("GET", f"/api/findings/{finding}/{part}", role="reader")
            assert answer.status == 200
            said[f"{part} of a finding"] = answer.body
        said["page of a finding"] = live.call("GET", f"/findings/{finding}/", role="reader").body
        token, body = words.word("token that nobody has", 40), words.word("body that is no JSON")
        said["a wrong token"] = live.call("GET", "/api/findings/", role="", Authorization=f"Bearer {token}").body
        said["a token in a query"] = live.call("GET", f"/api/elements/?token={token}", role="reader").body
        said["a body"] = live.call("POST", "/api/elements/", f'{{"{body}'.encode(), role="writer").body
        said["a job"] = live.call("POST", "/job", {"input": f"../{body}"}, role="writer").body
    said["the log"] = live.log_text().encode()
    # Who may read findings sees them as the mart has them: comments of boxes, and where the image lies.
    told = {"/api/findings/", " of a finding", "page of a finding"}
    for name, data in said.items():
        but = (PLACE_OF_PATHS, "comment of a box", "id of a box") if name in told else ()
        assert found_in_bytes(data, planted.planted(but=but)) == set(), name
