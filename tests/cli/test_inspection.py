"""``doubleread inspect``, as docs/inspection.md shows it."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from tests.cli.conftest import Home
from tests.inspection.ward import write_ward

PAGE = Path(__file__).parents[2] / "docs" / "inspection.md"
SHOWN = [
    (command, output)
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for command, output in re.findall(r"^\$ doubleread (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """The folder of the page, in the current folder."""
    return write_ward(tmp_path / "ward")


def run(*arguments: str, status: int = 0) -> str:
    """What a command writes to standard output, in this process."""
    result = CliRunner().invoke(app, ["inspect", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stdout if status == 0 else result.stderr


def squeezed(text: str) -> list[str]:
    """Lines without blanks at their ends, and the size that this file system gives a folder."""
    lines = [re.sub(r"^(directory +)[\d,]+", r"\1", line.rstrip()) for line in text.splitlines()]
    return [re.sub(" +", " ", line) for line in lines if line]


@pytest.mark.usefixtures("ward")
def test_the_page_shows_what_the_commands_print() -> None:
    assert len(SHOWN) == 6
    for command, output in SHOWN:
        arguments = command.removeprefix("inspect ").split()
        said = run(*arguments, status=1 if "ragged" in command else 0)
        assert squeezed(said) == squeezed(output), command


@pytest.mark.usefixtures("ward")
def test_the_pages_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - the page is ours
    assert (names["pulse"], names["record"].diagnosis) == (81, "benign mass")


def test_json_has_the_keys_that_scripts_read(ward: Path) -> None:
    listed = json.loads(run("folder", str(ward), "--recursive", "--json"))
    assert (listed["total"], len(listed["entries"])) == (5, 5)
    assert {"name": "old/ragged.csv", "kind": "file", "size": 24} in listed["entries"]
    table = json.loads(run("csv", str(ward / "readings.csv"), "--json", "--population"))
    assert table.keys() == {"rows", "columns"}
    figures = {"count": 3, "missing": 1, "mean": 81, "standard_deviation": pytest.approx(7.788881), "minimum": 72}
    assert table["columns"][2] == {"name": "pulse", "numeric": True, "maximum": 91} | figures
    file = json.loads(run("dicom", str(ward / "ct.dcm"), "--json", "--tag", "Manufacturer", "--show-phi"))
    assert list(file) == [
        *("patient_name", "study_date", "modality", "transfer_syntax", "frames", "rows", "columns", "elements")
    ]
    assert (file["patient_name"], file["elements"]["Manufacturer"]) == ("CompressedSamples^CT1", "GE MEDICAL SYSTEMS")
    record = json.loads(run("dicom", str(ward / "ct.dcm"), "--json", "--record"))
    assert (record["modality"], record["name"], record["contradictions"]) == ("CT", "***", [])


def test_names_are_escaped_in_lines_and_whole_in_json(ward: Path) -> None:
    odd = b"a\nb\x1b[2J\xff"
    (ward / "old" / odd.decode(errors="surrogateescape")).touch()
    lines = run("folder", str(ward / "old"))
    assert len(lines.splitlines()) == 3
    assert r"a\nb\x1b[2J\udcff" in lines
    (entry, _) = json.loads(run("folder", str(ward / "old"), "--json"))["entries"]
    assert entry["name"].encode(errors="surrogateescape") == odd


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("folder", "nosuch"), 1, "nosuch: there is no such folder"),
        (("folder", "ward/ct.dcm"), 1, "ward/ct.dcm is no folder"),
        (("csv", "nosuch.csv"), 1, "nosuch.csv: there is no such file"),
        (("csv", "ward"), 1, "ward is a directory"),
        (("csv", "ward/ct.dcm"), 1, "is not a table"),
        (("dicom", "nosuch.dcm"), 1, "nosuch.dcm: there is no such file"),
        (("dicom", "ward/readings.csv"), 1, "is not a DICOM file"),
        (("dicom", "ward/readings.csv", "--record"), 1, "is not a DICOM file"),
        (("dicom", "nosuch.dcm", "--record"), 1, "nosuch.dcm: No such file"),
        (("dicom", "ward/cut.dcm"), 1, "cut short"),
        (("dicom", "ward/ct.dcm", "--tag", "PatientNames"), 2, "PatientNames is no keyword"),
        (("dicom", "ward/ct.dcm", "--tag", "Rows", "--record"), 2, "not both"),
    ],
)
def test_errors_name_the_file_and_say_why(ward: Path, arguments: tuple[str, ...], status: int, said: str) -> None:
    (ward / "cut.dcm").write_bytes((ward / "ct.dcm").read_bytes()[:20_000])
    assert said in run(*arguments, status=status).replace("\n", " ")


def test_a_record_that_cannot_be_is_explained_field_by_field(ward: Path) -> None:
    path = ward / "wrong.dcm"
    path.write_bytes((ward / "ct.dcm").read_bytes().replace(b"20040119", b"20040231"))
    said = run("dicom", str(path), "--record", status=1)
    assert "StudyDate: is not a date of the calendar" in said
    assert "20040231" not in said


def test_an_element_that_cannot_be_read_is_named_after_the_others(ward: Path) -> None:
    path = ward / "wrong.dcm"
    path.write_bytes((ward / "ct.dcm").read_bytes().replace(b"(\x00\x10\x00US", b"(\x00\x10\x00LO"))
    assert "Rows cannot be read" in run("dicom", str(path), status=1)


def test_the_installed_command_names_a_folder_that_it_cannot_read(home: Home) -> None:
    write_ward(home.folder / "ward")
    assert "5 entries" in home.run("inspect", "folder", "ward", "--recursive").stdout
    deep = home.folder / "deep"
    script = "mkdir deep && cd deep && for i in $(seq 500); do mkdir dddddddddd && cd -P dddddddddd; done"
    subprocess.run(["bash", "-c", script], cwd=home.folder, check=True)
    result = home.run("inspect", "folder", str(deep), "--recursive", "--count", status=1)
    assert "File name too long" in result.stderr
    assert "entries, directory" in result.stdout
