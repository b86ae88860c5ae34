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


def no_failures(
    failures: Failures, *, failed: str, fine: str, counted_as: str = "failed", check: dg.AssetCheckKey | None = None
) -> dg.AssetCheckResult:
    """The result of a check that is red while something failed.

    Args:
        failures: what failed, and why.
        failed: what the check says then, after their number: what failed and what to do.
        fine: what it says where nothing did.
        counted_as: the name of their number among the metadata.
        check: which check it is, where the asset reports it itself.
    """
    return dg.AssetCheckResult(
        passed=failures.count == 0,
        asset_key=check.asset_key if check else None,
        check_name=check.name if check else None,
        description=f"{failures.count:,} {failed}" if failures.count else fine,
        metadata={counted_as: failures.count, **failures_table(failures)},
    )


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
