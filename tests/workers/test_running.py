"""Work spread over processes and threads ends whole, whatever happens to a worker."""

import itertools
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.workers import WorkerLostError, Workers, process_workers, thread_workers


def double(number: int) -> int:
    if number < 0:
        raise ValueError("negative")
    return 2 * number


def end_the_process(number: int) -> int:
    if number == 5:
        os._exit(1)
    return double(number)


@given(st.lists(st.integers(-3, 100), max_size=40), st.integers(1, 4))
def test_each_task_ends_once_with_what_it_returned_or_raised(numbers: list[int], count: int) -> None:
    with thread_workers(count) as workers:
        ended = sorted(
            (key, outcome if isinstance(outcome, int) else str(outcome))
            for key, outcome in workers.run(double, enumerate(numbers))
        )
    assert ended == [(key, 2 * number if number >= 0 else "negative") for key, number in enumerate(numbers)]


def test_outcomes_come_in_the_order_of_the_tasks_where_that_is_asked_for() -> None:
    def wait(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    tasks = [0.05, 0.0, 0.02, 0.0, 0.01, 0.0]
    with thread_workers(3) as workers:
        assert [key for key, _ in workers.run(wait, enumerate(tasks), in_order=True)] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("in_order", [False, True])
def test_a_task_that_kills_its_worker_is_given_up_by_name_and_all_others_are_done(in_order: bool) -> None:
    opened: list[Executor] = []

    def open_pool() -> Executor:
        opened.append(ProcessPoolExecutor(1))
        return opened[-1]

    with Workers(open_pool, in_flight=4) as workers:
        ended = dict(workers.run(end_the_process, ((number, number) for number in range(12)), in_order=in_order))
    lost = ended.pop(5)
    assert isinstance(lost, WorkerLostError)
    assert "twice" in str(lost)
    assert ended == {number: 2 * number for number in range(12) if number != 5}
    assert len(opened) == 3, "it broke two: among others, and alone"


def test_no_more_tasks_are_taken_than_there_is_room_for() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[tuple[int, int]]:
        for number in range(100):
            taken.append(number)
            yield number, number

    with thread_workers(2) as workers:
        for done, _ in enumerate(workers.run(double, tasks()), start=1):
            assert len(taken) <= done + workers.in_flight
    assert len(taken) == 100


def test_no_executor_is_opened_where_there_is_nothing_to_do() -> None:
    def open_none() -> Executor:
        raise AssertionError("opened")

    with Workers(open_none, in_flight=2) as workers:
        assert list(workers.run(double, [])) == []


def test_workers_serve_several_runs_with_the_same_processes() -> None:
    with process_workers(1) as workers:
        ids = {outcome for _, outcome in itertools.chain(*(workers.run(process_id, [(0, 0)]) for _ in range(3)))}
    assert len(ids) == 1
    assert os.getpid() not in ids


def process_id(_task: int) -> int:
    return os.getpid()


def test_a_run_that_stalls_says_why_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.workers.running.QUIET_SECONDS", 0.01)
    told: list[str] = []
    go_on = threading.Event()

    def tell(message: str) -> None:
        told.append(message)
        go_on.set()

    stalled = thread_workers(1)
    with Workers(stalled._open_executor, 1, stalled=lambda: "nobody works", tell=tell) as workers:
        assert [outcome for _, outcome in workers.run(lambda _task: go_on.wait(10), [(0, 0)])] == [True]
    assert told[:1] == ["nobody works"]
    assert len(told) == 1
