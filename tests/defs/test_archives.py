"""The assets of archives, from a partner's delivery to DICOMs and to the explanation of what is in none."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dagster as dg
import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from orchestration.archives.index.names import uid_hash
from orchestration.archives.reassembly import partition_of
from orchestration.database import Database
from orchestration.definitions import definitions
from orchestration.defs import resources
from orchestration.defs.archives import assets
from orchestration.defs.archives.partitions import ALL_PARTITIONS_TAGS
from orchestration.errors import SettingsError
from orchestration.settings import load_settings
from orchestration.workers import Workers
from tests.archives.reassembly.delivery import Delivery, Torn, archive, striped, tear
from tests.dbt.project import rows

pytestmark = [
    # dagster-dbt's own use of what Dagster deprecates.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt"),
]

UIDS = [f"2.25.{number}" for number in range(1, 13)]
WHOLE, NO_HEADER, NO_PIXELS, TWICE, UNLIKE, SHORT = UIDS[:7], *UIDS[7:]
DAMAGED = "2.25.1003"
UNMATCHED = 'select * from marts.archive_members_unmatched order by reason, uid collate "C", kind, member'


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    """Seven whole DICOMs; some without a header or pixels, duplicate, short, damaged within; archives with damage."""
    torn = {dicom.uid: dicom for dicom in tear("CT_small.dcm", UIDS)}
    torn[SHORT] = Torn(SHORT, torn[SHORT].header, torn[SHORT].pixels[:-2])
    delivery = striped(tmp_path / "delivery", torn.values(), 3)
    for archives, missing in ((delivery.text, NO_HEADER), (delivery.images, NO_PIXELS)):
        for name, members in archives.items():
            archives[name] = [member for member in members if not member[0].startswith(f"{missing}.")]
    delivery.text["again"] = [(f"{TWICE}.json", torn[TWICE].header), ("notes.txt", b"")]
    delivery.images["again"] = [(f"{UNLIKE}.j2c", bytes(len(torn[UNLIKE].pixels)))]
    (damaged,) = tear("CT_small.dcm", [DAMAGED])
    frame = imagecodecs.jpegls_encode(np.frombuffer(damaged.pixels, np.uint16).reshape(128, 128))
    delivery.add(Torn(DAMAGED, damaged.header, frame[:5000] + bytes(16) + frame[5016:]), text="again", image="again")
    delivery.write()
    cut = archive([(f"2.25.{number}.j2c", b"\0" * 2048) for number in (1001, 1002)])
    (delivery.folder / "images" / "cut.tar").write_bytes(cut[:4000])
    (delivery.folder / "text" / "a\nb.tar").write_bytes(archive([]))  # a name that no store is asked for
    return delivery


@pytest.fixture
def defs(delivery: Delivery, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    """The definitions with settings that name the delivery and an empty database."""
    places = {"DOUBLEREAD_TEXT_ARCHIVES": "text", "DOUBLEREAD_IMAGE_ARCHIVES": "images"}
    for name, folder in places.items():
        monkeypatch.setenv(name, (delivery.folder / folder).as_uri())
    for name, value in database.libpq_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOUBLEREAD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOUBLEREAD_DECODE_DICOMS", "true")
    return definitions(load_settings())


def made(result: dg.ExecuteInProcessResult, name: str) -> dict[str | None, dict[str, Any]]:
    """The metadata of an asset's materializations, by partition."""
    events = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.materialization.asset_key.path[-1] == name
    ]
    return {event.partition: {key: value.value for key, value in event.metadata.items()} for event in events}


class Dying(ThreadPoolExecutor):
    """An executor whose workers die of whatever they are given."""

    def submit(self, *_task: Any, **_options: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_exception(MemoryError())
        return future


def test_the_job_leads_from_archives_to_dicoms_and_explains_what_is_in_none(
    defs: dg.Definitions, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        job = defs.resolve_job_def("archives_job")
        first = job.execute_in_process(instance=instance, tags=ALL_PARTITIONS_TAGS)
        written = {path: path.stat().st_mtime_ns for path in (tmp_path / "dicoms").glob("*.dcm")}
        job = defs.resolve_implicit_global_asset_job_def().get_subset(
            asset_selection={dg.AssetKey("archive_index"), dg.AssetKey("reassembled_dicoms")}
        )
        again = job.execute_in_process(instance=instance, tags=ALL_PARTITIONS_TAGS)
        job = job.get_subset(asset_selection={dg.AssetKey("reassembled_dicoms")})
        partition = partition_of(uid_hash(WHOLE[0]))
        monkeypatch.setattr(assets, "local_workers", lambda: Workers(Dying, 1))
        in_vain = job.execute_in_process(instance=instance, partition_key=partition)

    index, dicoms = made(first, "archive_index")[None], made(first, "reassembled_dicoms")
    assert (index["archives"], index["members"], index["problems"]) == (9, 27, 3)
    assert [record.data["item"] for record in index["failures"].records] == ["a\\nb.tar of the text archives"]
    assert len(dicoms) == 256
    assert [sum(found[name] for found in dicoms.values()) for name in ("pairs", "DICOMs")] == [11, 8]
    assert sum(found.get("unmatched: wrong_pixels", 0) for found in dicoms.values()) == 1
    passed = {found.check_name: found.passed for found in first.get_asset_check_evaluations()}
    assert passed["every_indexed_uid_is_reassembled_or_explained"]
    assert passed["no_dicom_left_failed"]
    assert not passed["every_archive_was_read"]
    assert not passed["every_archive_member_is_used"]

    assert {path.stem for path in written} == {*WHOLE, TWICE}
    dicom = pydicom.dcmread(tmp_path / "dicoms" / f"{TWICE}.dcm")
    expected = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    assert (dicom.SOPInstanceUID, dicom.PixelData) == (TWICE, expected.PixelData)
    assert [(row["reason"], row["uid"], row["kind"], row["member"]) for row in rows(database, UNMATCHED)] == [
        ("duplicate_different", UNLIKE, "image", None),
        ("duplicate_different", UNLIKE, "image", None),
        ("duplicate_equal", TWICE, "text", None),
        ("missing_header", "2.25.1001", "image", None),
        ("missing_header", NO_HEADER, "image", None),
        ("missing_pixels", NO_PIXELS, "text", None),
        ("not_indexed", None, "image", "2.25.1002.j2c"),
        ("not_indexed", None, "image", None),
        ("not_indexed", None, "text", "notes.txt"),
        ("undecodable_pixels", DAMAGED, "image", None),
        ("wrong_pixels", SHORT, "image", None),
    ]

    index = made(again, "archive_index")[None]
    assert (index["archives loaded"], index["archives dropped"], index["members"]) == (0, 0, 27)
    partitions = made(again, "reassembled_dicoms").values()
    assert {(found["written in this run"], found["left alone in this run"]) for found in partitions} == {(0, 8)}
    assert {path: path.stat().st_mtime_ns for path in written} == written

    assert given_up(in_vain, partition) == {f"{WHOLE[0]} in images0000.tar"}


def given_up(result: dg.ExecuteInProcessResult, partition: str) -> set[str]:
    """The DICOMs of a partition whose worker failed."""
    failures = [record.data for record in made(result, "reassembled_dicoms")[partition]["failures"].records]
    return {failure["item"] for failure in failures if failure["reason"].endswith("worker failed (MemoryError)")}


def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOUBLEREAD_TEXT_ARCHIVES", "s3://bucket/text")
    archives = resources.make_resources(load_settings())["archives"]
    assert isinstance(archives, resources.ArchivesResource)
    with pytest.raises(SettingsError, match=r"^DOUBLEREAD_IMAGE_ARCHIVES must be set"):
        archives.stores()
