"""How the work of this room is spread: processes for what holds the interpreter's lock, threads for what does not."""

import os

from orchestration.workers import Workers, process_workers, thread_workers

_PRELOAD = ("orchestration.volumes.reading", "orchestration.volumes.searching", "orchestration.volumes.deriving")
_WORTH_PROCESSES = 16  # tasks, below which starting processes takes longer than the work


def processes(count: int | None, tasks: int) -> Workers:
    """Processes for parsing headers and for decoders, which may end their process; one thread for little work.

    Args:
        count: of processes; one for each core unless given.
        tasks: how many there will be.
    """
    return process_workers(count, preload=_PRELOAD) if tasks >= _WORTH_PROCESSES else thread_workers(1)


def threads(count: int | None) -> Workers:
    """Threads for reading files, for numpy and for ISA-L, which release the lock."""
    return thread_workers(count or len(os.sched_getaffinity(0)))
