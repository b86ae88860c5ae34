"""From a distant store to annotated pictures: against the script that a user would write, on two cores, run again.

The store is Azurite behind 20 ms of latency and 60 MB/s a connection; it and what slows it run on the same cores.
Images are synthetic mammograms of 3328 x 4096 pixels and 2.4 MB, half of which become palette images and half RGB.
8 GB of the temporary folder are used.
"""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from azure.storage.blob import ContainerClient

from benchmarks.drawing import plain
from benchmarks.flow_setting import CONTAINER, Run, Setting, make_images, setting
from benchmarks.report import Row
from orchestration.labels import LABELS
from orchestration.training_set.label_folder import drawing_workers
from tests.services.faults import faulty_proxy

ROUNDS = 3
SCANS_A_ROUND = 120
SCANS_OF_THE_SCRIPT = 6
SCANS_FOR_CORES = 60
SCANS = 500  # of which each has a finding of all four labels


def run() -> list[Row]:
    """Every row about retrieval and drawing together, cores, running again, and memory."""
    with setting() as services:
        paths = services.upload(make_images(), SCANS)
        speed, few = against_the_script(services, paths)
        two_cores = cores(services, paths[:SCANS_FOR_CORES])
        repetition, many = again(services, paths)
        return [*speed, two_cores, *repetition, *memory(few), *memory(many)]


def against_the_script(services: Setting, paths: Sequence[str]) -> tuple[list[Row], Run]:
    """Images per second of both, in turns, so that neither has the quieter machine; and the last of our runs."""
    script, ours = [], []
    for number in range(ROUNDS):
        script.append(_script_rate(services, paths[:SCANS_OF_THE_SCRIPT]))
        with services.project(f"round_{number}", paths[:SCANS_A_ROUND], LABELS[:1]) as project:
            done = project.run_in_fresh_process()
            assert done.fetched == done.drawn == SCANS_A_ROUND
            ours.append(done.drawn / done.seconds)
    plain_rate, rate = statistics.median(script), statistics.median(ours)
    name, target = "store to pictures", "at least 20"
    rows = [
        Row(name, "SDK and Pillow one by one", plain_rate, "images/s"),
        Row(name, "retrieval and two workers", rate, "images/s", rate / plain_rate, "SDK and Pillow", target),
    ]
    return rows, done


def cores(services: Setting, paths: Sequence[str]) -> Row:
    """Pictures per second with one worker and with two, from copies that are already here; pools are started."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    with services.project("cores", paths, LABELS[:1]) as project, drawing_workers(1) as one, drawing_workers(2) as two:
        project.retrieve()
        for number in range(ROUNDS + 1):
            for workers, pool in ((1, one), (2, two)):
                start = time.perf_counter()
                _, drawn = project.with_training_set(f"{workers}_{number}").draw(LABELS[0], pool)
                rates[workers].append(drawn / (time.perf_counter() - start))
    rate = {workers: statistics.median(measured[1:]) for workers, measured in rates.items()}
    return Row("cores", "label folder, two workers", rate[2], "images/s", rate[2] / rate[1], "one", "at least 1.7")


def again(services: Setting, paths: Sequence[str]) -> tuple[list[Row], Run]:
    """A first run, and one with nothing changed whose requests to the store are counted; and the first run."""
    with (
        services.project("again", paths, LABELS) as project,
        faulty_proxy(services.distant.blob_endpoint) as proxy,
    ):
        first = project.run_in_fresh_process()
        assert first.fetched == len(paths)
        assert first.drawn == first.findings == len(paths) * len(LABELS)
        second = project.behind(proxy.endpoint).run_in_fresh_process()
        reads = proxy.count("GET", ".png")
    name = f"running again, {first.findings:,} findings"
    rows = [
        Row(name, "first run", first.seconds, "s"),
        Row(name, "second run", second.seconds, "s", first.seconds / second.seconds, "first run", "at least 50 (2 %)"),
        Row(name, "images read from the store", reads, "images", target="0"),
        Row(name, "pictures drawn", second.drawn, "pictures", target="0"),
    ]
    return rows, first


def memory(run: Run) -> list[Row]:
    """Peak memory of the larger worker and of the process that starts them."""
    return [
        Row("memory", f"worker, {run.findings:,} findings", run.worker_mb, "MB", target="at most 400"),
        Row("memory", f"main process, {run.findings:,} findings", run.main_process_mb, "MB", target="at most 400"),
    ]


def _script_rate(services: Setting, paths: Sequence[str]) -> float:
    """What a user would write: download, open, draw, save, one after the other."""
    folder = services.folder / "script"
    folder.mkdir(exist_ok=True)
    start = time.perf_counter()
    with ContainerClient.from_connection_string(services.distant.connection_string, CONTAINER) as container:
        for path in paths:
            picture = plain(container.download_blob(path).readall())
            (folder / Path(path).name).write_bytes(picture)
    return len(paths) / (time.perf_counter() - start)
