"""Whenever an export is killed, the generation that was current is whole, and the next one ends as if undisturbed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestration.stores.bucket import Bucket
from orchestration.training_set.export.generation import current_id
from orchestration.training_set.export.selection import ExportOptions
from orchestration.workers import thread_workers
from tests.services.places import PlaceToTest
from tests.training_set.conftest import Project, box
from tests.training_set.export.exporter import Exporter

ROOT = Path(__file__).parents[3]


def killed_again_and_again(exporter: Exporter) -> dict[str, Any]:
    project = exporter.project
    work = {
        "database": dict(project.database.libpq_environment),
        "store": project.store.url,
        "scans": str(project.scans),
        "destination": exporter.url.removeprefix("file://"),
    }
    command = [sys.executable, "-m", "tests.training_set.export.killed", json.dumps(work)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_an_export_killed_at_any_call_of_the_system_leaves_the_last_generation(exporter: Exporter) -> None:
    exporter.options = ExportOptions(webdataset=True)
    for scan in ("1", "2", "3"):
        exporter.add(scan)
    exporter.project.retrieve()
    first = killed_again_and_again(exporter)
    assert len(first["left"]) > 5
    assert first["before"] is None
    assert set(first["left"]) <= {None, first["after"]}
    assert exporter.export().generation == first["after"]
    exporter.project.add("1", boxes=[box(x=1)])
    exporter.remove("2")
    exporter.add("4")
    exporter.project.retrieve()
    second = killed_again_and_again(exporter)
    assert second["before"] == first["after"]
    assert len(second["left"]) > 5
    assert set(second["left"]) <= {first["after"], second["after"]}
    assert second["after"] != first["after"]
    assert not exporter.export().changed
    destination = Path(exporter.url.removeprefix("file://"))
    assert sorted(path.name for path in destination.iterdir()) == ["current", "generations", "history.jsonl", "objects"]
    generations = sorted(path.name for path in (destination / "generations").iterdir())
    assert generations == sorted([first["after"], second["after"]])


class KilledError(BaseException):
    """Stands for the end of the process: nothing that catches errors catches it."""


def test_so_does_one_that_ends_at_any_request_to_a_store(
    filled: Project, s3_place: PlaceToTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with thread_workers(1) as workers:
        exporter = Exporter(filled, s3_place.url, workers, ExportOptions(webdataset=True))
        exporter.add("1")
        first = exporter.export().generation
        exporter.add("2")
        filled.retrieve()
        put, left, number = Bucket.put, [], 0
        while current_id(exporter.place) == first:
            calls = iter(range(number))

            def ends(place: Bucket, path: str, parts: Any, calls: Any = calls) -> str:
                if next(calls, None) is None:
                    raise KilledError
                return put(place, path, parts)

            monkeypatch.setattr(Bucket, "put", ends)
            try:
                exporter.export_again()
            except KilledError:
                left.append(current_id(exporter.place))
                for file in exporter.generation.files:
                    exporter.read(file.path)
            number += 1
        monkeypatch.setattr(Bucket, "put", put)
        assert len(left) > 10
        assert set(left) == {first}
        assert not exporter.export_again().changed
