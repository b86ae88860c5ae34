"""What the gate for burned-in text finds: names, dates and numbers planted on mammograms, by size, contrast and place.

The mammograms are those of ``../shared/data`` beside the clone, else synthetic ones. A planted text is brighter than
the mean of its ground by the contrast; letters are 8 to 96 pixels high, in an outline font and in the strokes of old
devices. False alarms are counted on the same mammograms as they are, and beside planted markers.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.drawing import mammogram
from benchmarks.flow_setting import WORKERS
from benchmarks.report import Row
from orchestration.imaging.text import Markers, TextRegion, find_text
from orchestration.settings import Settings, marker_words

REAL = Path(__file__).parents[2] / "shared" / "data" / "mammograms" / "jpeg"
HEIGHTS = (8, 12, 16, 24, 48, 96)  # pixels of a capital letter
CONTRASTS = (10, 20, 40, 80, 160)  # grey levels
PLACES = ("top left", "top right", "bottom left", "bottom right", "middle")
IMAGES_EACH = 2  # for each height and contrast, with a text at each place
MARGIN = 24  # pixels between a text and the edge
BESIDE = 1.0  # widths of a marker: what is so near to it is taken for its frame, in which initials stand
TEXTS = ("DOE JANE", "1952-03-04", "ID 4711083", "Smith, A.", "MRN 98-2214", "04.03.1952", "ACC 20260117", "St. Mary")
MARKERS = ("R MLO", "LCC", "L CC", "RMLO")

MARKERS_ALLOWED = Markers(marker_words(Settings.model_fields["doubleread_view_markers"].default))

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Trial:
    """One image, planted or not."""

    number: int
    height: int = 0
    contrast: int = 0
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """Which of the planted texts were found; what else was found away from markers; seconds of the processor."""

    trial: Trial
    found: tuple[bool, ...]
    elsewhere: int
    beside_markers: int
    megapixels: float
    seconds: float


def base_image(number: int) -> np.ndarray:
    """One of the mammograms, grey, 8 bits."""
    files = sorted(REAL.glob("*.jpg"))
    if not files:
        return mammogram(255, number)
    return np.asarray(Image.open(files[number % len(files)]).convert("L"))


def letters_mask(text: str, height: int, *, strokes: bool) -> np.ndarray:
    """How much of each pixel a text covers, 0 to 255, in capital letters of a height in pixels."""
    if strokes:
        scale = height / 21  # pixels of a capital letter of the font at scale 1
        thickness = max(1, round(height / 12))
        (width, above), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
        mask = np.zeros((above + below + 2 * thickness, width + 2 * thickness), np.uint8)
        origin = (thickness, above + thickness)
        cv2.putText(mask, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)
        return mask
    font = ImageFont.load_default(height / 0.7)
    left, top, right, bottom = map(int, font.getbbox(text))
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font)
    return np.asarray(image)


def plant(image: np.ndarray, mask: np.ndarray, place: str, contrast: int) -> Box:
    """Write a text on an image at a place; where it lies."""
    rows, columns = image.shape
    height, width = min(mask.shape[0], rows - 2 * MARGIN), min(mask.shape[1], columns - 2 * MARGIN)
    mask = mask[:height, :width].astype(np.float32) / 255
    y = {"top": MARGIN, "bott": rows - MARGIN - height}.get(place[:4].strip(), (rows - height) // 2)
    x = MARGIN if "left" in place else columns - MARGIN - width if "right" in place else (columns - width) // 2
    ground = image[y : y + height, x : x + width]
    level = float(ground.mean())
    grey = level + contrast if level + contrast <= 255 else level - contrast
    ground[:] = (ground * (1 - mask) + grey * mask).round().astype(np.uint8)
    return x, y, x + width, y + height


def attempt(trial: Trial) -> Outcome:
    """Plant, look, and compare."""
    image = base_image(trial.number).copy()
    if min(image.shape) < 1000:  # one of the real ones is a small copy
        image = base_image(trial.number + 1).copy()
    planted = [
        plant(
            image,
            letters_mask(text, trial.height, strokes=(trial.number + place) % 2 == 0),
            PLACES[place],
            trial.contrast,
        )
        for place, text in enumerate(trial.texts)
    ]
    start = time.process_time()
    regions = find_text(image, MARKERS_ALLOWED)
    seconds = time.process_time() - start
    others = [region for region in regions if not region.is_marker]
    markers = [region for region in regions if region.is_marker]
    rest = [region for region in others if not any(touches(region, box) for box in planted)]
    beside = [region for region in rest if any(is_beside(region, marker) for marker in markers)]
    return Outcome(
        trial,
        tuple(any(touches(region, box) for region in others) for box in planted),
        len(rest) - len(beside),
        len(beside),
        image.size / 1e6,
        seconds,
    )


def touches(region: TextRegion, box: Box) -> bool:
    """Whether a region lies on a planted text, by a tenth of it at least."""
    left, top, right, bottom = box
    width = min(region.x + region.width, right) - max(region.x, left)
    height = min(region.y + region.height, bottom) - max(region.y, top)
    return width > 0 and height > 0 and 10 * width * height >= (right - left) * (bottom - top)


def is_beside(region: TextRegion, marker: TextRegion) -> bool:
    """Whether a region lies where the frame of a marker is, in which technologists write their initials."""
    reach = BESIDE * marker.width
    x, y = region.x + region.width / 2, region.y + region.height / 2
    return (
        marker.x - reach <= x <= marker.x + marker.width + reach
        and marker.y - reach <= y <= marker.y + marker.height + reach
    )


def planted_trials() -> Iterator[Trial]:
    """Every height with every contrast, on several images, with another text at each place."""
    cells = product(HEIGHTS, CONTRASTS, range(IMAGES_EACH))
    for number, (height, contrast, _) in enumerate(cells):
        texts = tuple(TEXTS[(number + place) % len(TEXTS)] for place in range(len(PLACES)))
        yield Trial(number, height, contrast, texts)


def share(found: Sequence[bool]) -> float:
    """Percent."""
    return round(100 * sum(found) / len(found), 1) if found else float("nan")


def run() -> list[Row]:
    """Recall by height and contrast and by place, false alarms, and time."""
    count = len(list(REAL.glob("*.jpg"))) or 4
    alone = [Trial(number) for number in range(count)]
    marked = [Trial(number, height, 160, (MARKERS[number % len(MARKERS)],) * len(PLACES))
              for number, height in enumerate(HEIGHTS[1:] * 2)]  # fmt: skip
    trials = [*planted_trials(), *marked, *alone]
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        outcomes = list(pool.map(attempt, trials))
    planted = outcomes[: -len(marked) - len(alone)]
    return [
        *recall_rows(planted),
        *alarm_rows(outcomes[-len(marked) - len(alone) : -len(alone)], outcomes[-len(alone) :]),
        Row("text", "seconds of one core for a megapixel",
            round(sum(one.seconds for one in outcomes) / sum(one.megapixels for one in outcomes), 2), "s"),
    ]  # fmt: skip


def recall_rows(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """How many of the planted texts were found."""
    cells: dict[tuple[int, int], list[bool]] = defaultdict(list)
    places: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for one in outcomes:
        cells[one.trial.height, one.trial.contrast] += one.found
        for place, found in zip(PLACES, one.found, strict=True):
            if one.trial.contrast >= 40:
                places[place, one.trial.height].append(found)
    for (height, contrast), trials in cells.items():
        yield Row("text", f"found: letters of {height} px, contrast {contrast}", share(trials), "%")
    for (place, height), trials in places.items():
        yield Row("text", f"found: {place}, letters of {height} px, contrast from 40", share(trials), "%")


def alarm_rows(marked: Sequence[Outcome], alone: Sequence[Outcome]) -> Iterator[Row]:
    """What was taken for text that is none, and markers that were taken for something else."""
    found = [one for outcome in marked for one in outcome.found]
    yield Row("text", "planted view markers taken for other text", share(found), "%")
    yield Row("text", "images as they are with text away from their marker", sum(one.elsewhere > 0 for one in alone),
              f"of {len(alone)}")  # fmt: skip
    yield Row("text", "images as they are with text in their marker's frame",
              sum(one.beside_markers > 0 for one in alone), f"of {len(alone)}")  # fmt: skip
    yield Row("text", "regions away from markers and planted texts, for an image",
              round(sum(one.elsewhere for one in [*marked, *alone]) / len([*marked, *alone]), 2), "")  # fmt: skip
