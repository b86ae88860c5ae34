"""What the page shows: keys, groups, checks, jobs; and lineage without a gap from raw tables to folders."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from orchestration.archives.reassembly import PARTITIONS
from orchestration.labels import LABELS
from tests.defs.snapshot import described

SNAPSHOT = Path(__file__).parent / "snapshot.txt"
JOBS = ("main_job", "clinical_job", "case_folders_job", "archives_job", "inference_job", "inference_models_job")


def test_there_is_exactly_what_the_snapshot_lists(defs: dg.Definitions) -> None:
    """After a wanted change, ``python -m tests.defs.snapshot`` writes it anew; the difference is for the reviewer."""
    assert described(defs) == SNAPSHOT.read_text().splitlines()


def upstream_of(defs: dg.Definitions, asset: str) -> tuple[set[str], set[str]]:
    """All that an asset depends on, and what of it depends on nothing."""
    graph = defs.resolve_asset_graph()
    upstream: set[str] = set()
    waiting = [dg.AssetKey(asset)]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys:
            if parent.to_user_string() not in upstream:
                upstream.add(parent.to_user_string())
                waiting.append(parent)
    return upstream, {name for name in upstream if not graph.get(dg.AssetKey(name.split("/"))).parent_keys}


def test_lineage_has_no_gap_from_the_raw_tables_to_the_manifest(defs: dg.Definitions) -> None:
    upstream, roots = upstream_of(defs, "training_set_manifest")
    assert upstream >= {"raw/mmgscans_mmgscan", "raw/mmgscans_mmgscanannotation", "image_store", "label_folders"}
    assert roots == {"raw/mmgscans_mmgscan", "raw/mmgscans_mmgscanannotation", "image_store", "label_patterns"}


def test_lineage_has_no_gap_from_the_archives_to_dicoms_and_to_what_is_in_none(defs: dg.Definitions) -> None:
    upstream, roots = upstream_of(defs, "reassembled_dicoms")
    assert upstream == {
        "text_archives",
        "image_archives",
        "archive_index",
        "stg_archives__archives",
        "stg_archives__members",
        "int_archive_members",
        "int_archive_uids",
    }
    assert roots == {"text_archives", "image_archives"}
    upstream, _ = upstream_of(defs, "archive_members_unmatched")
    assert upstream >= {"archive_index", "reassembled_dicoms"}


def test_no_job_makes_what_another_jobs_schedule_makes(defs: dg.Definitions) -> None:
    made_by = {job: set(defs.resolve_job_def(job).asset_layer.executable_asset_keys) for job in JOBS}
    assert all(made_by.values())
    every = [key for keys in made_by.values() for key in keys]
    assert len(every) == len(set(every))
    assert set(every) == set(defs.resolve_asset_graph().executable_asset_keys)


def test_every_check_of_an_asset_runs_in_the_job_that_makes_it(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    run = set()
    for job in JOBS:
        run |= defs.resolve_job_def(job).asset_layer.asset_graph.asset_check_keys
    assert run == set(graph.asset_check_keys)


def test_every_asset_is_described_and_grouped(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert graph.get(key).description, key
        assert graph.get(key).group_name != "default", key


def test_folders_are_partitioned_by_label_and_made_in_one_run(defs: dg.Definitions) -> None:
    folders = defs.resolve_asset_graph().get(dg.AssetKey("label_folders"))
    assert folders.partitions_def is not None
    assert folders.partitions_def.get_partition_keys() == list(LABELS)
    assert folders.backfill_policy == dg.BackfillPolicy.single_run()


def test_dicoms_are_partitioned_by_their_uids_into_256_and_made_in_one_run(defs: dg.Definitions) -> None:
    dicoms = defs.resolve_asset_graph().get(dg.AssetKey("reassembled_dicoms"))
    assert dicoms.partitions_def is not None
    assert dicoms.partitions_def.get_partition_keys() == list(PARTITIONS)
    assert len(PARTITIONS) == 256
    assert dicoms.backfill_policy == dg.BackfillPolicy.single_run()


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("nightly", LABELS[0], LABELS[-1]),
        ("archives_refresh", "00", "ff"),
        ("case_folders_refresh", "1900", str(datetime.now(UTC).year)),
    ],
)
def test_schedules_are_off_and_ask_for_all_partitions_in_one_run(
    defs: dg.Definitions, name: str, first: str, last: str
) -> None:
    schedule = defs.resolve_schedule_def(name)
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    with dg.build_schedule_context() as context:
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.tags["dagster/asset_partition_range_start"] == first
    assert request.tags["dagster/asset_partition_range_end"] == last


@pytest.mark.parametrize(("made_by", "asks"), [("main_job", False), ("__ASSET_JOB", True)])
def test_a_mart_made_outside_the_main_job_leads_to_fresh_folders(
    defs: dg.Definitions, tmp_path: Path, made_by: str, asks: bool
) -> None:
    sensor = defs.resolve_sensor_def("changed_mart")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING

    @dg.asset(name="double_matched_findings")
    def mart() -> None: ...

    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        job = dg.define_asset_job(made_by, [mart]) if made_by == "main_job" else None
        made = dg.Definitions([mart], jobs=[job] if job else [])
        made.resolve_job_def(made_by).execute_in_process(instance=instance)
        with dg.build_sensor_context(instance=instance, repository_def=defs.get_repository_def()) as context:
            requests = sensor.evaluate_tick(context).run_requests or []
    assert bool(requests) == asks
