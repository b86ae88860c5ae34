"""What the page shows: keys, groups, checks, jobs; and lineage without a gap from raw tables to folders."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

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
        "stg_annotations",
        "stg_scans",
        "double_matched_findings",
        "rejected_findings",
        "reader_agreement",
        "malformed_boxes",
        "retrieved_scans",
        "label_folders",
        "training_set_manifest",
        "raw/clinical_images",
        "raw/clinical_reports",
        "stg_clinical_images",
        "unmatched_clinical_images",
        "clinical_cases",
        "clinical_case_folders",
    }
    repository = defs.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == {"main_job", "folders_job", "clinical_job"}
    assert {schedule.name for schedule in repository.schedule_defs} == {"nightly", "clinical_refresh"}
    assert [sensor.name for sensor in repository.sensor_defs] == ["changed_mart"]


def test_the_checks_of_the_folders_and_the_tests_of_the_models_are_checks(defs: dg.Definitions) -> None:
    checks = {(key.asset_key.to_user_string(), key.name) for key in defs.resolve_asset_graph().asset_check_keys}
    assert checks >= {
        ("retrieved_scans", "no_scan_left_failed"),
        ("label_folders", "every_finding_has_its_picture"),
        ("label_folders", "no_orphan"),
        ("label_folders", "no_finding_left_failed"),
    }
    tested = {asset for asset, _ in checks}
    assert tested >= {"double_matched_findings", "rejected_findings", "raw/mmgscans_mmgscan"}


def test_lineage_has_no_gap_from_the_raw_tables_to_the_manifest(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    upstream: set[str] = set()
    waiting = [dg.AssetKey("training_set_manifest")]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys:
            if parent.to_user_string() not in upstream:
                upstream.add(parent.to_user_string())
                waiting.append(parent)
    assert upstream >= {"raw/mmgscans_mmgscan", "raw/mmgscans_mmgscanannotation", "image_store", "label_folders"}
    roots = {name for name in upstream if not graph.get(dg.AssetKey(name.split("/"))).parent_keys}
    assert roots == {"raw/mmgscans_mmgscan", "raw/mmgscans_mmgscanannotation", "image_store", "label_patterns"}


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


def test_the_schedule_is_off_and_asks_for_all_labels_in_one_run(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("nightly")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    with dg.build_schedule_context() as context:
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.tags["dagster/asset_partition_range_start"] == LABELS[0]
    assert request.tags["dagster/asset_partition_range_end"] == LABELS[-1]


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
