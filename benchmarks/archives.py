"""DICOMs back from archives: against tarfile, against pydicom, against cp, on a memory file system where there is one.

200 archives of 1,000 headers to index; 200 and 2,000 archives of 50 to look one DICOM up in; 20,000 pairs of pydicom's
CT_small (headers of 15 KB, pixels of 32 KB) in 20 archives of each kind; 120 frames of 17 MB, 20 to an archive; 40,000
pairs of 4 KB in 40 archives of each kind and in one; a join of a million pairs. 12 GB.
"""

import json
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from benchmarks.codecs import encoders, stored_mammogram
from benchmarks.report import Row, median_seconds, results
from orchestration.archives.index import ArchiveIndex
from orchestration.archives.reassembly import get_dicoms, local_workers, reassemble
from orchestration.archives.reassembly.joining import Join, Selection
from orchestration.archives.tar import LOCAL_READ_AHEAD, walk
from orchestration.settings import load_settings
from orchestration.stores import open_place
from tests.archives.reassembly.delivery import Delivery, Torn, archive, striped, tear
from tests.services.memory import peak_megabytes

MEMORY = Path("/dev/shm")  # noqa: S108 - small files measure the file system elsewhere: 2,300 to 42,000 a second on ext4
PAIRS, ARCHIVES = 20_000, 20
FRAMES, ROWS, COLUMNS = 120, 3328, 2560  # 17 MB of 16 bits each
COMPRESSED = 12  # frames of 3328 x 4096 and 12 bits
NAIVE_PAIRS = 500
FEW, MANY, MEMBERS = 200, 2_000, 50  # archives, and pairs in each
WALKED = 200_000
TINY_PAIRS, TINY_ARCHIVES = 40_000, 40  # headers of 2.5 KB, pixels of 512 bytes
JOINED = 1_000_000
ROUNDS = 5


def run() -> list[Row]:
    """Every row of the section on archives."""
    with tempfile.TemporaryDirectory(prefix="dr-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        return [
            *walking(folder),
            *indexing(folder),
            *joining(folder),
            *one(folder),
            *small_files(folder),
            *large_frames(folder),
            *decoded_frames(folder),
            *tiny_files(folder),
        ]


def uids(count: int) -> Iterator[str]:
    """Distinct UIDs of one length."""
    return (f"1.2.826.0.1.3680043.8.498.1{number:010d}" for number in range(count))


def fresh(path: Path) -> Path:
    """An empty folder in place of what was there."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def index_of(delivery: Path, at: Path) -> ArchiveIndex:
    """The index of a delivery, made anew."""
    settings = load_settings()
    index = ArchiveIndex.create(fresh(at), settings)
    index.update(open_place(delivery / "text", settings), "text")
    index.update(open_place(delivery / "images", settings), "image")
    return index


def walking(folder: Path) -> list[Row]:
    """The members of one archive: names, offsets, sizes."""
    path = folder / "walked.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for uid in uids(WALKED):
            member = tarfile.TarInfo(f"{uid}.json")
            member.size = 2000
            tar.addfile(member, BytesIO(bytes(2000)))

    def by_tarfile() -> int:
        with tarfile.open(path) as tar:
            return sum(member.isreg() for member in tar)

    def by_walk() -> int:
        with path.open("rb", buffering=0) as file:

            def read_at(offset: int, length: int) -> bytes:
                file.seek(offset)
                return file.read(length)

            return sum(1 for _ in walk(read_at, path.stat().st_size, read_ahead=LOCAL_READ_AHEAD))

    assert by_tarfile() == by_walk() == WALKED
    theirs, ours = (median_seconds(way) / WALKED * 1e6 for way in (by_tarfile, by_walk))
    path.unlink()
    return [
        Row("archive", "tarfile", theirs, "µs a member"),
        Row("archive", "walk", ours, "µs a member", theirs / ours, "tarfile", "at least 8"),
    ]


def indexing(folder: Path) -> list[Row]:
    """A whole index, from the folder to the Parquet files, against listing the same archives with tarfile."""
    archives = fresh(folder / "headers")
    members = [(f"{uid}.json", bytes(2000)) for uid in uids(WALKED)]
    for number in range(FEW):
        (archives / f"{number}.tar").write_bytes(archive(members[number::FEW]))
    settings = load_settings()

    def by_tarfile() -> None:
        listed = [member.name for path in archives.iterdir() for member in tarfile.open(path)]  # noqa: SIM115
        assert len(listed) == WALKED

    def by_index() -> None:
        index = ArchiveIndex.create(fresh(folder / "headers_index"), settings)
        assert index.update(open_place(archives, settings), "text").members == WALKED

    theirs, ours = (median_seconds(way, repeats=ROUNDS) / WALKED * 1e6 for way in (by_tarfile, by_index))
    shutil.rmtree(archives)
    name = f"index, {FEW} archives of {WALKED // FEW:,}"
    return [
        Row(name, "tarfile, names alone", theirs, "µs a member"),
        Row(name, "index", ours, "µs a member", theirs / ours, "tarfile", "at least 8"),
    ]


def joining(folder: Path) -> list[Row]:
    """Headers joined with pixels by their index, in one process; the archives hold no bodies."""
    delivery, members = fresh(folder / "joined"), list(uids(JOINED))
    for kind, suffix, shift in (("text", "json", 1), ("images", "j2c", 7)):
        (delivery / kind).mkdir()
        for number in range(FEW):
            headers = _empty_members(f"{uid}.{suffix}" for uid in members[number * shift % FEW :: FEW])
            (delivery / kind / f"{number}.tar").write_bytes(b"".join((*headers, bytes(1024))))
    index = index_of(delivery, folder / "joined_index")
    shutil.rmtree(delivery)

    def join() -> None:
        made = Join([index], Selection(), lambda _unmatched: None)
        assert made.run() == sum(len(pairs) for _, pairs in made.batches(salt="")) == JOINED

    def pass_over() -> None:
        assert Join([index], Selection(image_archives=["none"]), lambda _unmatched: None).run() == 0

    name = "join of a million pairs"
    return [
        Row(name, "one process, with batches", median_seconds(join, ROUNDS) / JOINED * 1e6, "µs a pair"),
        Row(name, "of archives not wanted", median_seconds(pass_over, ROUNDS) / JOINED * 1e6, "µs a pair"),
    ]


def _empty_members(names: Iterable[str]) -> Iterator[bytes]:
    """Headers of empty members; tarfile takes ten times as long for each."""
    blank = tarfile.TarInfo().tobuf(tarfile.USTAR_FORMAT)
    total = sum(blank) - sum(blank[148:156]) + 8 * ord(" ")
    for name in map(str.encode, names):
        yield name.ljust(100, b"\0") + blank[100:148] + b"%06o\0 " % (total + sum(name)) + blank[156:]


def one(folder: Path) -> list[Row]:
    """One DICOM: with an index, and by opening one archive after the other."""
    few = seconds_of_get(folder, FEW)
    uid = list(uids(FEW * MEMBERS))[FEW * MEMBERS // 2]
    script = median_seconds(lambda: opening_every_tar(folder / "delivery", uid, folder / "one"), repeats=ROUNDS)
    many = seconds_of_get(folder, MANY)
    shutil.rmtree(folder / "delivery")
    name, against = "one DICOM", f"opening every tar of {FEW}"
    return [
        Row(name, against, script * 1000, "ms"),
        Row(name, f"get, {FEW} archives", few * 1000, "ms", script / few, against, "at least 100"),
        Row(name, f"get, {MANY:,} archives", many * 1000, "ms", few / many, f"{FEW} archives", "1, no slower"),
    ]


def seconds_of_get(folder: Path, archives: int) -> float:
    """Of one DICOM by an index that was just opened, a different one each time."""
    delivery, index, settings = fresh(folder / "delivery"), folder / "delivery_index", load_settings()
    striped(delivery, tear("MR_small.dcm", uids(archives * MEMBERS)), archives).write()
    index_of(delivery, index)
    wanted = iter(list(uids(archives * MEMBERS))[archives::7])

    def get() -> None:
        result = get_dicoms(ArchiveIndex.open(index, settings), [next(wanted)], folder / "one", settings)
        assert result.written == 1

    return median_seconds(get, repeats=50)


def opening_every_tar(delivery: Path, uid: str, out: Path) -> None:
    """The script of a person who has the archives and a UID."""
    found = {}
    for kind, name in (("text", f"{uid}.json"), ("images", f"{uid}.j2c")):
        for path in sorted((delivery / kind).glob("*.tar")):
            with tarfile.open(path) as tar:
                if name in tar.getnames() and (member := tar.extractfile(name)):
                    found[kind] = member.read()
    by_pydicom(Torn(uid, found["text"], found["images"]), out)


def by_pydicom(torn: Torn, out: Path) -> None:
    """A DICOM by ``from_json`` and ``save_as``."""
    dataset = Dataset.from_json(json.loads(torn.header))
    dataset.add_new("PixelData", "OW", torn.pixels)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(out / f"{torn.uid}.dcm", enforce_file_format=True)


def small_files(folder: Path) -> list[Row]:
    """Files of 39 KB: by pydicom from memory, and from archives to files by one worker and by two."""
    striped(folder / "small", tear("CT_small.dcm", uids(PAIRS)), ARCHIVES).write()
    torn = list(tear("CT_small.dcm", uids(NAIVE_PAIRS)))
    out = fresh(folder / "naive")

    def all_by_pydicom() -> None:
        for each in torn:
            by_pydicom(each, out)

    naive = NAIVE_PAIRS / median_seconds(all_by_pydicom)
    index = index_of(folder / "small", folder / "small_index")
    rate = {workers: PAIRS / min(reassembled(index, folder, workers)[0] for _ in range(ROUNDS)) for workers in (1, 2)}
    peaks = [reassembled(at, folder, 1)[1] for at in (part_of(folder), index)]
    name = "files of 39 KB"
    return [
        Row(name, "from_json and save_as", naive, "files/s"),
        Row(
            name, "one worker", rate[1], "files/s", rate[1] / naive, "from_json and save_as", "at least 15, stretch 25"
        ),
        Row(name, "two workers", rate[2], "files/s", rate[2] / rate[1], "one worker", "at least 1.8"),
        Row("memory", f"worker, {PAIRS // 10:,} pairs", peaks[0], "MB"),
        Row(
            "memory", f"worker, {PAIRS:,} pairs", peaks[1], "MB", peaks[0] / peaks[1], "a tenth of the pairs", "1, flat"
        ),
    ]


def part_of(folder: Path) -> ArchiveIndex:
    """The index of a delivery a tenth as large."""
    striped(folder / "part", tear("CT_small.dcm", uids(PAIRS // 10)), ARCHIVES // 10).write()
    return index_of(folder / "part", folder / "part_index")


def reassembled(index: ArchiveIndex, folder: Path, workers: int, *, decode: bool = False) -> tuple[float, float]:
    """Seconds of a whole run on running workers, and the largest worker's peak memory in MB."""
    settings = load_settings()
    out = fresh(folder / "out")
    with local_workers(workers) as pool:
        results(pool.run(_peak_mb, ((n, n) for n in range(8 * workers))))  # all of them are there
        start = time.perf_counter()
        report = reassemble([index], out, settings, pool, decode=decode)
        seconds = time.perf_counter() - start
        peak = max(results(pool.run(_peak_mb, ((n, n) for n in range(8 * workers)))))
    assert report.written == report.pairs
    return seconds, peak


def large_frames(folder: Path) -> list[Row]:
    """Frames of 17 MB, twenty to an archive: one worker, against cp of the files that come out."""
    shutil.rmtree(folder / "small")
    noise = np.random.default_rng(1).integers(0, 4096, (ROWS, COLUMNS), dtype=np.uint16)
    changes = {"_00280010": {"vr": "US", "Value": [ROWS]}, "_00280011": {"vr": "US", "Value": [COLUMNS]}}
    delivery = Delivery(folder / "large")
    for number, torn in enumerate(tear("CT_small.dcm", uids(FRAMES), **changes)):
        pixels = np.roll(noise, number).tobytes()
        delivery.add(Torn(torn.uid, torn.header, pixels), text="text", image=f"images{number // 20}")
    delivery.write()
    del delivery
    index = index_of(folder / "large", folder / "large_index")
    ours, cp = [], []
    for _ in range(ROUNDS):  # in turns, so that neither has the quieter machine
        ours.append(reassembled(index, folder, 1)[0])
        files = sorted((folder / "out").glob("*.dcm"))
        copies = fresh(folder / "copies")
        start = time.perf_counter()
        subprocess.run(["cp", *files, copies], check=True)
        cp.append(time.perf_counter() - start)
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    return [
        Row("frames of 17 MB", "cp", megabytes / min(cp), "MB/s"),
        Row("frames of 17 MB", "one worker", megabytes / min(ours), "MB/s", min(cp) / min(ours), "cp", "at least 0.9"),
    ]


def decoded_frames(folder: Path) -> list[Row]:
    """Compressed frames by one worker, with and without decoding each; RLE is decoded in either case."""
    stored, rows = stored_mammogram(), []
    lines, columns = stored.shape
    changes = {
        "_00280010": {"vr": "US", "Value": [lines]},
        "_00280011": {"vr": "US", "Value": [columns]},
        "_00280101": {"vr": "US", "Value": [12]},
    }
    for syntax in (JPEGLSLossless, JPEG2000Lossless, RLELossless):
        frame = bytes(encoders()[syntax](stored))
        delivery = Delivery(fresh(folder / "compressed"))
        for torn in tear("CT_small.dcm", uids(COMPRESSED), **changes):
            delivery.add(Torn(torn.uid, torn.header, frame), text="text", image="images")
        delivery.write()
        index = index_of(folder / "compressed", folder / "compressed_index")
        plain, decoded = (reassembled(index, folder, 1, decode=decode)[0] for decode in (False, True))
        megabytes, name = COMPRESSED * len(frame) / 1e6, f"reassembled, {syntax.name}"
        rows += [
            Row(name, "without decoding", COMPRESSED / plain, "DICOMs/s"),
            Row(name, "without decoding", megabytes / plain, "MB/s"),
            Row(name, "decoded", COMPRESSED / decoded, "DICOMs/s", plain / decoded, "without decoding"),
            Row(name, "decoded", megabytes / decoded, "MB/s"),
        ]
    return rows


def tiny_files(folder: Path) -> list[Row]:
    """Files of 2 KB into shards by one worker: memory of both processes, and bytes read against the delivery's."""
    shutil.rmtree(folder / "large")
    rows = []
    for archives in (TINY_ARCHIVES, 1):
        delivery = fresh(folder / "tiny")
        striped(delivery, _tiny(), archives).write()
        size = sum(path.stat().st_size for path in delivery.rglob("*.tar"))
        index_of(delivery, folder / "tiny_index")
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:  # whose peak is that of this run
            main, worker, read = alone.submit(_packed, folder / "tiny_index", fresh(folder / "out")).result()
        name = f"{TINY_PAIRS:,} files of 2 KB, {archives} archive{'s' * (archives > 1)} of each kind"
        rows += [
            Row(name, "main process", main, "MB"),
            Row(name, "worker", worker, "MB"),
            Row(name, "read by the worker", read / 1e6, "MB", size / read, "the delivery", "at least 0.5"),
        ]
    return rows


def _tiny() -> Iterator[Torn]:
    """MR_small with 16 by 16 pixels, and without what makes its header larger than 2.5 KB."""
    first = next(uids(1))
    changes = {"_00280010": {"vr": "US", "Value": [16]}, "_00280011": {"vr": "US", "Value": [16]}}
    torn = next(tear("MR_small.dcm", [first], **changes))
    kept, size = {}, 0
    for tag, element in json.loads(torn.header).items():
        size += len(json.dumps({tag: element}))
        if size < 2_500 or tag.startswith("0028"):
            kept[tag] = element
    header = json.dumps(kept).encode()
    for uid in uids(TINY_PAIRS):
        yield Torn(uid, header.replace(first.encode(), uid.encode()), torn.pixels[:512])


def _packed(index: Path, out: Path) -> tuple[float, float, int]:
    """Reassemble into shards by one worker; peak memory of this process and of the worker in MB, bytes it read."""
    settings = load_settings()
    with local_workers(1) as pool:
        (before,) = results(pool.run(_bytes_read, [(0, 0)]))
        report = reassemble([ArchiveIndex.open(index, settings)], out, settings, pool, pack=True)
        (after,) = results(pool.run(_bytes_read, [(0, 0)]))
        (peak,) = results(pool.run(_peak_mb, [(0, 0)]))
    assert report.written == TINY_PAIRS
    return peak_megabytes(), peak, after - before


def _bytes_read(_number: int) -> int:
    status = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(status["rchar"])


def _peak_mb(_number: int) -> float:
    time.sleep(0.01)  # lets every worker take part when a pool maps this
    return peak_megabytes()
