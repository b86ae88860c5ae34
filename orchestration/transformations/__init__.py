"""The dbt project as the rest sees it: where it is, its variables, its manifest, running it."""

from orchestration.transformations.earlier import EARLIER, earlier_models
from orchestration.transformations.manifest import (
    DBT,
    MANIFEST_FOLDER,
    PROJECT_DIR,
    TransformationError,
    in_database,
    load_manifest,
    prepare_manifest,
)
from orchestration.transformations.project import (
    FROM_HISTORY,
    MARTS_LOCK,
    build_models,
    dbt_environment,
    expected_raw_tables,
    make_sources,
    one_dbt,
    project_variables,
    target_folder,
)
from orchestration.transformations.runs import ModelRun, record_model_run
from orchestration.transformations.seeds import seed_descriptions, seed_reasons
from orchestration.transformations.unchanged import (
    LastRun,
    ModelsToBuild,
    RanTest,
    complete_record,
    fingerprint_of_reads,
    last_run_if_unchanged,
)

__all__ = [
    "DBT",
    "EARLIER",
    "FROM_HISTORY",
    "MANIFEST_FOLDER",
    "MARTS_LOCK",
    "PROJECT_DIR",
    "LastRun",
    "ModelRun",
    "ModelsToBuild",
    "RanTest",
    "TransformationError",
    "build_models",
    "complete_record",
    "dbt_environment",
    "earlier_models",
    "expected_raw_tables",
    "fingerprint_of_reads",
    "in_database",
    "last_run_if_unchanged",
    "load_manifest",
    "make_sources",
    "one_dbt",
    "prepare_manifest",
    "project_variables",
    "record_model_run",
    "seed_descriptions",
    "seed_reasons",
    "target_folder",
]
