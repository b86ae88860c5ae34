"""The dbt project as the rest sees it: where it is, its variables, its manifest, running it."""

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
    build_models,
    dbt_environment,
    expected_raw_tables,
    make_sources,
    one_dbt,
    project_variables,
    target_folder,
)
from orchestration.transformations.seeds import seed_descriptions, seed_reasons

__all__ = [
    "DBT",
    "MANIFEST_FOLDER",
    "PROJECT_DIR",
    "TransformationError",
    "build_models",
    "dbt_environment",
    "expected_raw_tables",
    "in_database",
    "load_manifest",
    "make_sources",
    "one_dbt",
    "prepare_manifest",
    "project_variables",
    "seed_descriptions",
    "seed_reasons",
    "target_folder",
]
