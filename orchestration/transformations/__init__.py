"""The dbt project as the rest sees it: where it is, its variables, its manifest, running it."""

from orchestration.transformations.project import (
    DBT,
    PROJECT_DIR,
    TransformationError,
    build_models,
    dbt_environment,
    ensure_manifest,
    expected_raw_tables,
    make_sources,
    project_variables,
    target_folder,
    wait_for_other_dbt,
)
from orchestration.transformations.seeds import seed_reasons

__all__ = [
    "DBT",
    "PROJECT_DIR",
    "TransformationError",
    "build_models",
    "dbt_environment",
    "ensure_manifest",
    "expected_raw_tables",
    "make_sources",
    "project_variables",
    "seed_reasons",
    "target_folder",
    "wait_for_other_dbt",
]
