"""The table of what is compared with what. A format that comes to an export gets a function and a row here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from orchestration.training_set.export.layout import (
    BOXES,
    CARD_FACTS,
    CROISSANT,
    DESCRIBED,
    INDEX,
    METADATA,
    SCANS,
    SHARDS,
    YOLO,
)
from orchestration.training_set.export.verifying.card import check_card
from orchestration.training_set.export.verifying.coco import check_coco
from orchestration.training_set.export.verifying.counts import check_counts
from orchestration.training_set.export.verifying.imagefolder import check_imagefolder, check_links
from orchestration.training_set.export.verifying.material import FormError, Material
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.shards import check_index
from orchestration.training_set.export.verifying.tables import check_tables, read_tables
from orchestration.training_set.export.verifying.yolo import check_yolo

TABLES = (SCANS, BOXES)

ImageRow = tuple[str, str, int, int, int, int]
"""Of an image, as ``scans.parquet`` has it: path, SHA-256, width, height, bits, channels."""


@dataclass(frozen=True)
class Format:
    """How a format is checked: which files it has, besides the tables, and what compares them."""

    reads: Callable[[str], bool]
    check: Callable[[Material], Iterator[Problem]]


FORMATS: Mapping[str, Format] = {
    "Parquet tables": Format(lambda path: path in TABLES, check_tables),
    "counts of the manifest": Format(lambda _path: False, check_counts),
    "links": Format(lambda _path: False, check_links),
    "COCO": Format(lambda path: path.startswith("annotations/coco"), check_coco),
    "YOLO": Format(lambda path: path.startswith(f"{YOLO}/"), check_yolo),
    "imagefolder": Format(lambda path: path == METADATA or path.startswith("splits/"), check_imagefolder),
    "data card": Format(lambda path: path in {CARD_FACTS, CROISSANT, *DESCRIBED}, check_card),
    "WebDataset": Format(lambda path: path in {INDEX, SHARDS}, check_index),
}


@dataclass(frozen=True)
class FormatTask:
    """A format for one worker. ``material`` has its files and the tables."""

    name: str
    material: Material


@dataclass(frozen=True)
class FormatOutcome:
    """What is wrong with a format; of the tables, the images as well, to be compared with what was decoded."""

    problems: list[Problem]
    images: list[ImageRow] | None = None


def check_format(task: FormatTask) -> FormatOutcome:
    """Compare one format with the tables; a file that is not of its form is a problem, never an exception."""
    problems: list[Problem] = []
    images = None
    try:
        problems.extend(FORMATS[task.name].check(task.material))
        if task.name == "Parquet tables":
            images = [_image(scan) for scan in read_tables(task.material).scans.values()]
    except FormError as error:
        problems.append(problem(error.kind, error.path, str(error)))
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError, MemoryError) as error:
        # A copy may be made to hold what no honest one does, such as a number too large for a sum.
        what = f"the {task.name} can't be compared with the tables ({type(error).__name__})"
        problems.append(problem("format", SCANS, what))
    return FormatOutcome(problems, images)


def _image(scan: Mapping[str, object]) -> ImageRow:
    return tuple(scan[name] for name in ("path", "sha256", "width", "height", "bits", "channels"))  # type: ignore[return-value]
