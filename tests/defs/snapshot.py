"""What the page shows, a line for each thing, in order: ``python -m tests.defs.snapshot`` writes snapshot.txt."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

JOBS_OF_DAGSTERS_OWN = "__"


def described(defs: dg.Definitions) -> list[str]:
    """Every asset with its group, pool and partitions, and every check, job, schedule, sensor and resource."""
    return sorted(_lines(defs))


def _lines(defs: dg.Definitions) -> Iterator[str]:
    graph, repository = defs.resolve_asset_graph(), defs.get_repository_def()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        pools = ", ".join(sorted(node.pools or ())) or "none"
        partitions = len(node.partitions_def.get_partition_keys()) if node.partitions_def else 0
        by_year = node.partitions_def is not None and not isinstance(node.partitions_def, dg.StaticPartitionsDefinition)
        yield (
            f"asset {key.to_user_string()}: group {node.group_name}, pool {pools}, "
            f"partitions {'by time' if by_year else partitions}"
        )
    for check in graph.asset_check_keys:
        yield f"check {check.asset_key.to_user_string()}: {check.name}"
    for job in repository.get_all_jobs():
        if not job.name.startswith(JOBS_OF_DAGSTERS_OWN):
            yield f"job {job.name}: {job.executor_def.name}"
            for key in job.asset_layer.executable_asset_keys:
                yield f"job {job.name} makes {key.to_user_string()}"
    for schedule in repository.schedule_defs:
        status = schedule.default_status.name
        yield f"schedule {schedule.name}: {schedule.job_name} at {schedule.cron_schedule}, {status}"
    for sensor in repository.sensor_defs:
        yield f"sensor {sensor.name}: {sensor.job_name}, {sensor.default_status.name}"
    for name in repository.get_top_level_resources():
        yield f"resource {name}"


if __name__ == "__main__":
    from orchestration.definitions import definitions
    from orchestration.settings import Settings
    from orchestration.transformations import prepare_manifest

    prepare_manifest()
    lines = described(definitions(Settings(_env_file=None)))
    (Path(__file__).parent / "snapshot.txt").write_text("\n".join(lines) + "\n")
