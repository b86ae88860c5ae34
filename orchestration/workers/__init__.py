"""Work spread over processes or threads here, or over a Dask cluster; a worker that dies costs its task, not the run.

Entry points: :class:`Workers` (runs tasks), opened by :func:`process_workers`, :func:`thread_workers` or
:func:`dask_workers`.
"""

from orchestration.workers.dask import DaskMissingError, dask_workers
from orchestration.workers.pools import process_workers, thread_workers
from orchestration.workers.running import WorkerLostError, Workers

__all__ = ["DaskMissingError", "WorkerLostError", "Workers", "dask_workers", "process_workers", "thread_workers"]
