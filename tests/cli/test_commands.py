"""The table of commands: each explains itself, and a person who reads finds it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from orchestration.cli.app import app

ROOT = Path(__file__).parents[2]
COMMANDS = {
    *("demo", "load", "build", "export", "why", "why-not", "ui", "measure", "measure threads"),
    *("splits check", "splits suggest", "verify", "versions", "diff", "rebuild"),
    *("text list", "text show", "text accept", "text refuse"),
    *("dicom2hdf5", "hdf52dicom"),
    *("serve", "token create", "token list", "token revoke"),
    *("cases index", "cases list", "cases unmatched", "cases get"),
    *("infer list", "infer run"),
    *("archives index", "archives find", "archives get", "archives reassemble", "archives plan"),
    *("inspect folder", "inspect csv", "inspect dicom"),
}


def commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """A command with all that are below it, by what a person types after ``doubleread``."""
    yield name, command
    for part, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {part}".strip())


TABLE = dict(commands(get_command(app)))


def test_the_commands_are_these() -> None:
    assert {name for name, command in TABLE.items() if not isinstance(command, TyperGroup)} == COMMANDS


def test_every_command_every_argument_and_every_option_has_help() -> None:
    assert [name for name, command in TABLE.items() if not command.help] == []
    parameters = [(name, parameter) for name, command in TABLE.items() for parameter in command.params]
    assert ("archives plan", "dicoms") in [(name, parameter.name) for name, parameter in parameters]
    assert [(name, found.name) for name, found in parameters if not getattr(found, "help", None)] == []


def test_every_command_is_named_in_the_readme_or_on_a_page_that_it_leads_to() -> None:
    text = " ".join(page.read_text() for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    named = {name for name in COMMANDS if re.search(rf"\bdoubleread {name}\b", text)}
    assert named == COMMANDS


def test_the_overview_lists_every_command_the_training_set_first() -> None:
    root = TABLE[""]
    listed = root.list_commands(None)
    assert set(listed) == set(root.commands)
    assert listed[0] == "demo"


def test_help_shows_brackets_and_lets_paragraphs_flow() -> None:
    shown = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "250"}).output
    assert "answered. Logs a JSON line for each request on standard output." in shown
    assert "pip install 'doubleread[service]'" in shown
