"""A Dask cluster runs the same batches, and goes on when one of its workers is killed."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dask
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.errors import DoublereadError
from orchestration.workers import dask_workers
from tests.archives.reassembly.conftest import Partner
from tests.archives.reassembly.delivery import striped, tear
from tests.services.process import serve

DASK = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
WORKER = [sys.executable, "-m", "distributed.cli.dask_worker"]
UIDS = [f"1.2.{number}" for number in range(400)]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[int]]]:
    """A scheduler and two workers without anybody who restarts them: its address and the workers' process ids."""
    with ExitStack() as stack:
        listening = re.compile(r"Scheduler at:\s+(?P<address>tcp://\S+)")
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        address = stack.enter_context(serve([*DASK, *options], log=tmp_path / "scheduler.log", listening=listening))
        yield address["address"], [stack.enter_context(dask_worker(address["address"], tmp_path, n)) for n in "ab"]


@contextmanager
def dask_worker(address: str, folder: Path, name: str) -> Iterator[int]:
    """A worker of one thread; its process id."""
    options = [address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    pid_file = folder / f"{name}.pid"
    command = [*WORKER, *options, "--name", name, "--pid-file", pid_file, "--local-directory", folder]
    with serve(command, log=folder / f"{name}.log", listening=re.compile(r"Registered to:")):
        yield int(pid_file.read_text())


def test_a_cluster_that_loses_a_worker_makes_every_dicom(partner: Partner, cluster: tuple[str, list[int]]) -> None:
    striped(partner.folder, tear("CT_small.dcm", UIDS), archives=40).write()
    address, workers = cluster
    dask = dask_workers(address)
    assert dask.in_flight == 6
    lost = []

    def kill_one(done: int, _total: int) -> None:
        if done > 50 and not lost:
            os.kill(workers[0], signal.SIGKILL)
            lost.append(workers[0])

    report = partner.reassemble(workers=dask, workers_use_own_settings=True, progress=kill_one)
    assert lost
    assert report.written + report.left_alone == report.pairs == len(UIDS)
    assert not report.unmatched
    clustered = partner.dicoms()
    partner.output = partner.folder / "here"
    partner.reassemble()
    assert clustered == partner.dicoms()


def test_a_cluster_that_has_lost_all_workers_is_said_and_the_run_goes_on_with_the_next_one(
    partner: Partner, cluster: tuple[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.workers.running.QUIET_SECONDS", 0.2)
    striped(partner.folder, tear("CT_small.dcm", UIDS), archives=40).write()
    address, workers = cluster
    told: list[str] = []
    with ExitStack() as stack:

        def tell(message: str) -> None:
            told.append(message)
            if len(told) == 1:
                stack.enter_context(dask_worker(address, partner.folder, "next"))

        def kill_all(_done: int, _total: int) -> None:
            while workers:
                os.kill(workers.pop(), signal.SIGKILL)

        dask = dask_workers(address, tell=tell)
        report = partner.reassemble(workers=dask, workers_use_own_settings=True, progress=kill_all)
    assert told
    assert f"the Dask scheduler at {address} has no workers; start some" in told[0]
    assert report.written + report.left_alone == len(UIDS)
    assert not report.unmatched


def test_the_command_takes_the_address_of_a_scheduler(partner: Partner, cluster: tuple[str, list[int]]) -> None:
    striped(partner.folder, tear("CT_small.dcm", UIDS[:20]), archives=4).write()
    partner.index()
    options = ["--index", str(partner.index_url), "--out", str(partner.output), "--dask", cluster[0]]
    result = CliRunner().invoke(app, ["archives", "reassemble", *options])
    assert result.exit_code == 0, result.output
    assert partner.dicoms().keys() == set(UIDS[:20])


def test_an_address_where_nobody_answers_is_said() -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(DoublereadError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"),
    ):
        dask_workers("tcp://127.0.0.1:9")
