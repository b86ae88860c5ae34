"""A Dask cluster runs the same batches, and goes on when one of its workers is killed."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
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
        ids = []
        for name in ("a", "b"):
            options = [address["address"], "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
            started = re.compile(r"Registered to:")
            pid_file = tmp_path / f"{name}.pid"
            worker = [*WORKER, *options, "--name", name, "--pid-file", pid_file, "--local-directory", tmp_path]
            stack.enter_context(serve(worker, log=tmp_path / f"{name}.log", listening=started))
            ids.append(int(pid_file.read_text()))
        yield address["address"], ids


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
