"""Batches on an executor, whose workers may die."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager

from orchestration.archives.reassembly.batch import Batch, BatchResult, reassemble_batch

Executors = Callable[[], AbstractContextManager[Executor]]


def run_batches(
    executors: Executors, batches: Iterator[Batch], in_flight: int
) -> Iterator[tuple[Batch, BatchResult | Exception]]:
    """Run each batch on an executor; yield it with its result or with what went wrong, as they end.

    A process pool that loses a worker is broken, and all of its batches with it. It is replaced, and those batches run
    one at a time: the one with which another pool breaks is the culprit and is given up, the others are done. A Dask
    cluster runs the batches of a lost worker again by itself.

    Args:
        executors: opens an executor.
        batches: what to run.
        in_flight: batches handed out at a time.
    """
    suspects: deque[Batch] = deque()
    more = True
    while suspects or more:
        with executors() as executor:
            while suspects:
                batch = suspects.popleft()
                result = _result(executor.submit(reassemble_batch, batch))
                yield batch, result
                if isinstance(result, BrokenExecutor):
                    break
            else:
                more = False
                for batch, result in _run_many(executor, batches, in_flight):
                    if isinstance(result, BrokenExecutor):
                        suspects.append(batch)
                        more = True
                    else:
                        yield batch, result


def _run_many(
    executor: Executor, batches: Iterator[Batch], in_flight: int
) -> Iterator[tuple[Batch, BatchResult | Exception]]:
    """Run batches until there are no more or the executor is broken."""
    running: dict[Future[BatchResult], Batch] = {}
    broken = False
    while True:
        while len(running) < in_flight and not broken and (batch := next(batches, None)):
            try:
                running[executor.submit(reassemble_batch, batch)] = batch
            except BrokenExecutor as error:
                broken = True
                yield batch, error
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            result = _result(future)
            broken = broken or isinstance(result, BrokenExecutor)
            yield running.pop(future), result


def _result(future: Future[BatchResult]) -> BatchResult | Exception:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - one bad batch never stops the others
        return error
