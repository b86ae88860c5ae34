"""Dagster's own records below ``DOUBLEREAD_HOME``, unless ``DAGSTER_HOME`` names a deployment's."""

import os

import dagster as dg
from filelock import FileLock

from orchestration.settings import Settings

DAGSTER_YAML = """\
# Written by doubleread where it was missing; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools: # runs that would wait for each other wait in the queue
    granularity: run
    default_limit: 1
run_retries: # of runs whose process died; a step that failed has said why
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false
"""


def prepare_instance(settings: Settings) -> None:
    """Set ``DAGSTER_HOME`` where it is not set; make the folder, its ``dagster.yaml`` and its tables where missing."""
    if not os.environ.get("DAGSTER_HOME"):
        home = settings.doubleread_home / "dagster"
        home.mkdir(parents=True, exist_ok=True)
        yaml = home / "dagster.yaml"
        if not yaml.exists():
            yaml.write_text(DAGSTER_YAML)
        os.environ["DAGSTER_HOME"] = str(home)
        with FileLock(home / "instance.lock"), dg.DagsterInstance.get():
            pass  # opened once by one process: two that make the tables at the same time trip over each other
