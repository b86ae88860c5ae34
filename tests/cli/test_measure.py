"""``doubleread measure``: files to lines, JSON, Parquet and the database; and the page of the documents about it."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from orchestration.database import Database
from tests.cli.conftest import DOUBLEREAD, Home, rows

PAGE = (Path(__file__).parents[2] / "docs" / "measurements.md").read_text()
ELEMENTS = "select id from doubleread.elements order by id"


@pytest.fixture
def stored(home: Home, database: Database) -> Home:
    """A home whose database is a server of one's own."""
    home.settings |= database.libpq_environment
    return home


def put(home: Home, name: str, *ids: str, data: str = "1 2 3") -> None:
    elements = {str(place): {"id": id_, "data": [data], "deviceName": "CT SCAN"} for place, id_ in enumerate(ids)}
    (home.folder / name).write_text(json.dumps(elements))


def test_every_command_of_the_page_gives_what_the_page_shows(stored: Home) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (stored.folder / "elements.json").write_text(example)
    (session,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    commands = re.findall(r"^\$ doubleread (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
    assert len(commands) == 4
    for command, shown in commands:
        assert stored.run(*shlex.split(command), status=1).stdout == shown, command
    assert rows(stored.settings, ELEMENTS) == [("aabbcc1",), ("aabbcc2",)]
    assert pq.read_table(stored.folder / "averages.parquet").column("id").to_pylist() == ["aabbcc1", "aabbcc2"]
    assert len((stored.folder / "today.log").read_text().splitlines()) == 3


def test_every_error_of_the_page_is_there_with_its_code() -> None:
    from orchestration import measurements  # noqa: PLC0415
    from orchestration.measurements.errors import ElementError  # noqa: PLC0415

    told = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(told) == sorted((kind.code, kind.__name__) for kind in ElementError.__subclasses__())
    assert all(hasattr(measurements, name) for _, name in told if name != "UnreadableElementError")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code.replace("measure(element)", "found = measure(element)"), found := {})  # noqa: S102 - the page's own
    assert str(found["found"]) in code


def test_what_fails_is_named_and_the_rest_is_done(home: Home) -> None:
    put(home, "a.json", "good", "bad\n[red]", data="7 7")
    put(home, "b.json", "good", "other")
    (home.folder / "c.json").write_text('{"1": {"id": "last", "data": ["5"], "deviceName": "x"}, ')
    said = home.run("measure", "a.json", "none.json", "b.json", "c.json", status=1)
    assert [line.split(":")[0] for line in said.stdout.splitlines() if "average" in line] == [
        "good",
        "bad\\n[red]",
        "other",
        "last",
    ]
    assert "4 elements measured, 3 failed; log measure.log" in said.stdout
    assert "  none.json: it cannot be read: No such file or directory" in said.stdout
    assert "  good: repeated id: an earlier element has it already" in said.stdout
    assert "  c.json: it is not JSON from character 57 on: the file is cut off" in said.stdout
    put(home, "d.json")
    assert home.run("measure", "d.json").stdout == "0 elements measured, 0 failed; log measure.log\n"
    assert home.run("measure", "d.json", "--json").stdout == "[]\n"


def test_storing_again_changes_nothing_and_other_data_are_refused(stored: Home) -> None:
    put(stored, "a.json", "a", "b")
    stored.run("measure", "a.json", "--store")
    stored.run("measure", "a.json", "--store")
    put(stored, "b.json", "b", "c", data="9")
    said = stored.run("measure", "b.json", "--store", status=1)
    assert "  b: not stored: the database holds this id with other data or of another device" in said.stdout
    assert "[database] b: failed: not stored" in (stored.folder / "measure.log").read_text()
    assert rows(stored.settings, ELEMENTS) == [("a",), ("b",), ("c",)]


def test_usage_is_explained(home: Home) -> None:
    put(home, "a.json", "a")
    assert "exclude each other" in home.run("measure", "a.json", "--json", "--parquet", "x", status=2).stderr
    assert "cannot be written" in home.run("measure", "a.json", "--log", "a.json/log", status=2).stderr
    assert "cannot be written" in home.run("measure", "a.json", "--parquet", "none/x.parquet", status=2).stderr
    assert "Missing argument" in home.run("measure", status=2).stderr
    assert "doubleread measure threads" in home.run("measure", "--help").stdout
    assert "doubleread measure threads [OPTIONS]" in home.run("measure", "threads", "--help").stdout
    put(home, "threads", "a")
    assert "a: average" in home.run("measure", "./threads").stdout


def test_threads_print_and_log_their_numbers_in_order(home: Home) -> None:
    printed = home.run("measure", "threads", "--interval", "0", "--log", "count.log").stdout
    assert printed == (home.folder / "count.log").read_text()
    found = re.findall(r"^\S+ \S+ \[(even|odd)\] (\d+)$", printed, re.MULTILINE)
    assert len(found) == len(printed.splitlines()) == 200
    assert [int(number) for name, number in found if name == "even"] == list(range(2, 201, 2))
    assert [int(number) for name, number in found if name == "odd"] == list(range(1, 201, 2))


def test_a_reader_that_has_enough_ends_the_command_quietly(home: Home) -> None:
    put(home, "a.json", *(f"e{number}" for number in range(20_000)))
    command = [DOUBLEREAD, "measure", "a.json"]
    with subprocess.Popen(
        command, cwd=home.folder, env=home.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        os.read(process.stdout.fileno(), 100)
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
        assert process.wait(60) == 1
