"""Series packed into HDF5 and written back, beside the plain script, ``cp``, and h5py's own gzip."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import imagecodecs
import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless, generate_uid

from benchmarks.drawing import mammogram
from benchmarks.report import Row, median_seconds
from orchestration.volumes.packing import Packing, pack
from orchestration.volumes.unpacking import unpack

FRAMES, SIDE = 200, 512
LARGE_FRAMES = 24  # of a mammogram's size: 0.65 GB as float32
WORKERS = 2


def run() -> list[Row]:
    """Rows for compressed series of 200 frames, for writing large frames, and for memory."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for syntax in (JPEG2000Lossless, RLELossless):
            rows += compressed_series(Path(folder) / syntax.name.split()[0], syntax)
        rows += large_frames(Path(folder) / "large")
    return rows


def compressed_series(folder: Path, syntax: UID) -> list[Row]:
    """Packing and unpacking against the plain script, in time and in memory."""
    source = folder / "dicom"
    write_series(source, syntax)
    name = source.parent.name
    packing = Packing(workers=WORKERS)
    own, plain = folder / "own.h5", folder / "plain.h5"
    pack_seconds = median_seconds(lambda: pack_to(source, own, packing), 3)
    plain_pack = median_seconds(lambda: pack_plainly(source, plain), 3)
    back, plain_back = folder / "back", folder / "plain back"
    unpack_seconds = median_seconds(lambda: unpack(own, source, back, overwrite=True, workers=WORKERS), 3)
    plain_unpack = median_seconds(lambda: unpack_plainly(plain, source, plain_back), 3)
    check_round_trip(source, back)
    memory = {kind: peak_megabytes(kind, source, folder) for kind in ("own", "plain")}
    script = "the plain script"
    return [
        Row("volumes", f"{name}: 200 frames packed", pack_seconds, "s", plain_pack / pack_seconds, script, "3"),
        Row("volumes", f"{name}: 200 frames unpacked", unpack_seconds, "s", plain_unpack / unpack_seconds, script, "3"),
        Row("volumes", f"{name}: peak memory", memory["own"], "MiB", memory["plain"] / memory["own"], script, "2"),
    ]


def large_frames(folder: Path) -> list[Row]:
    """Native mammograms into HDF5: uncompressed beside ``cp`` of the same bytes, compressed beside gzip 4."""
    source = folder / "dicom"
    frame = large_frame()
    write_files(source, [frame] * LARGE_FRAMES, ExplicitVRLittleEndian)
    rows = []
    for stored in (False, True):
        kind = "stored" if stored else "float32"
        plain, small, gzip = (folder / f"{name} {kind}.h5" for name in ("plain", "small", "gzip"))
        plainly = median_seconds(lambda: pack_to(source, plain, Packing(stored, compress=False, workers=WORKERS)), 3)  # noqa: B023
        copying = median_seconds(lambda: subprocess.run(["cp", plain, folder / "copy.h5"], check=True), 3)  # noqa: B023
        packed = median_seconds(lambda: pack_to(source, small, Packing(stored, workers=WORKERS)), 3)  # noqa: B023
        with h5py.File(plain) as file:
            data = file["data"][:]
        gzipped = median_seconds(lambda: write_gzip(gzip, data), 1)  # noqa: B023
        sizes = gzip.stat().st_size / small.stat().st_size
        rows += [
            Row("volumes", f"{kind}, uncompressed", plain.stat().st_size / plainly / 1e6, "MB/s", copying / plainly,
                "cp of the file", "0.7"),
            Row("volumes", f"{kind}, compressed", data.nbytes / packed / 1e6, "MB/s", gzipped / packed,
                "h5py's gzip 4", "6"),
            Row("volumes", f"{kind}, compressed size", small.stat().st_size / 1e6, "MB", sizes, "h5py's gzip 4", "1"),
        ]  # fmt: skip
    return rows


def write_series(folder: Path, syntax: UID) -> None:
    """Slices of 512 x 512, 12 bits, each another noise over a shape that changes slowly."""
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    frames = []
    for number in range(FRAMES):
        inside = np.hypot(row, column * 1.3) < 150 + 80 * np.sin(number / 60)
        tissue = 1000 + 200 * np.sin(row / 20 + number / 10) * np.cos(column / 30)
        frames.append(np.where(inside, tissue + rng.normal(0, 12, row.shape), rng.normal(30, 5, row.shape)).clip(0))
    write_files(folder, [frame.astype(np.uint16) for frame in frames], syntax)


def large_frame() -> np.ndarray:
    """A mammogram of 12 bits, its background even."""
    picture = mammogram(brightest=220).astype(np.uint16) << 4
    noise = np.random.default_rng(0).integers(0, 16, picture.shape, dtype=np.uint16)
    return np.where(picture > 0, picture | noise, 0).astype(np.uint16)


def write_files(folder: Path, frames: list[np.ndarray], syntax: UID) -> None:
    """One CT image for each frame, 1.5 mm apart."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = syntax
        image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = CTImageStorage
        uid = generate_uid(entropy_srcs=[str(folder), str(number)])
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = uid
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.3.5"
        image.Modality, image.InstanceNumber = "CT", number + 1
        image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 1.5 * number], [1, 0, 0, 0, 1, 0]
        image.PixelSpacing, image.RescaleSlope, image.RescaleIntercept = [0.7, 0.7], 1, -1024
        image.Rows, image.Columns = frame.shape
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
        image.add_new("PixelData", "OW", frame.tobytes())
        if syntax != ExplicitVRLittleEndian:
            image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            image.add_new("PixelData", "OB", encapsulate([encoded(image, frame, syntax)]))
            image["PixelData"].is_undefined_length = True
            image.file_meta.TransferSyntaxUID = syntax
        image.save_as(folder / f"{uid[-12:]}.dcm", enforce_file_format=True)


def encoded(image: Dataset, frame: np.ndarray, syntax: UID) -> bytes:
    """A frame in the transfer syntax."""
    if syntax == RLELossless:
        return bytes(get_encoder(RLELossless).encode(image, index=0, encoding_plugin="pydicom"))
    return bytes(imagecodecs.jpeg2k_encode(frame, level=0, reversible=True, codecformat="j2k", bitspersample=12))


def pack_to(source: Path, out: Path, packing: Packing) -> None:
    """Pack with this package."""
    report = pack(source, out, out.with_suffix(".json"), packing=packing, overwrite=True)
    assert report.packed, report.failed


def pack_plainly(source: Path, out: Path) -> None:
    """What a person would write: read all, stack, normalise in float64, one dataset."""
    images = sorted((dcmread(path) for path in source.iterdir()), key=lambda image: image.ImagePositionPatient[2])
    volume = np.stack([image.pixel_array for image in images]).astype(np.float64)
    volume = volume * float(images[0].RescaleSlope) + float(images[0].RescaleIntercept)
    low, high = volume.min(), volume.max()
    with h5py.File(out, "w") as file:
        data = file.create_dataset("data", data=(volume - low) / (high - low))
        data.attrs["minimum"], data.attrs["maximum"] = low, high


def unpack_plainly(packed: Path, source: Path, out: Path) -> None:
    """What a person would write: read all, scale in float64, new pixels and UIDs in each header, save."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    images = sorted((dcmread(path) for path in source.iterdir()), key=lambda image: image.ImagePositionPatient[2])
    with h5py.File(packed) as file:
        volume, low, high = file["data"][:], file["data"].attrs["minimum"], file["data"].attrs["maximum"]
    volume = volume * (high - low) + low
    series = generate_uid()
    for image, values in zip(images, volume, strict=True):
        stored = np.rint((values - float(image.RescaleIntercept)) / float(image.RescaleSlope)).astype(np.uint16)
        image.SeriesInstanceUID, image.SOPInstanceUID = series, generate_uid()
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.add_new("PixelData", "OW", stored.tobytes())
        image.save_as(out / f"{image.SOPInstanceUID}.dcm", enforce_file_format=True)


def check_round_trip(source: Path, back: Path) -> None:
    """The volume came back as it was."""
    by_instance = {image.SOPInstanceUID: image for image in (dcmread(path) for path in source.iterdir())}
    found = [dcmread(path) for path in back.iterdir()]
    assert len(found) == len(by_instance)
    for image in found[:5]:
        template = by_instance[image.SourceImageSequence[0].ReferencedSOPInstanceUID]
        assert np.array_equal(image.pixel_array, template.pixel_array)


def write_gzip(out: Path, data: np.ndarray) -> None:
    """With h5py's own chunks and gzip of level 4."""
    with h5py.File(out, "w") as file:
        file.create_dataset("data", data=data, compression="gzip", compression_opts=4)


def peak_megabytes(kind: str, source: Path, folder: Path) -> float:
    """The largest resident size of all processes together that pack a series, in a process of their own."""
    program = f"from benchmarks.volumes import measured; measured({kind!r}, {str(source)!r}, {str(folder)!r})"
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return float(json.loads(result.stdout))


def measured(kind: str, source: str, folder: str) -> None:
    """Pack, and print the peak memory; the entry point of a process of its own."""
    out = Path(folder) / f"memory {kind}.h5"
    actions: dict[str, Callable[[], None]] = {
        "own": lambda: pack_to(Path(source), out, Packing(workers=WORKERS)),
        "plain": lambda: pack_plainly(Path(source), out),
    }
    with watching() as peak:
        actions[kind]()
    print(json.dumps(peak[0]))


@contextmanager
def watching() -> Iterator[list[float]]:
    """Look every 5 ms at the memory of this process and those below it, shared pages divided among them (PSS)."""
    import threading  # noqa: PLC0415 - only of this measurement

    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], sum(map(pss_megabytes, family(os.getpid()))))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def family(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(int(child)))]


def pss_megabytes(pid: int) -> float:
    """The proportional set size of a process, in MiB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
