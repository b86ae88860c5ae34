"""``doubleread why`` and ``why-not`` as a person runs them."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator

from tests.cli.conftest import DOUBLEREAD
from tests.services.built_home import MASS, NAME, BuiltHome

ESCAPE = "\x1b["


def test_a_picture_is_explained_in_text_without_colour_where_no_terminal_is(built_home: BuiltHome) -> None:
    text = built_home.run("why", f"training_set/{MASS}/10.png").stdout
    assert f"{MASS} on scan 10 of study 1" in text
    assert "2 of 3 readers with a complete reading call it true on all 4 scans: u1, u2; at least 2 needed." in text
    for section in ("Readings", "Annotation rows", "Boxes", "Picture", "How it was drawn", "Source image", "Models"):
        assert f"\n{section}\n" in text
    assert "To know" not in text
    assert NAME not in text
    assert ESCAPE not in text


def test_a_terminal_gets_colour_unless_no_color_is_set(built_home: BuiltHome) -> None:
    shown = on_terminal(built_home, "why-not", "2", MASS)
    assert f"{ESCAPE}1;31m{MASS}: rejected, readers disagree" in shown
    built_home.settings["NO_COLOR"] = "1"
    try:
        assert "31m" not in on_terminal(built_home, "why-not", "2", MASS)
    finally:
        del built_home.settings["NO_COLOR"]


def on_terminal(home: BuiltHome, *arguments: str) -> str:
    """What the command writes where standard output is a terminal."""
    ours, theirs = pty.openpty()
    environment = home.environment() | {"TERM": "xterm-256color"}
    with subprocess.Popen([DOUBLEREAD, *arguments], cwd=home.folder, env=environment, stdout=theirs):
        os.close(theirs)
        written = b"".join(_parts(ours))
    os.close(ours)
    return written.decode()


def _parts(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            yield os.read(terminal, 65536)
        except OSError:  # the other end is closed and all of it was read
            return


def test_json_has_the_same_facts(built_home: BuiltHome) -> None:
    answer = json.loads(built_home.run("why", f"{MASS}/10.png", "--json").stdout)
    assert answer["format"] == "doubleread why 1"
    assert answer["decisions"][0]["built"]["matching_readers"] == ["u1", "u2"]
    assert answer["findings"][0]["picture"]["model_run"]["invocation_id"] == answer["models"]["invocation_id"]
    rejected = json.loads(built_home.run("why-not", "3", MASS, "--json").stdout)
    assert rejected["decisions"][0]["built"]["verdict"] == "incomplete_reading"


def test_a_scan_or_study_gets_a_list_and_a_missing_picture_its_reason(built_home: BuiltHome) -> None:
    listed = built_home.run("why", "study:6").stdout
    assert all(f"{MASS}  6{view}" in listed for view in range(4))
    assert "not in the store (404)" in built_home.run("why-not", "6").stdout


def test_what_has_no_answer_exits_with_1_and_says_what_would_have_one(built_home: BuiltHome) -> None:
    unknown = built_home.run("why", "nosuch\x1b[31m", status=1)
    assert "nothing is known of nosuch\\x1b[31m: known are" in unknown.stderr
    assert unknown.stdout == ""
    several = built_home.run("why", "10", status=1)
    assert "10 may mean several things; ask for one of them:" in several.stderr
    assert "doubleread why scan:10: a scan of study 1" in several.stdout
    assert "doubleread why study:10: a study" in several.stdout
    assert "no study has the id 99" in built_home.run("why-not", "99", status=1).stderr
    assert "has_fracture is no label; labels are" in built_home.run("why-not", "1", "has_fracture", status=2).stderr


def test_wrong_settings_are_told_as_everywhere(built_home: BuiltHome) -> None:
    bare = BuiltHome(built_home.folder, {**built_home.settings, "PGDATABASE": "postgres"})
    assert "run: doubleread build" in bare.run("why", "1", status=2).stderr
