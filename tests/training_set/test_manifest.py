"""The manifest names the source of every picture, and nothing in it depends on when it was written."""

import hashlib

import pyarrow.parquet as pq

from tests.training_set.conftest import MASS, Project, png


def test_a_row_for_each_picture_with_checksums_of_both_ends(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    finding_id = project.add("1")
    project.add("gone")
    project.build("run-1")
    (row,) = pq.read_table(project.training_set / "manifest.parquet").to_pylist()
    version = project.store.describe("mmg/1.png")
    assert row == {
        "finding_id": finding_id,
        "label": MASS,
        "scan_id": "1",
        "path": f"{MASS}/1.png",
        "sha256": hashlib.sha256(project.picture("1").read_bytes()).hexdigest(),
        "size_bytes": project.picture("1").stat().st_size,
        "width": 120,
        "height": 160,
        "boxes_drawn": 2,
        "source_image": "mmg/1.png",
        "source_version": version.etag,
        "source_sha256": hashlib.sha256(png(1)).hexdigest(),
        "finding_hash": row["finding_hash"],
        "run_id": "run-1",
    }
    assert [row["finding_hash"]] == [h for (h,) in project.rows(
        "select finding_hash from marts.double_matched_findings where scan_id = '1'"
    )]  # fmt: skip


def test_a_manifest_that_says_the_same_already_is_left_alone(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add("1")
    project.build("first")
    report = project.manifest()
    assert (report.pictures, report.changed) == (1, False)
    assert not list(project.training_set.glob(".manifest*"))


def test_every_column_is_described_where_it_is_read(project: Project) -> None:
    project.manifest()
    schema = pq.read_schema(project.training_set / "manifest.parquet")
    assert all(field.metadata[b"description"] for field in schema)
