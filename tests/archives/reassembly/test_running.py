"""Workers that die, and processes that are killed, cost no DICOM."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestration.archives.reassembly import Reason
from orchestration.archives.reassembly.batch import Batch, BatchResult
from orchestration.workers import Workers
from tests.archives.reassembly.conftest import Partner
from tests.archives.reassembly.delivery import striped, tear

PAIRS = 3000  # so many that a run takes seconds, and is killed in its first moments
DOUBLEREAD = Path(sys.executable).parent / "doubleread"


def test_a_worker_that_is_killed_costs_no_dicom(partner: Partner) -> None:
    striped(partner.folder, tear("CT_small.dcm", [f"1.2.{n}" for n in range(200)]), archives=20).write()
    pools: list[ProcessPoolExecutor] = []

    def open_pool() -> ProcessPoolExecutor:
        pools.append(ProcessPoolExecutor(2, multiprocessing.get_context("forkserver")))
        return pools[-1]

    killed: list[int] = []

    def kill_one(_done: int, _total: int) -> None:
        if not killed:
            killed.append(next(iter(pools[0]._processes)))
            os.kill(killed[0], signal.SIGKILL)

    report = partner.reassemble(workers=Workers(open_pool, in_flight=6), progress=kill_one)
    assert len(pools) > 1
    assert report.written + report.left_alone == report.pairs == 200
    assert not report.unmatched
    assert len(partner.dicoms()) == 200


def test_the_dicoms_of_a_batch_that_was_given_up_are_named_and_made_by_the_next_run(partner: Partner) -> None:
    striped(partner.folder, tear("MR_small.dcm", ["1.1", "1.2"]), archives=2).write()

    class Refusing(ThreadPoolExecutor):
        def submit(self, function, batch):
            (uid,) = [pair.uid for pair in batch.pairs]
            return super().submit(self.refuse if uid == "1.2" else function, batch)

        def refuse(self, _batch: Batch) -> BatchResult:
            raise OSError

    report = partner.reassemble(workers=Workers(lambda: Refusing(1), in_flight=2))
    assert (report.written, report.unmatched) == (1, {Reason.NOT_WRITTEN: 1})
    assert [(row["uid"], row["reason"]) for row in partner.unmatched()] == [("1.2", Reason.NOT_WRITTEN)]
    report = partner.reassemble()
    assert (report.written, report.left_alone, report.unmatched) == (1, 1, {})
    assert partner.unmatched() == []
    assert partner.dicoms().keys() == {"1.1", "1.2"}


@pytest.mark.parametrize("pack", [[], ["--pack"]], ids=["files", "shards"])
def test_a_run_that_was_killed_is_completed_by_the_next(partner: Partner, pack: list[str]) -> None:
    striped(partner.folder, tear("MR_small.dcm", [f"1.2.{n}" for n in range(PAIRS)]), archives=60).write()
    partner.index()

    def command(out: str) -> list[str | Path]:
        options = ["--index", str(partner.index_url), "--out", out, "--workers", "1", *pack]
        return [DOUBLEREAD, "archives", "reassemble", *options]

    process = subprocess.Popen(command("out"), cwd=partner.folder, start_new_session=True)
    made = Path(partner.output)
    while len(list(made.glob("*.*"))) < 4:
        assert process.poll() is None
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in made.glob("*.dcm")}
    assert len(before) < PAIRS
    for out in ("out", "undisturbed"):
        subprocess.run(command(out), cwd=partner.folder, check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert contents(made) == contents(partner.folder / "undisturbed")


def contents(folder: Path) -> dict[str, bytes]:
    """Everything that lies in an output but the records, which hold times."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "index")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
