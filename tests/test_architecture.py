"""The layering of the house, and the code location as a server loads it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]


def test_rooms_know_each_other_only_as_the_contracts_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_code_location_loads_as_workspace_yaml_names_it_without_a_database(tmp_path: Path) -> None:
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    target = location["python_module"]
    result = subprocess.run(
        [Path(sys.executable).parent / "dagster", "definitions", "validate", "-m", target["module_name"]],
        cwd=ROOT / target["working_directory"],
        env={"PATH": "", "DOUBLEREAD_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path), "PGHOST": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert not list(tmp_path.glob("postgres")), "no server was started"


def test_no_file_and_no_function_is_longer_than_a_reader_can_hold() -> None:
    long_files = [
        path.relative_to(ROOT)
        for folder in ("orchestration", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts and len(path.read_text().splitlines()) > 400
    ]
    assert long_files == []
