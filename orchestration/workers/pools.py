"""Workers on this machine: processes, or threads where the work waits for a network."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from multiprocessing.connection import wait

from orchestration.workers.running import Workers

TASKS_A_WORKER = 3  # handed out, so that none waits for its next one
_COMMAND = "orchestration.cli"  # which the script doubleread imports


def process_workers(
    count: int | None = None, *, preload: Sequence[str] = (), tasks_a_worker: int = TASKS_A_WORKER
) -> Workers:
    """Processes, one for each core unless told; they end with the ``with`` block, or when this process is killed.

    They are forked from a server that has imported what the main program imports and the modules ``preload`` (those of
    the first pool: a process has one server).

    Args:
        count: of processes.
        preload: modules that the tasks need.
        tasks_a_worker: handed out at a time; small tasks want more than large ones.
    """
    workers = count or len(os.sched_getaffinity(0))

    def open_pool() -> AbstractContextManager[Executor]:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([_main_program(), *preload])
        return ProcessPoolExecutor(workers, context, initializer=_end_with_parent)

    return Workers(open_pool, tasks_a_worker * workers)


def thread_workers(count: int) -> Workers:
    """Threads of this process."""
    return Workers(lambda: ThreadPoolExecutor(count), 2 * count)


def _main_program() -> str:
    """A module that imports what the main program does: each worker runs that program's beginning anew.

    Of a run of Dagster's that takes 0.6 s a worker, of the command 0.05 s. ``"__main__"`` stands for it in the
    standard library, and does nothing before Python 3.14 (python/cpython#126631).
    """
    spec = sys.modules["__main__"].__spec__
    return spec.name if spec else _COMMAND


def _end_with_parent() -> None:
    # A worker whose parent was killed would wait for its next task for ever.
    threading.Thread(target=_exit_when_orphaned, daemon=True).start()


def _exit_when_orphaned() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
