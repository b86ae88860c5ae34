"""Images drawn per second on one core, beside the script that a user would write, and the memory that it takes.

Synthetic mammograms of 3328 x 4096 pixels, 55 % of them black, whose noise makes the plain script's files as large as
those of real mammograms (3.8 MB). One uses 221 grey levels, so that its picture can be a palette image; the other
uses all, so that it must be RGB. Where ``../shared/data/mammograms`` exists, its 16 images are drawn as well: most use
all grey levels, are smaller than promised for, and are filtered so that decoding takes twice as long.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from itertools import repeat
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.report import Row
from orchestration.imaging import Box, annotate
from tests.services.memory import peak_megabytes

WIDTH, HEIGHT = 3328, 4096
BOXES = [Box("U1", 900, 1800, 300, 280), Box("U2", 940, 1850, 300, 280)]
CAPTION = "Malignant mass"
TARGET = "at least 15, stretch 25"
REPEATS = 7
PICTURES_A_WORKER = 40
MAMMOGRAMS = Path(__file__).parents[2] / "shared" / "data" / "mammograms"


def run() -> list[Row]:
    """Every row of the section "Drawing"."""
    rows = []
    for kind, image in (("palette", mammogram(brightest=220)), ("RGB", mammogram(brightest=255))):
        source = encoded(image)
        rows += compared(f"drawing, {kind}", [source], target=TARGET)
    if MAMMOGRAMS.exists():
        rows += compared("drawing, 16 real mammograms", real_mammograms(), repeats=2)
    return [*rows, cores(), *memory()]


def mammogram(brightest: int, seed: int = 0) -> np.ndarray:
    """A breast outline with coarse and fine texture on black, all greys up to ``brightest`` used."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    radius = np.sqrt((columns / (0.62 * WIDTH)) ** 2 + ((rows - 0.5 * HEIGHT) / (0.46 * HEIGHT)) ** 2)
    coarse = generator.normal(size=(HEIGHT // 64, WIDTH // 64)).astype(np.float32)
    texture = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    fine = generator.normal(scale=1.1, size=(HEIGHT, WIDTH)).astype(np.float32)
    greys = 60 + 90 * np.sqrt(np.clip(1 - radius, 0, 1)) + 22 * texture + fine
    image = np.where(radius < 1, np.clip(greys, 1, brightest), 0).astype(np.uint8)
    image[HEIGHT // 2, : brightest + 1] = np.arange(brightest + 1)
    return image


def encoded(image: np.ndarray) -> bytes:
    """The image as a grey PNG, written by Pillow."""
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def real_mammograms() -> list[bytes]:
    """The images that the data folder's own script lays out."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, MAMMOGRAMS / "unpack.py", folder], check=True)
        return [path.read_bytes() for path in sorted(Path(folder).glob("blobs/**/*.png"))]


def plain(source: bytes) -> bytes:
    """What a user would write."""
    image = Image.open(BytesIO(source)).convert("RGB")
    canvas = ImageDraw.Draw(image)
    for box in BOXES:
        canvas.rectangle((box.x, box.y, box.x + box.width, box.y + box.height), outline="red", width=8)
        canvas.text((box.x, box.y - 20), f"{CAPTION} · {box.reader}", fill="red")
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def ours(source: bytes) -> bytes:
    """What the label folders do."""
    return annotate(source, caption=CAPTION, boxes=BOXES).png


def compared(name: str, sources: Sequence[bytes], repeats: int = REPEATS, target: str = "") -> list[Row]:
    """Speed and size, the two ways taking turns so that neither has the quieter machine.

    The best of the repeats counts, in processor time of all threads together: what else runs on the machine, and a
    second core, change neither way's figure.
    """
    seconds: dict[Callable[[bytes], bytes], list[float]] = {plain: [], ours: []}
    size = {way: sum(len(way(source)) for source in sources) for way in seconds}
    for _ in range(repeats):
        for way, taken in seconds.items():
            start = time.process_time()
            for source in sources:
                way(source)
            taken.append(time.process_time() - start)
    rate = {way: len(sources) / min(taken) for way, taken in seconds.items()}
    return [
        Row(name, "plain script", rate[plain], "images/s"),
        Row(name, "annotate", rate[ours], "images/s", rate[ours] / rate[plain], "plain script", target),
        Row(
            name,
            "size of the files",
            size[ours] / len(sources) / 1e6,
            "MB",
            size[plain] / size[ours],
            f"plain script, {size[plain] / len(sources) / 1e6:.2f} MB",
            "at least 0.8",
        ),
    ]


def draw_many(source: bytes, count: int) -> float:
    """Draw ``count`` pictures one after the other; the peak memory of this process afterwards, in MB."""
    for _ in range(count):
        ours(source)
    return peak_megabytes()


def cores() -> Row:
    """The same number of pictures a worker by one and by two processes that are already started; the best of three."""
    source = encoded(mammogram(brightest=220))
    rate = {}
    for workers in (1, 2):
        with ProcessPoolExecutor(workers) as pool:
            seconds = []
            for _ in range(3):
                start = time.perf_counter()
                list(pool.map(draw_many, [source] * workers, repeat(PICTURES_A_WORKER)))
                seconds.append(time.perf_counter() - start)
        rate[workers] = workers * PICTURES_A_WORKER / min(seconds)
    return Row("cores", "two workers", rate[2], "images/s", rate[2] / rate[1], "one worker", "at least 1.7")


def memory() -> list[Row]:
    """Peak memory of a fresh process that draws few and many pictures, interpreter and imports included."""
    rows = []
    for kind, brightest in (("palette", 220), ("RGB", 255)):
        for count in (2, 100):
            code = (
                "import sys; from benchmarks.drawing import draw_many; "
                "print(draw_many(sys.stdin.buffer.read(), int(sys.argv[1])))"
            )
            command = [sys.executable, "-c", code, str(count)]
            done = subprocess.run(command, input=encoded(mammogram(brightest)), capture_output=True, check=True)
            rows.append(Row("memory", f"{kind}, {count} pictures", float(done.stdout), "MB", target="at most 400"))
    return rows
