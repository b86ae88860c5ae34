"""The wheel is whole: installed in an empty environment it works in an empty folder, and writes only there."""

import http.client
import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orchestration.labels import LABELS
from tests.cli.conftest import stop_embedded_server
from tests.services.page import page

ROOT = Path(__file__).parents[1]
DBT = "from dbt.cli.main import cli; cli()"
LOCATIONS = "{ workspaceOrError { ... on Workspace { locationEntries { name locationOrLoadError { __typename } } } } }"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and sees the dependencies of the one that runs the tests."""
    folder = tmp_path_factory.mktemp("installed")
    _run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder], cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "venv"
    venv.create(environment, with_pip=True)
    _run(
        [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel],
        cwd=folder,
    )
    # A path in a .pth file is searched, the .pth files in it are not read: the editable installation stays unseen.
    (_packages(environment) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    script = environment / "bin" / "dbt"  # as an installer would have written it
    script.write_text(f"#!{environment / 'bin' / 'python'}\n{DBT}\n")
    script.chmod(0o755)
    return environment


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("w")
    yield folder
    stop_embedded_server(folder / ".doubleread" / "postgres")


def _packages(environment: Path) -> Path:
    (packages,) = environment.glob("lib/python*/site-packages")
    return packages


def _run(command: list[str | Path], cwd: Path, env: dict[str, str] | None = None) -> str:
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def _files(environment: Path) -> set[Path]:
    files = (_packages(environment) / "orchestration").rglob("*")
    return {path for path in files if path.name != "__pycache__" and path.suffix != ".pyc"}


def test_what_the_wheel_holds_is_enough_for_every_command(installed: Path, empty: Path) -> None:
    doubleread = installed / "bin" / "doubleread"
    environment = {"HOME": str(empty), "PATH": os.defpath, "COLUMNS": "200"}
    before = _files(installed)

    def run(*arguments: str) -> str:
        return _run([doubleread, *arguments], cwd=empty, env=environment)

    assert "doubleread" in run("--version")
    assert "index" in run("cases", "--help")
    assert "reassemble" in run("archives", "--help")
    run("demo")
    pictures = {path: path.stat().st_mtime_ns for path in (empty / "training_set").glob("*/*.png")}
    assert {path.parent.name for path in pictures} == {*LABELS, "images"}
    run("build")
    assert {path: path.stat().st_mtime_ns for path in pictures} == pictures
    with page(empty, environment, doubleread) as address:
        assert _loaded_locations(address) == [("doubleread", "RepositoryLocation")]
    assert _files(installed) == before, "nothing is written where the package is installed"
    assert {path.name for path in empty.iterdir()} <= {".doubleread", "training_set", "ui.log", ".cache", ".dagster"}


def _loaded_locations(address: str) -> list[tuple[str, str]]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request("POST", "/graphql", json.dumps({"query": LOCATIONS}), {"Content-Type": "application/json"})
    entries = json.loads(connection.getresponse().read())["data"]["workspaceOrError"]["locationEntries"]
    connection.close()
    return [(entry["name"], entry["locationOrLoadError"]["__typename"]) for entry in entries]
