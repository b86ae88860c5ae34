"""Workers of a Dask cluster, where one machine is too small."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.errors import DoublereadError, install_extra
from orchestration.workers.pools import TASKS_A_WORKER
from orchestration.workers.running import Workers

if TYPE_CHECKING:
    from distributed import Client


class DaskMissingError(DoublereadError):
    """Dask is not installed."""


def dask_workers(address: str, *, tell: Callable[[str], None] = lambda _message: None) -> Workers:
    """The workers of a scheduler; each needs this package and what the tasks name by URL.

    Args:
        address: of the scheduler, such as ``tcp://host:8786``.
        tell: takes a sentence when no task ends and the cluster has no worker.

    Raises:
        DaskMissingError: it is not installed.
        DoublereadError: the scheduler does not answer.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        raise DaskMissingError(install_extra("--dask needs Dask", "dask")) from None
    try:
        client = Client(address, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise DoublereadError(f"no Dask scheduler answers at {address} ({type(error).__name__})") from None

    @contextmanager
    def open_executor() -> Iterator[Executor]:
        with client, client.get_executor() as executor:
            yield executor

    return Workers(
        open_executor,
        TASKS_A_WORKER * max(1, sum(client.nthreads().values())),
        stalled=lambda: _stalled(client, address),
        tell=tell,
    )


def _stalled(client: "Client", address: str) -> str | None:
    """Why nothing goes on, where the cluster has lost its workers."""
    if client.scheduler_info().get("workers"):
        return None
    return (
        f"the Dask scheduler at {address} has no workers; start some (dask worker {address}) and the work goes on, or "
        "end this run and run it again later: what is done stays done"
    )
