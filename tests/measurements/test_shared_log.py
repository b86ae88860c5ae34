"""One log for many threads: whole lines, each thread's in its order."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from orchestration.measurements.counting import count_together
from orchestration.measurements.shared_log import SECONDS_HELD, opened_log

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[([^]]+)\] (\d+)")


def numbers_of_threads(text: str) -> dict[str, list[int]]:
    """The numbers that each thread logged, in order; every line must be whole."""
    found = defaultdict(list)
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        found[match[1]].append(int(match[2]))
    return found


def test_two_threads_count_the_even_and_the_odd_numbers(tmp_path: Path) -> None:
    with opened_log(tmp_path / "logs" / "count.log") as log:
        count_together(log, interval=0)
    assert numbers_of_threads((tmp_path / "logs" / "count.log").read_text()) == {
        "even": list(range(2, 201, 2)),
        "odd": list(range(1, 201, 2)),
    }


@pytest.mark.parametrize("seconds_held", [0, SECONDS_HELD])
def test_the_lines_of_forty_threads_stay_whole_and_in_order(tmp_path: Path, seconds_held: float) -> None:
    path = tmp_path / "count.log"
    path.write_text("2024-01-01 00:00:00.000 [before] 7\n")
    with opened_log(path, seconds_held=seconds_held) as log:
        count_together(log, threads=40, last=20_000, interval=0)
    found = numbers_of_threads(path.read_text())
    assert found.pop("before") == [7]
    assert found == {f"thread {place + 1}": list(range(place or 40, 20_001, 40)) for place in range(40)}


def test_a_line_can_be_read_at_once_where_none_is_held(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with opened_log(path, seconds_held=0) as log:
        log.write("a", "1")
        assert numbers_of_threads(path.read_text()) == {"a": [1]}
