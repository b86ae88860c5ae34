"""Running tasks on an executor, a bounded number at a time, when its workers may die."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

QUIET_SECONDS = 10.0  # without any task done, after which a stall is looked for

Key = TypeVar("Key")
Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


class WorkerLostError(Exception):
    """Two workers ended abruptly while they did this task: it takes too much memory, or ends its process."""

    def __init__(self) -> None:
        super().__init__("its worker process ended abruptly, twice; it may need more memory than there is")


class Workers:
    """Runs tasks on an executor, which is opened with the first task and opened anew when it breaks.

    Use it as a context manager: the executor is closed with the ``with`` block.

    Args:
        open_executor: opens any ``concurrent.futures.Executor``.
        in_flight: tasks handed out at a time: more than there are workers, so that none waits for its next one.
        stalled: says why nothing goes on, and what to do, when no task has ended for ``QUIET_SECONDS``; None if work
            goes on.
        tell: takes what ``stalled`` says, once each time that it changes.
    """

    def __init__(
        self,
        open_executor: Callable[[], AbstractContextManager[Executor]],
        in_flight: int,
        *,
        stalled: Callable[[], str | None] = lambda: None,
        tell: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self.in_flight = in_flight
        self._open_executor = open_executor
        self._stalled = stalled
        self._tell = tell
        self._opened = ExitStack()
        self._executor: Executor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def run(
        self, function: Callable[[Task], Outcome], tasks: Iterable[tuple[Key, Task]], *, in_order: bool = False
    ) -> Iterator[tuple[Key, Outcome | Exception]]:
        """Apply ``function`` to each task; yield its key with what it returned or raised, as the tasks end.

        When a process pool loses a worker, all of its tasks are lost with it. Those are done again, one at a time, on
        a new pool: the task with which that breaks as well is given up with a :class:`WorkerLostError`. A Dask cluster
        does the tasks of a lost worker again by itself.

        Args:
            function: importable by the workers, as are the tasks and what it returns.
            tasks: keys, which stay here, and tasks; taken only when there is room for them.
            in_order: yield in the order of the tasks.
        """
        pending: deque[_Pending[Key, Task, Outcome]] = deque()
        rest = iter(tasks)
        try:
            while True:
                while len(pending) < self.in_flight and (given := next(rest, None)) is not None:
                    pending.append(self._submit(function, *given))
                if not pending:
                    return
                self._wait([pending[0]] if in_order else pending)
                if any(task.is_broken for task in pending):
                    self._again_one_by_one(function, pending)
                ended = pending[0] if in_order else next(task for task in pending if task.future.done())
                pending.remove(ended)
                yield ended.key, ended.outcome()
        finally:
            for task in pending:
                task.future.cancel()

    def _submit(self, function: Callable[[Task], Outcome], key: Key, task: Task) -> "_Pending[Key, Task, Outcome]":
        if self._executor is None:
            self._executor = self._opened.enter_context(self._open_executor())
        try:
            future = self._executor.submit(function, task)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        return _Pending(key, task, future)

    def _wait(self, pending: "Iterable[_Pending[Key, Task, Outcome]]") -> None:
        """Wait until one of them has ended; tell when the workers stall."""
        told = None
        while not wait([task.future for task in pending], QUIET_SECONDS, FIRST_COMPLETED).done:
            message = self._stalled()
            if message and message != told:
                self._tell(message)
            told = message

    def _again_one_by_one(
        self, function: Callable[[Task], Outcome], pending: "Iterable[_Pending[Key, Task, Outcome]]"
    ) -> None:
        """Do the tasks that a broken executor lost again, each alone; one that breaks another executor has failed."""
        self._close()  # which waits until all of them have ended
        for task in [task for task in pending if task.is_broken]:
            task.future = self._submit(function, task.key, task.task).future
            self._wait([task])
            if task.is_broken:
                self._close()
                task.future = Future()
                task.future.set_exception(WorkerLostError())

    def _close(self) -> None:
        self._executor = None
        self._opened.close()


@dataclass(eq=False)
class _Pending(Generic[Key, Task, Outcome]):
    """A task that was handed out."""

    key: Key
    task: Task
    future: "Future[Outcome]"

    @property
    def is_broken(self) -> bool:
        return self.future.done() and isinstance(self.future.exception(), BrokenExecutor)

    def outcome(self) -> Outcome | Exception:
        error = self.future.exception()
        if error is None:
            return self.future.result()
        if isinstance(error, Exception):
            return error
        raise error
