"""Threads that count into one log, each its own numbers: shows that lines stay whole and in order."""

import threading

from orchestration.measurements.shared_log import SharedLog

LAST = 200


def count_together(log: SharedLog, *, threads: int = 2, last: int = LAST, interval: float = 0.5) -> None:
    """Let ``threads`` threads log the numbers from 1 to ``last``, each those that leave its own remainder.

    Of two threads one logs the even numbers, the other the odd ones. Each waits ``interval`` seconds after a number.
    """
    stopped = threading.Event()

    def count(name: str, remainder: int) -> None:
        for number in range(remainder or threads, last + 1, threads):
            log.write(name, str(number))
            if stopped.wait(interval):
                return

    names = ["even", "odd"] if threads == 2 else [f"thread {number}" for number in range(1, threads + 1)]
    started = [threading.Thread(target=count, args=(name, place), name=name) for place, name in enumerate(names)]
    try:
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
    finally:
        stopped.set()
