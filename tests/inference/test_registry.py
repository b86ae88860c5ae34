"""Jobs of installed packages: the one of docs/inference.md is built, installed and run, as a person would do it."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.inference.studies import stored_volume, volume_of, write_study

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "inference.md").read_text()
RUN = """
import sys
from orchestration.inference import InferencePipeline, default_registry
InferencePipeline(default_registry()).execute(*sys.argv[1:])
"""


def files_of_the_page() -> dict[str, str]:
    """The files that the page shows, by the names above them."""
    return dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))


def install(folder: Path, files: dict[str, str]) -> Path:
    """Build a package's wheel and unpack it to where Python finds it, with the metadata of its entry points."""
    source = folder / "source"
    source.mkdir(parents=True)
    for name, text in files.items():
        (source / name).write_text(text)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def python(site: Path, *arguments: str, status: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "200"}
    result = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("package"), files_of_the_page())


def test_the_package_of_the_page_has_thirty_lines_and_adds_a_job_that_runs(site: Path, tmp_path: Path) -> None:
    lines = [line for text in files_of_the_page().values() for line in text.splitlines() if line.strip()]
    assert len(lines) <= 30
    listed = json.loads(python(site, "-c", "from orchestration.cli import main; main()", "infer", "list", "--json"))
    assert [(job["job"], job["from"]) for job in listed] == [
        ("3dblur", "doubleread"),
        ("onnx", "doubleread"),
        ("threshold", "hospital-jobs"),
    ]
    assert listed[-1]["description"] == "Blacken what is darker than a share of the range."
    stored = volume_of(3, 4, 5)
    python(site, "-c", RUN, "threshold", str(write_study(tmp_path / "in", stored)), str(tmp_path / "out"))
    assert np.array_equal(stored_volume(tmp_path / "out"), np.where(stored >= 2000, stored, 0))


def test_a_package_that_cannot_be_loaded_is_named_and_costs_no_other_job(site: Path, tmp_path: Path) -> None:
    broken = site.parent / "broken" / "broken_jobs-1.dist-info"
    broken.mkdir(parents=True)
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-jobs\nVersion: 1\n")
    (broken / "entry_points.txt").write_text("[doubleread.jobs]\nbad = nosuch_module:JOB\nodd = os:sep\n")
    both = Path(f"{site}{os.pathsep}{broken.parent}")
    said = python(both, "-c", "from orchestration.cli import main; main()", "infer", "list", status=1)
    assert "threshold" in said
    assert "bad = nosuch_module:JOB: ModuleNotFoundError: No module named 'nosuch_module'" in said
    assert "odd = os:sep: TypeError: it is a str and no JobEntry" in said
    study = write_study(tmp_path / "in", volume_of(2, 3, 4))
    python(both, "-c", RUN, "3dblur", str(study), str(tmp_path / "out"))
    assert stored_volume(tmp_path / "out").shape == (2, 3, 4)
