"""Dagster's own records below ``DOUBLEREAD_HOME``, unless ``DAGSTER_HOME`` names a deployment's."""

import os

import dagster as dg
from filelock import FileLock

import orchestration.defs.flushing  # noqa: F401  before the records are opened
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


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open Dagster's records; make the folder, its ``dagster.yaml`` and its tables where missing.

    ``DAGSTER_HOME`` is set where it is not, for this process and those that it starts.
    """
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    home = settings.doubleread_home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    yaml = home / "dagster.yaml"
    if not yaml.exists():
        yaml.write_text(DAGSTER_YAML)
    os.environ["DAGSTER_HOME"] = str(home)
    with FileLock(home / "instance.lock"):  # two that make the tables at the same time trip over each other
        return dg.DagsterInstance.get()
