"""Versions as a person meets them: one reading changes, and its consequences are told, explained and undone."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import DOUBLEREAD, Home

Studies = Callable[..., Path]
READING = "update mmgscans_mmgscanannotation set has_malign_mass = false where mmg_scan_id = 21 and user_id = 'U2'"


def change(home: Home, statement: str) -> None:
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGDATABASE": "dbname"}
    where = {names[name]: value for name, value in home.settings.items() if name in names}
    with psycopg.connect(**where) as connection:
        connection.execute(statement.encode())


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_after_one_reading_changed_its_consequences_are_told_explained_and_undone(
    own: Home, write_studies: Studies, tmp_path: Path
) -> None:
    own.run("load", str(write_studies(3)))
    own.run("build")
    exports = own.training_set / "export"
    first = (exports / "current").resolve()
    change(own, READING)
    own.run("build")
    second = (exports / "current").resolve()

    listed = own.run("versions").stdout
    assert re.findall(r"^ ([0-9a-f]{12}) ", listed, re.MULTILINE) == [second.name[:12], first.name[:12]]
    assert listed.count("current") == 1
    as_json = json.loads(own.run("versions", "--json", "--last", "1").stdout)
    assert [(one["generation"], one["added"], one["removed"], one["redrawn"]) for one in as_json] == [
        (second.name, 0, 4, 0)
    ]

    told = own.run("diff", "previous").stdout
    assert "0 findings added, 4 removed, 0 redrawn" in told
    assert "has_malign_mass of study 2: scans 20, 21, 22, 23; 8 boxes" in told
    assert told.count("reader ") == 1
    assert "reader u2, scan 21: annotation 12 changed: has_malign_mass yes -> no" in told
    detail = json.loads(own.run("diff", first.name[:8], second.name[:8], "--json").stdout)
    assert [one["causes"][0]["annotation_id"] for one in detail["findings_removed"]] == ["12"] * 4
    assert "Mal. Mass" not in told + json.dumps(detail), "comments stay in the database"

    again = own.run("rebuild", "previous", "--to", str(tmp_path / "again")).stdout
    assert f"version {first.name}: built again, byte for byte" in again
    assert files((tmp_path / "again" / "current").resolve()) == files(first)
    assert (exports / "current").resolve() == second
    _check_a_receiver(own, first, second)


def _check_a_receiver(own: Home, first: Path, second: Path) -> None:
    """Whoever has copies and no database sees what changed, and gets no database made."""
    folder = own.folder / "receiver"
    folder.mkdir()
    environment = {name: value for name, value in own.environment().items() if not name.startswith("PG")}
    arguments = [DOUBLEREAD, "diff", os.path.relpath(first, folder), str(second)]
    result = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert "0 findings added, 4 removed, 0 redrawn" in result.stdout
    assert "causes are not known: they need the database that the versions were made from" in result.stdout
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["versions"], "DOUBLEREAD_EXPORT"),
        (["diff", "current"], "DOUBLEREAD_EXPORT"),
        (["versions", "--to", "ftp://host"], "must start with"),
        (["rebuild", "current", "--to", "training_set/export"], "--to must name another place"),
        (["rebuild", "current", "--to", "other"], "holds no version; run: doubleread export"),
        (["diff", "0123", "--to", "training_set/export"], "has no version 0123"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(home: Home, arguments: list[str], message: str) -> None:
    if "rebuild" in arguments or "training_set/export" in arguments:
        (home.training_set / "export").mkdir(parents=True)
    result = home.run(*arguments, status=2)
    assert message in result.stdout + result.stderr
