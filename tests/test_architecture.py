"""The layering of the house, the size of its parts, and the code location as a server loads it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from importlinter.cli import lint_imports

from orchestration.transformations import prepare_manifest

ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for folder in ("orchestration", "tests", "benchmarks", "docs", ".ci")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in path.parts
]


def test_rooms_know_each_other_only_as_the_contracts_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_code_location_loads_as_workspace_yaml_names_it_without_a_database(tmp_path: Path) -> None:
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    target = location["python_module"]
    prepare_manifest()
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
    """A function's signature and docstring are read by its callers; what it does is the rest of it."""
    assert Path(__file__) in SOURCES
    assert {path: lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 400} == {}
    bodies = {(path, function.name): lines_of_body(function) for path in SOURCES for function in functions(path)}
    assert {function: lines for function, lines in bodies.items() if lines > 50} == {}


def test_every_long_private_function_says_what_it_is_for() -> None:
    long = {
        (path, function.name): ast.get_docstring(function)
        for path in SOURCES
        if path.is_relative_to(ROOT / "orchestration")
        for function in functions(path)
        if function.name.startswith("_") and not function.name.endswith("__") and lines_of_body(function) > 12
    }
    assert len(long) > 50, "there are such functions to look at"
    assert [function for function, said in long.items() if not said] == []


def test_every_test_is_in_a_module_that_pytest_collects_and_every_such_module_holds_one() -> None:
    with_tests = {path for path in SOURCES if any(function.name.startswith("test_") for function in functions(path))}
    assert with_tests == {path for path in SOURCES if path.name.startswith("test_")}


def functions(path: Path) -> list[ast.FunctionDef]:
    """Every function of a module, methods and inner functions too."""
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def lines_of_body(function: ast.FunctionDef) -> int:
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.end_lineno or 0) - first.lineno + 1
