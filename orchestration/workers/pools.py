"""Worker processes. Code takes any ``concurrent.futures.Executor``; this is the one for a single machine."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

# Tasks handed out before the first is done: enough that no worker waits, few enough that nothing piles up.
IN_FLIGHT = 16

Key = TypeVar("Key")
Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


@contextmanager
def worker_pool(workers: int | None = None, *, preload: Sequence[str] = ()) -> Iterator[ProcessPoolExecutor]:
    """A process for each core, ended with the ``with`` block, and with this process should it be killed.

    They are forked from a server that has imported the modules ``preload`` (those of the first pool: a process has one
    server): each takes 0.1 s to start, where a fresh interpreter with what draws takes 0.3 s.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    with ProcessPoolExecutor(workers or len(os.sched_getaffinity(0)), context, initializer=_end_with_parent) as pool:
        yield pool


def map_in_order(
    executor: Executor, function: Callable[[Task], Outcome], tasks: Iterable[tuple[Key, Task]]
) -> Iterator[tuple[Key, Outcome]]:
    """Apply ``function`` on the executor, a bounded number at a time; yield keys and outcomes in the tasks' order."""
    pending: deque[tuple[Key, Future[Outcome]]] = deque()
    for key, task in tasks:
        pending.append((key, executor.submit(function, task)))
        if len(pending) >= IN_FLIGHT:
            first, future = pending.popleft()
            yield first, future.result()
    for first, future in pending:
        yield first, future.result()


def _end_with_parent() -> None:
    # A worker whose parent was killed would wait for its next task for ever.
    threading.Thread(target=_exit_when_orphaned, daemon=True).start()


def _exit_when_orphaned() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
