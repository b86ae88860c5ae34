"""The dbt project as the rest sees it: where it is, its variables, its manifest, running it."""

from orchestration.transformations.project import (
    DBT,
    PROJECT_DIR,
    TransformationError,
    build_models,
    dbt_environment,
    ensure_manifest,
    expected_raw_tables,
    project_variables,
    target_folder,
    wait_for_other_dbt,
)

__all__ = [
    "DBT",
    "PROJECT_DIR",
    "TransformationError",
    "build_models",
    "dbt_environment",
    "ensure_manifest",
    "expected_raw_tables",
    "project_variables",
    "target_folder",
    "wait_for_other_dbt",
]
