"""Files on threads: every outcome in the files' order, and logged by the thread that measured it."""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from orchestration.measurements import Measurement, processing, reading
from orchestration.measurements.elements import Element, MeasuredElement, measure
from orchestration.measurements.processing import Outcome, described, measure_files
from orchestration.measurements.shared_log import opened_log
from orchestration.outcomes import Failure


def write(path: Path, *elements: object) -> Path:
    path.write_text(json.dumps({str(number): element for number, element in enumerate(elements, 1)}))
    return path


def good(id_: str, *rows: str) -> dict[str, object]:
    return {"id": id_, "data": list(rows or ["1 2 3"]), "deviceName": "CT SCAN"}


def outcomes_of(*paths: Path, workers: int = 4) -> list[Outcome]:
    found: list[Outcome] = []
    measure_files(paths, found.extend, workers=workers)
    return found


def names(outcomes: Sequence[Outcome]) -> list[str]:
    return [found.measurement.id if isinstance(found, MeasuredElement) else f"{found.item}!" for found in outcomes]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 300)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("workers", [1, 4, 16])
def test_outcomes_come_in_the_files_order_whatever_the_threads_do(tmp_path: Path, workers: int) -> None:
    elements = [good(f"e{number}", "1 2 3 " * (1 + number % 7 * 90)) for number in range(500)]
    files = [write(tmp_path / "a.json", *elements[:200]), write(tmp_path / "b.json", *elements[200:])]
    assert names(outcomes_of(*files, workers=workers)) == [f"e{number}" for number in range(500)]


def test_what_is_wrong_fails_by_name_and_the_others_are_done(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.json",
        good("zero", "0 0"),
        good("empty", ""),
        good("twice", "4 2"),
        good("word", "1 two"),
        good("twice", "5 5"),
        {"data": ["1"], "deviceName": "x"},
        {"id": 5},
        "no element",
        good("line\nend", "1 2 99999999999999999999"),
        good("fine"),
    )
    found = outcomes_of(path, tmp_path / "missing.json", write(tmp_path / "b.json", good("fine"), good("last")))
    failures = {failure.item: failure.reason for failure in found if isinstance(failure, Failure)}
    assert names([outcome for outcome in found if isinstance(outcome, MeasuredElement)]) == ["twice", "fine", "last"]
    assert failures == {
        "zero": "not normalisable: the largest value is 0",
        "empty": "data hold no number",
        "word": "value 2 of row 1 of data is not an integer",
        "twice": "repeated id: an earlier element has it already",
        "element 6": "id is missing",
        "element 7": "data is missing",
        "element 8": "an element must be an object, not text",
        "line\\nend": "value 3 of row 1 of data is outside -2^63 to 2^63 - 1",
        str(tmp_path / "missing.json"): "it cannot be read: No such file or directory",
        "fine": "repeated id: an earlier element has it already",
    }
    assert isinstance(found[2], MeasuredElement)
    assert found[2].measurement == Measurement("twice", "CT SCAN", 3.0, 0.75, 2)


def test_a_file_that_is_cut_off_fails_and_what_was_read_of_it_is_measured(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", good("a"), good("b"))
    path.write_bytes(path.read_bytes()[:-30])
    found = outcomes_of(path)
    assert names(found) == ["a", f"{path}!"]
    assert "the file is cut off" in found[1].reason


def test_four_elements_are_worked_on_at_a_time_and_the_next_starts_as_soon_as_one_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, threads = threading.Semaphore(0), threading.Event(), set()

    def measure_slowly(element: Element) -> Measurement:
        threads.add(threading.get_ident())
        begun.release()
        # The first one ends last; all others pass it by on the other threads.
        assert element.id != "e0" or may_end.wait(60)
        if element.id == "e30":
            may_end.set()
        if element.id in {"e1", "e2", "e3"}:
            everyone.wait(60)
        return measure(element)

    everyone = threading.Barrier(3)
    monkeypatch.setattr(processing, "measure", measure_slowly)
    found = outcomes_of(write(tmp_path / "a.json", *(good(f"e{number}") for number in range(31))))
    assert names(found) == [f"e{number}" for number in range(31)]
    assert len(threads) == 4
    assert all(begun.acquire(blocking=False) for _ in range(31))


def test_every_outcome_is_one_line_of_the_log_with_its_thread(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", good("a\nb"), good("zero", "0"), *(good(f"e{number}") for number in range(300)))
    found: list[Outcome] = []
    with opened_log(tmp_path / "log") as log:
        measure_files([path], found.extend, log=log)
    lines = [
        re.fullmatch(r"\S+ \S+ \[thread [1-4]\] (.*)", line) for line in (tmp_path / "log").read_text().splitlines()
    ]
    assert sorted(line[1] for line in lines if line) == sorted(map(described, found))
    assert len(lines) == 302
    assert described(found[0]) == (
        "a\\nb: average before normalization 2.000000, after 0.666667, size 3, device CT SCAN"
    )


def test_a_taker_that_fails_ends_the_threads(tmp_path: Path) -> None:
    def refuse(_outcomes: Sequence[Outcome]) -> None:
        raise OSError("no space")

    before = threading.active_count()
    with pytest.raises(OSError, match="no space"):
        measure_files([write(tmp_path / "a.json", *(good(f"e{number}") for number in range(50)))], refuse)
    assert threading.active_count() == before


@pytest.mark.usefixtures("small_blocks")
def test_no_more_is_read_than_waits_to_be_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks_read, real = [], processing.read_blocks
    may_end = threading.Event()

    def counted(stream: object) -> Iterator[object]:
        for block in real(stream):  # type: ignore[arg-type]
            blocks_read.append(len(block))
            if len(blocks_read) == 8:  # of 2 for each of 4 threads
                threading.Timer(0.05, may_end.set).start()
            yield block

    def measure_slowly(element: Element) -> Measurement:
        if element.id == "e0":
            assert may_end.wait(60)
            at_the_end_of_the_first.append(len(blocks_read))
        return measure(element)

    at_the_end_of_the_first: list[int] = []
    monkeypatch.setattr(processing, "read_blocks", counted)
    monkeypatch.setattr(processing, "measure", measure_slowly)
    outcomes_of(write(tmp_path / "a.json", *(good(f"e{number}") for number in range(300))))
    assert at_the_end_of_the_first == [8]
    assert len(blocks_read) > 50
