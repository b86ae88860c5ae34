"""The dbt project as assets, with its tests as checks and its column lineage."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import dagster as dg
import psycopg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.database import Database, Tables, check_raw_tables
from orchestration.defs.pools import MARTS
from orchestration.defs.reporting import logged_waiting
from orchestration.defs.resources import DBT_PROJECT, AnnotationDatabaseResource, DbtResource, FoldersResource
from orchestration.errors import DoublereadError
from orchestration.outcomes import report_stage
from orchestration.transformations import (
    FROM_HISTORY,
    LastRun,
    ModelsToBuild,
    RanTest,
    complete_record,
    dbt_environment,
    expected_raw_tables,
    fingerprint_of_reads,
    in_database,
    last_run_if_unchanged,
    load_manifest,
    make_sources,
    one_dbt,
    project_variables,
    record_model_run,
)

FINDINGS = dg.AssetKey("double_matched_findings")
CLINICAL_CASES = dg.AssetKey("clinical_cases")
ARCHIVE_UIDS = dg.AssetKey("int_archive_uids")
# Models that read other raw tables than the rule's; built by themselves, without the tables of the annotations.
CLINICAL = "tag:clinical"
# Of the archives, those before reassembly and those after it: a run of dbt makes the one or the other.
ARCHIVES = "tag:archives"
REASSEMBLY = "tag:reassembly"
MEASUREMENTS = "tag:measurements"
INFERENCE = "tag:inference"
BUILD = ("build", "--exclude-resource-type", "unit_test")


class Translator(DagsterDbtTranslator):
    """One group for each layer of the dbt project; one key for each model, its name."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """A model is its name; a source's table is the asset that its ``meta`` names, or ``raw/<table>``."""
        if dbt_resource_props["resource_type"] == "source":
            named = dbt_resource_props["meta"].get("dagster", {}).get("asset_key")
            return dg.AssetKey(named or ["raw", dbt_resource_props["name"]])
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer: the first folder below ``models``, or ``seeds``, or ``history`` of snapshots."""
        kind = dbt_resource_props["resource_type"]
        return {"source": "raw", "seed": "seeds", "snapshot": "history"}.get(kind) or str(dbt_resource_props["fqn"][1])


_models = partial(
    dbt_assets,
    manifest=load_manifest(),
    project=DBT_PROJECT,
    pool=MARTS,
    dagster_dbt_translator=Translator(
        # One asset may write several tables.
        settings=DagsterDbtTranslatorSettings(
            enable_source_tests_as_checks=True, enable_duplicate_source_asset_keys=True
        )
    ),
)


@_models(name="dbt_models", exclude=f"{CLINICAL} {ARCHIVES} {MEASUREMENTS} {INFERENCE}")
def dbt_models(
    context: dg.AssetExecutionContext,
    dbt: DbtResource,
    annotation_database: AnnotationDatabaseResource,
    folders: FoldersResource,
) -> Iterator[Any]:
    """Build and test the models of the rule, one run at a time."""
    database = annotation_database.open()
    check_raw_tables(database, project_variables()["raw_schema"], expected_raw_tables())
    report_stage("models", 0, 1)
    yield from _build(context, dbt, database, folders)
    report_stage("models", 1, 1)


def _models_over(tables: Tables, *, name: str, select: str, exclude: str | None = None) -> dg.AssetsDefinition:
    """Models that read tables of the program's own, which are made first where they are missing."""

    @_models(name=name, select=select, exclude=exclude)
    def build(
        context: dg.AssetExecutionContext,
        dbt: DbtResource,
        annotation_database: AnnotationDatabaseResource,
        folders: FoldersResource,
    ) -> Iterator[Any]:
        """Build and test the models, one run at a time."""
        database = annotation_database.open()
        make_sources(database, tables)
        yield from _build(context, dbt, database, folders)

    return build


def _build(
    context: dg.AssetExecutionContext, dbt: DbtResource, database: Database, folders: FoldersResource
) -> Iterator[Any]:
    """Let dbt build what the run selects, unless it read the same the last time and all of that is still there."""
    manifest = in_database(load_manifest(), database.name())
    chosen = (key.path[-1] for key in context.selected_asset_keys)
    tests = {key.name for key in context.selected_asset_check_keys}
    models = ModelsToBuild.of(manifest, context.assets_def.node_def.name, chosen, tests)
    with one_dbt(database, on_wait=logged_waiting(context)), dbt_environment(database):
        read = fingerprint_of_reads(database, models)
        last = last_run_if_unchanged(database, models, read)
        if last and (unchanged := _said_again(context, models, last)):
            context.log.info(f"What the models read is as it was in run {last.run_id}: dbt has nothing to do.")
            yield from unchanged
            return
        # Unit tests are for developers: dbt advises against running them in production, where they take 4 s.
        invocation, run = dbt.run((*BUILD, *FROM_HISTORY), context, database.name(), folders.dbt_target_path)
        if run is not None:
            with _failing_no_build(context):
                record_model_run(database, run, context.run.run_id)
        ran = []
        try:
            for event in invocation.stream().fetch_column_metadata().fetch_row_counts():
                if isinstance(event, dg.AssetCheckResult):
                    ran.append(_ran(event))
                yield event
        finally:
            # Another run waits for these to end, with the lock that this run's export will ask for.
            if invocation.adapter is not None:
                invocation.adapter.cleanup_connections()
        if run is not None:
            with _failing_no_build(context):
                complete_record(database, run.invocation_id, models, read, ran)


def _ran(result: dg.AssetCheckResult) -> RanTest:
    model = result.asset_key.path if result.asset_key else []
    return RanTest(list(model), str(result.check_name), result.passed, result.severity == dg.AssetCheckSeverity.WARN)


def _said_again(
    context: dg.AssetExecutionContext, models: ModelsToBuild, last: LastRun
) -> "list[dg.MaterializeResult[Any] | dg.AssetCheckResult]":
    """What the page has of the models, and what became of their tests; nothing where it does not have all of them."""
    since = {"unchanged since": dg.MetadataValue.dagster_run(last.run_id)}
    results: list[dg.MaterializeResult[Any] | dg.AssetCheckResult] = []
    for node in models.nodes:
        key = dg.AssetKey(node)
        event = context.instance.get_latest_materialization_event(key)
        if event is None or event.asset_materialization is None:
            return []
        results.append(dg.MaterializeResult(asset_key=key, metadata={**event.asset_materialization.metadata, **since}))
    warn, error = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
    for test in last.tests:
        key, severity = dg.AssetKey(test.asset), warn if test.is_warning else error
        results.append(
            dg.AssetCheckResult(
                passed=test.passed, asset_key=key, check_name=test.name, severity=severity, metadata=since
            )
        )
    return results


@contextmanager
def _failing_no_build(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Tell that the record of a run of dbt could not be kept, and go on."""
    try:
        yield
    except (psycopg.Error, DoublereadError) as error:
        context.log.warning(f"doubleread.model_runs does not have this run of dbt: {type(error).__name__}")


clinical_models = _models_over("clinical", name="clinical_models", select=CLINICAL)
# Which DICOMs the archives can give, and, after reassembly, what is in none.
archive_index_models = _models_over("archives", name="archive_index_models", select=ARCHIVES, exclude=REASSEMBLY)
reassembly_models = _models_over("archives", name="reassembly_models", select=REASSEMBLY)
measurement_models = _models_over("measurements", name="measurement_models", select=MEASUREMENTS)
inference_models = _models_over("inference", name="inference_models", select=INFERENCE)


def models_and_tests(*models: dg.AssetsDefinition) -> dg.AssetSelection:
    """The models that one run of dbt builds, and every test that it runs, those of sources included."""
    tests = [key for definition in models for key in definition.check_keys]
    return dg.AssetSelection.assets(*models) | dg.AssetSelection.checks(*tests)
