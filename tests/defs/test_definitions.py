"""What the page shows: keys, groups, checks, jobs; and lineage without a gap from raw tables to folders."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.archives.reassembly import PARTITIONS
from orchestration.defs import resources
from orchestration.labels import LABELS


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOUBLEREAD_HOME", str(tmp_path_factory.mktemp("home")))
        resources.settings_at_start.cache_clear()
        from orchestration.definitions import defs  # noqa: PLC0415  reads the settings

        yield defs
        resources.settings_at_start.cache_clear()


def test_the_keys_of_assets_jobs_schedules_and_sensors_are_these(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert keys >= {
        "image_store",
        "raw/mmgscans_mmgscan",
        "raw/mmgscans_mmgscanannotation",
        "label_patterns",
        "stg_annotations__annotations",
        "stg_annotations__scans",
        "double_matched_findings",
        "rejected_findings",
        "reader_agreement",
        "malformed_boxes",
        "retrieved_scans",
        "label_folders",
        "training_set_manifest",
        "raw/clinical_images",
        "raw/clinical_reports",
        "int_clinical_images",
        "unmatched_clinical_images",
        "clinical_cases",
        "clinical_case_folders",
        "text_archives",
        "image_archives",
        "archive_index",
        "int_archive_members",
        "int_archive_uids",
        "reassembled_dicoms",
        "archive_members_unmatched",
    }
    repository = defs.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == {"main_job", "folders_job", "clinical_job", "archives_job"}
    assert {schedule.name for schedule in repository.schedule_defs} == {
        "nightly",
        "clinical_refresh",
        "archives_refresh",
    }
    assert [sensor.name for sensor in repository.sensor_defs] == ["changed_mart"]


def test_the_checks_of_the_folders_and_the_tests_of_the_models_are_checks(defs: dg.Definitions) -> None:
    checks = {(key.asset_key.to_user_string(), key.name) for key in defs.resolve_asset_graph().asset_check_keys}
    assert checks >= {
        ("retrieved_scans", "no_scan_left_failed"),
        ("label_folders", "every_finding_has_its_picture"),
        ("label_folders", "no_orphan"),
        ("label_folders", "no_finding_left_failed"),
        ("archive_index", "every_archive_was_read"),
        ("reassembled_dicoms", "no_dicom_left_failed"),
        ("archive_members_unmatched", "every_indexed_uid_is_reassembled_or_explained"),
    }
    tested = {asset for asset, _ in checks}
    assert tested >= {"double_matched_findings", "rejected_findings", "raw/mmgscans_mmgscan"}


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


def test_the_main_job_leaves_clinical_cases_and_archives_to_jobs_of_their_own(defs: dg.Definitions) -> None:
    def made_by(job: str) -> set[str]:
        return {key.to_user_string() for key in defs.resolve_job_def(job).asset_layer.executable_asset_keys}

    own = made_by("clinical_job") | made_by("archives_job")
    assert own >= {"clinical_cases", "archive_index", "reassembled_dicoms", "archive_members_unmatched"}
    assert not made_by("main_job") & own


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


def test_dicoms_are_partitioned_into_256_batches_of_image_archives_and_made_in_one_run(defs: dg.Definitions) -> None:
    dicoms = defs.resolve_asset_graph().get(dg.AssetKey("reassembled_dicoms"))
    assert dicoms.partitions_def is not None
    assert [int(key, 16) for key in dicoms.partitions_def.get_partition_keys()] == list(range(PARTITIONS))
    assert dicoms.backfill_policy == dg.BackfillPolicy.single_run()


@pytest.mark.parametrize(
    ("name", "first", "last"), [("nightly", LABELS[0], LABELS[-1]), ("archives_refresh", "00", "ff")]
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
