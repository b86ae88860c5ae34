"""A project with labels of its own: one list changes, and everything from the raw tables to the folders follows."""

import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from orchestration.database import Database
from tests.cli.conftest import Home, grey_png, rows, write_csv

ROOT = Path(__file__).parents[2]
LABELS = [
    {"label": "has_mass", "caption": "Mass", "pattern": "Mass"},
    {"label": "has_cyst", "caption": "Cyst", "pattern": "Cyst"},
    {"label": "has_scar", "caption": "Radial scar", "pattern": "Scar"},
    {"label": "has_asymmetry", "caption": "Doctor's asymmetry", "pattern": "Dr's asym"},
    {"label": "has_clip", "caption": "Clip", "pattern": "Clip"},
]
NAMES = [item["label"] for item in LABELS]
PATTERNS = {item["label"]: item["pattern"] for item in LABELS}


@dataclass(frozen=True)
class Study:
    """What each reader of a study calls true on all its scans, and the label whose pattern the boxes name."""

    said: dict[str, set[str]]
    drawn: str


AGREED = [Study({"U1": {name}, "U2": {name}}, name) for name in NAMES]
BOTH = Study({"U1": {"has_mass", "has_cyst"}, "U2": {"has_mass", "has_cyst"}}, "has_cyst")
ALONE = Study({"U1": {"has_scar"}, "U2": set()}, "has_scar")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the program whose dbt project lists five other labels."""
    caches = shutil.ignore_patterns("__pycache__", "target", "logs")
    for folder in ("orchestration", "dbt_project"):
        shutil.copytree(ROOT / folder, tmp_path / "copy" / folder, ignore=caches)
    file = tmp_path / "copy" / "dbt_project" / "dbt_project.yml"
    settings = yaml.safe_load(file.read_text())
    settings["vars"]["labels"] = LABELS
    file.write_text(yaml.safe_dump(settings, sort_keys=False))
    return tmp_path / "copy"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Raw tables with a column for each of the five labels, and the images."""
    folder = tmp_path / "data"
    (folder / "blobs").mkdir(parents=True)
    scans: list[list[object]] = []
    annotations: list[list[object]] = []
    ids = itertools.count(1)
    for number, study in enumerate([*AGREED, BOTH, ALONE], start=1):
        for scan in range(number * 10, number * 10 + 4):
            (folder / "blobs" / f"{scan}.png").write_bytes(grey_png(scan, 60, 80))
            scans.append([scan, number, f"{scan}.png", f"{scan}.png", 80, 60, 0, 0])
            for reader, said in study.said.items():
                answers = [name in said for name in NAMES]
                annotations.append([next(ids), scan, reader, boxes(study), *answers, "2024-01-01"])
    columns = "id,mmg_study_id,png_image,file_name,rows,columns,pixel_spacing_row,pixel_spacing_column"
    write_csv(folder / "mmgscans_mmgscan.csv", columns, scans)
    columns = f"id,mmg_scan_id,user_id,annotation_bboxes,{','.join(NAMES)},created_at"
    write_csv(folder / "mmgscans_mmgscanannotation.csv", columns, annotations)
    return folder


def boxes(study: Study) -> str:
    mark = {"x": 10, "y": 30, "width": 20, "height": 20}
    return json.dumps([{"comment": f"left: {PATTERNS[study.drawn]}", "mark": mark}])


@pytest.fixture
def doubleread(project: Path, home: Home, database: Database) -> Iterator[Home]:
    """A home whose command is the copy's."""
    home.settings |= {**database.libpq_environment, "PYTHONPATH": str(project)}
    return home


def run(home: Home, *arguments: str) -> str:
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments]
    result = subprocess.run(
        command, cwd=home.folder, env=home.environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_five_other_labels_lead_from_raw_tables_to_five_folders(doubleread: Home, data: Path) -> None:
    run(doubleread, "load", str(data))
    told = run(doubleread, "build")
    assert all(name in told for name in NAMES)

    wanted = {
        (name, str(scan)) for number, name in enumerate(NAMES, start=1) for scan in range(number * 10, number * 10 + 4)
    }
    wanted |= {(name, str(scan)) for name in ("has_mass", "has_cyst") for scan in range(60, 64)}
    folders = doubleread.training_set
    clean = {("images", scan) for _, scan in wanted}
    assert {(path.parent.name, path.stem) for path in folders.glob("*/*.png")} == wanted | clean
    assert {path.name for path in folders.iterdir() if path.is_dir()} == {*NAMES, "images", "annotations", "export"}
    coco = json.loads((folders / "annotations" / "coco.json").read_bytes())
    assert [category["name"] for category in coco["categories"]] == NAMES
    manifest = pq.read_table(folders / "manifest.parquet").to_pylist()
    assert sorted(row["path"] for row in manifest) == sorted(f"{label}/{scan}.png" for label, scan in wanted)

    counts = rows(doubleread.settings, "select distinct study_id, label, box_count from marts.double_matched_findings")
    assert set(counts) == {
        *((str(number), name, 2) for number, name in enumerate(NAMES, start=1)),
        ("6", "has_cyst", 2),
        ("6", "has_mass", 0),
    }
    rejected = rows(doubleread.settings, "select study_id, label, reason from marts.rejected_findings")
    assert rejected == [("7", "has_scar", "readers_disagree")]
    captions = rows(doubleread.settings, "select label, caption from seeds.label_patterns order by place")
    assert captions == [(item["label"], item["caption"]) for item in LABELS]


def test_dbt_alone_builds_and_tests_a_project_with_other_labels(doubleread: Home, data: Path, project: Path) -> None:
    """With its unit tests, whose labels are their own."""
    run(doubleread, "load", str(data))
    result = subprocess.run(
        [Path(sys.executable).parent / "dbt", "build", "--no-use-colors"],
        cwd=project / "dbt_project",
        env=doubleread.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "unit tests" in result.stdout
