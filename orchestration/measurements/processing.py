"""Measuring files of elements on threads, a few elements at a time, with the results in the order of the files."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from orchestration.measurements.elements import MeasuredElement, measure, read_element
from orchestration.measurements.errors import ElementError, RepeatedIdError
from orchestration.measurements.ids import SeenIds
from orchestration.measurements.reading import ElementsFileError, ReadElement, read_blocks
from orchestration.measurements.shared_log import SharedLog
from orchestration.outcomes import Failure, printable
from orchestration.workers import thread_workers

WORKERS = 4
_BLOCKS_A_WORKER = 2  # read and not delivered yet: results wait for an earlier element that takes long


Outcome = MeasuredElement | Failure
Deliver = Callable[[Sequence[Outcome]], None]
"""Takes what became of some elements, in their order; never called twice at a time."""


def measure_files(
    paths: Sequence[Path], deliver: Deliver, *, workers: int = WORKERS, log: SharedLog | None = None
) -> None:
    """Measure every element of the files and deliver the outcomes in the files' order.

    There are ``workers`` threads. Each takes one element, measures and logs it, and takes the next as soon as that is
    done: so ``workers`` elements are worked on at a time, each by a thread that does nothing else meanwhile. No thread
    is made for each element, since making one takes as long as measuring ten. Whoever finds no element left reads the
    next block of the files; the others wait for that.

    An id counts as taken by the first element that has it, even one that fails; later ones fail. A file that cannot be
    read, or not to its end, is one failure; what was read of it is measured.
    """
    source = _Source(paths, deliver, _BLOCKS_A_WORKER * workers)

    def work(thread: int) -> None:
        name = f"thread {thread}"
        try:
            while (taken := source.take()) is not None:
                block, place = taken
                outcome = _outcome(block.elements[place], repeated=block.repeated[place])
                if log is not None:
                    log.write(name, described(outcome))
                block.outcomes[place] = outcome
                if next(block.ended) == block.last:
                    source.deliver_blocks()
        except BaseException:
            source.stop()
            raise

    with thread_workers(workers) as threads:
        try:
            for _, error in threads.run(work, ((thread, thread) for thread in range(1, workers + 1))):
                if error is not None:
                    raise error
        finally:
            source.stop()  # before the end of the block, which waits for the threads


def described(outcome: Outcome) -> str:
    """An outcome as a line for a person, numbers to six decimals; whatever the element holds, it is one line."""
    if isinstance(outcome, Failure):
        return f"{outcome.item}: failed: {outcome.reason}"
    measured = outcome.measurement
    return (
        f"{printable(measured.id)}: average before normalization {measured.average_before_normalization:.6f}, "
        f"after {measured.average_after_normalization:.6f}, size {measured.data_size}, "
        f"device {printable(measured.device_name)}"
    )


def _outcome(element: ReadElement, *, repeated: bool) -> Outcome:
    value = element.value
    try:
        if isinstance(value, ElementError):
            raise value
        if repeated:
            raise RepeatedIdError
        checked = read_element(value)
        return MeasuredElement(measure(checked), checked.rows)
    except ElementError as error:
        return Failure(_named(element), str(error))


def _named(element: ReadElement) -> str:
    """By its id where it has one, else by its key in the file."""
    id_ = _id_of(element)
    return printable(id_) if id_ else f"element {printable(element.key)}"


def _id_of(element: ReadElement) -> str | None:
    id_ = element.value.get("id") if isinstance(element.value, dict) else None
    return id_ if isinstance(id_, str) else None


@dataclass(eq=False)
class _Block:
    """Elements that were read together, and what became of them."""

    elements: list[ReadElement]
    repeated: list[bool]
    outcomes: list[Outcome | None] = field(init=False)
    ended: Iterator[int] = field(init=False)  # a count; taking its next number is one step, which no thread interrupts
    last: int = field(init=False)

    def __post_init__(self) -> None:
        self.outcomes = [None] * len(self.elements)
        self.ended = count()
        self.last = len(self.elements) - 1


class _Source:
    """Gives elements to threads one by one, and what became of them to the deliverer in order."""

    def __init__(self, paths: Sequence[Path], deliver: Deliver, most_blocks: int) -> None:
        self._blocks = _read(paths)
        self._deliver = deliver
        self._most_blocks = most_blocks
        self._ready: deque[tuple[_Block, int]] = deque()  # taking from it is one step and needs no lock
        self._undelivered: deque[_Block | Failure] = deque()
        self._changed = threading.Condition()
        self._reading = threading.Lock()
        self._over = False

    def take(self) -> tuple[_Block, int] | None:
        """The next element, as its block and its place there; None when there are no more."""
        while True:
            try:
                return self._ready.popleft()
            except IndexError:
                with self._reading:
                    if not self._ready and not self._read_on():
                        return None

    def stop(self) -> None:
        """Give no more elements."""
        with self._changed:
            self._over = True
            self._ready.clear()
            self._changed.notify_all()

    def deliver_blocks(self) -> None:
        """Deliver the blocks at the front that have ended."""
        with self._changed:
            while self._undelivered and (outcomes := _finished(self._undelivered[0])) is not None:
                self._undelivered.popleft()
                self._deliver(outcomes)
            self._changed.notify_all()

    def _read_on(self) -> bool:
        """Read a block, when there are not too many undelivered ones; whether there was one."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self._undelivered) < self._most_blocks)
            if self._over:
                return False
        block = next(self._blocks, None)
        if block is None:
            return False
        with self._changed:
            self._undelivered.append(block)
            if isinstance(block, _Block) and not self._over:
                self._ready.extend((block, place) for place in range(len(block.elements)))
        if isinstance(block, Failure):
            self.deliver_blocks()
        return not self._over


def _finished(block: _Block | Failure) -> Sequence[Outcome] | None:
    if isinstance(block, Failure):
        return [block]
    # Those that ended may do so in any order, so the count says nothing of a single place.
    outcomes = [outcome for outcome in block.outcomes if outcome is not None]
    return outcomes if len(outcomes) == len(block.elements) else None


def _read(paths: Sequence[Path]) -> Iterator[_Block | Failure]:
    """The elements of all files, block by block; a file that cannot be read, or not to its end, as a failure."""
    seen = SeenIds()
    for path in paths:
        try:
            with path.open("rb", buffering=0) as stream:
                for elements in read_blocks(stream):
                    yield _Block(elements, _repeated(elements, seen))
        except ElementsFileError as error:
            yield Failure(printable(str(path)), str(error))
        except OSError as error:
            yield Failure(printable(str(path)), f"it cannot be read: {error.strerror or type(error).__name__}")


def _repeated(elements: Sequence[ReadElement], seen: SeenIds) -> list[bool]:
    ids = [_id_of(element) for element in elements]
    answers = iter(seen.add([id_ for id_ in ids if id_ is not None]))
    return [id_ is not None and next(answers) for id_ in ids]
