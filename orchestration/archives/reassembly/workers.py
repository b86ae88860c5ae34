"""Where reassembly runs: processes here, or a Dask cluster."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager

from orchestration.archives.reassembly.running import Executors
from orchestration.errors import DoublereadError
from orchestration.workers import worker_pool

BATCHES_A_WORKER = 3  # handed out, so that none waits for its next one


class DaskMissingError(DoublereadError):
    """Dask is not installed."""


def local_workers(count: int | None = None) -> tuple[Executors, int]:
    """Processes on this machine, one for each core unless told, and how many batches to hand out."""

    def executors() -> AbstractContextManager[Executor]:
        return worker_pool(count, preload=["orchestration.archives.reassembly.batch"])

    return executors, BATCHES_A_WORKER * (count or len(os.sched_getaffinity(0)))


def dask_workers(address: str) -> tuple[Executors, int]:
    """The workers of a scheduler, and how many batches to hand out.

    Raises:
        DaskMissingError: it is not installed.
        DoublereadError: the scheduler does not answer.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        raise DaskMissingError("--dask needs Dask: install doubleread[dask]") from None
    try:
        client = Client(address, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise DoublereadError(f"no Dask scheduler answers at {address} ({type(error).__name__})") from None

    @contextmanager
    def executors() -> Iterator[Executor]:
        with client, client.get_executor() as executor:
            yield executor

    return executors, BATCHES_A_WORKER * max(1, sum(client.nthreads().values()))
