"""Running the main job in this process, as a run of Dagster's that its page shows."""

import contextlib
import io
import re
from collections.abc import Sequence

import dagster as dg

from orchestration.cli.instance import open_instance
from orchestration.database import Database, check_raw_tables
from orchestration.errors import DoublereadError
from orchestration.outcomes import StageListener, listening
from orchestration.settings import Settings
from orchestration.stores.uploading import open_for_writing
from orchestration.transformations import expected_raw_tables, prepare_manifest, project_variables

ANSI_COLOUR = re.compile(r"\x1b\[\d*m")
TOLD_ITEM_BY_ITEM = {"no_scan_left_failed", "no_finding_left_failed", "no_scan_left_out"}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class MainJobError(DoublereadError):
    """A stage of the main job did not end well; the message says which and why."""


def run_main_job(settings: Settings, database: Database, progress: StageListener) -> list[str]:
    """Run everything and return a line for each check that failed and whose items are not in the tables of records.

    Raises:
        DoublereadError: the database, the raw tables or the store are not as the settings say.
        MainJobError: a stage could not do its work.
    """
    check_raw_tables(database, project_variables()["raw_schema"], expected_raw_tables())
    open_for_writing(settings)
    prepare_manifest()
    from orchestration.definitions import definitions
    from orchestration.defs.label_folders.partitions import ALL_LABELS_TAGS

    output = io.StringIO()
    with open_instance(settings) as instance, listening(progress), contextlib.redirect_stdout(output):
        result = (
            definitions(settings)
            .resolve_job_def("main_job")
            .execute_in_process(run_config=QUIET, instance=instance, tags=ALL_LABELS_TAGS, raise_on_error=False)
        )
    if not result.success:
        raise MainJobError(_why_it_failed(result.all_events))
    return _failed_checks(result.get_asset_check_evaluations())


def _failed_checks(evaluations: Sequence[dg.AssetCheckEvaluation]) -> list[str]:
    return [
        f"check {check.check_name} of {check.asset_key.to_user_string()} failed: {check.description or ''}".rstrip(": ")
        for check in evaluations
        if not check.passed
        and check.severity == dg.AssetCheckSeverity.ERROR
        and check.check_name not in TOLD_ITEM_BY_ITEM
    ]


def _why_it_failed(events: Sequence[dg.DagsterEvent]) -> str:
    for event in events:
        if event.is_step_failure and event.step_failure_data.error:
            error = event.step_failure_data.error
            while error.cause:
                error = error.cause
            return f"{event.step_key} failed: {_in_short(error.message)}"
    return "the run failed; doubleread ui shows its log"


def _in_short(message: str) -> str:
    """The message without its exception's module, and of a dbt message what dbt itself said."""
    _, command, said_by_dbt = ANSI_COLOUR.sub("", message).rpartition("Errors parsed from dbt logs:")
    text = said_by_dbt.strip() if command else ANSI_COLOUR.sub("", message).strip()
    return re.sub(r"^(\w+\.)+(\w+): ", "", text)
