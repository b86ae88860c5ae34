"""How stages tell of their work: failures as tables, progress as lines of the log."""

import time
from collections.abc import Callable

import dagster as dg

from orchestration.outcomes import Failures, report_stage

LOG_SECONDS = 10.0


def failures_table(failures: Failures) -> dict[str, dg.MetadataValue]:
    """The failures as a table of items and reasons, or nothing where there are none."""
    if not failures.count:
        return {}
    records = [dg.TableRecord({"item": failure.item, "reason": failure.reason}) for failure in failures.shown]
    return {"failures": dg.MetadataValue.table(records)}


def logged_progress(context: dg.AssetExecutionContext, stage: str) -> Callable[[int, int], None]:
    """A listener that logs a line every ten seconds and passes every step on to ``orchestration.outcomes``."""
    logged_at = time.monotonic()

    def listener(done: int, total: int) -> None:
        nonlocal logged_at
        report_stage(stage, done, total)
        if time.monotonic() - logged_at >= LOG_SECONDS:
            logged_at = time.monotonic()
            context.log.info(f"{stage}: {done:,} of {total:,}")

    return listener


def logged_waiting(context: dg.AssetExecutionContext) -> Callable[[str], None]:
    """A listener that logs what another run is at work on."""

    def listener(name: str) -> None:
        context.log.info(f"another run is at work on the {name}; waiting for it to end")

    return listener
