"""The rule in plain Python, written from its description and not from the SQL: what the marts must hold."""

import itertools
import json
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

SCANS_PER_STUDY = 4
MIN_MATCHING_READERS = 2
LABELS = (
    "has_benign_microcalsifications",
    "has_malign_microcalcifications",
    "has_benign_mass",
    "has_malign_mass",
)
PATTERNS = dict(zip(LABELS, ("Ben. Calc", "Mal. Calc", "Ben. Mass", "Mal. Mass"), strict=True))
LARGEST = 2**31 - 1
EARLIEST = datetime.min.replace(tzinfo=UTC)
# What shows nothing although Unicode calls it a letter or a mark; what shows although it is called a control.
INVISIBLE = ("VARIATION SELECTOR", "HANGUL FILLER", "SEONG FILLER", "GRAPHEME JOINER", "KHMER VOWEL INHERENT")
VISIBLE_CONTROLS = ("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN")
ARABIC_LETTER_MARK = "\N{ARABIC LETTER MARK}"  # the one in Arabic that shows nothing
BLANKS = "\t\n\v\f\r\x85\N{BRAILLE PATTERN BLANK}"


@dataclass(frozen=True)
class Scan:
    """A row of the raw table of scans; ids are of the column's type."""

    id: Any
    study: Any
    png_image: str | None
    file_name: str | None
    rows: int | None
    columns: int | None


@dataclass(frozen=True)
class Annotation:
    """A row of the raw table of annotations; ``boxes`` is the column's text."""

    id: Any
    scan: Any
    reader: Any
    boxes: str | None
    labels: tuple[bool | None, ...]
    created_at: datetime | None

    @property
    def reader_id(self) -> str | None:
        return None if self.reader is None else one_spelling(str(self.reader)) or None

    def says(self, label: str) -> bool:
        return self.labels[LABELS.index(label)] is True


@dataclass(frozen=True)
class Box:
    reader: str
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    comment: str | None

    @property
    def geometry(self) -> tuple[str, Decimal, Decimal, Decimal, Decimal]:
        return self.reader, self.x, self.y, self.width, self.height


@dataclass(frozen=True)
class Reading:
    """What one reader said about one study: the annotation that counts, by scan."""

    annotations: Mapping[Any, Annotation]
    complete: bool

    def answer(self, label: str) -> str:
        said = {annotation.says(label) for annotation in self.annotations.values()}
        return {(True,): "positive", (False,): "negative"}.get(tuple(said), "inconsistent")


@dataclass(frozen=True)
class Marts:
    """Accepted findings by (scan, label), rejected ones by (study, label), agreement by (label, pair), defects.

    ``trainable`` has the role of each scan and what was rejected of its study; ``studies`` counts all of them, and
    ``studies_read`` those of which some scan was annotated.
    """

    accepted: dict[tuple[str, str], dict[str, Any]]
    rejected: dict[tuple[str, str], dict[str, Any]]
    agreement: dict[tuple[str, str, str], dict[str, Any]]
    malformed: Counter[tuple[str, str]]
    trainable: dict[str, tuple[str, list[dict[str, str]]]]
    studies: int = 0
    studies_read: int = 0


def marts(scans: Iterable[Scan], annotations: Iterable[Annotation]) -> Marts:
    """Apply the rule to the rows of the raw tables."""
    studies = defaultdict(list)
    for scan in scans:
        if scan.study is not None:
            studies[scan.study].append(scan)
    study_of = {scan.id: study for study, members in studies.items() for scan in members}
    counted = _counted(annotations)
    by_reading: dict[Any, dict[Any, dict[Any, Annotation]]] = defaultdict(lambda: defaultdict(dict))
    for annotation in counted:
        if annotation.scan in study_of:
            by_reading[study_of[annotation.scan]][str(annotation.reader_id)][annotation.scan] = annotation

    result = Marts({}, {}, {}, Counter(), {}, len(studies), len(by_reading))
    tables: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for study, by_reader in by_reading.items():
        members = studies[study]
        readings = {
            reader: Reading(said, len(members) == SCANS_PER_STUDY == len(said)) for reader, said in by_reader.items()
        }
        for label in LABELS:
            _decide(result, members, readings, label)
        _give_roles(result, members, readings)
        finished = sorted(reader for reader, reading in readings.items() if reading.complete)
        for label, (a, b) in itertools.product(LABELS, itertools.combinations(finished, 2)):
            tables[label, a, b].append((readings[a].answer(label), readings[b].answer(label)))
    for key, answers in tables.items():
        result.agreement[key] = _agreement(answers)
    for annotation in counted:
        for _box, defect in _parse(annotation):
            if defect:
                result.malformed[str(annotation.id), defect] += 1
    return result


def one_spelling(text: str) -> str:
    """What remains of an id when case, blanks, invisible characters and Unicode forms make no difference."""
    visible = "".join(" " if _is_blank(character) else character for character in text if _shows(character))
    folded = unicodedata.normalize("NFKC", visible).casefold()
    one_i = folded.replace("i\N{COMBINING DOT ABOVE}", "i").replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")
    return " ".join(unicodedata.normalize("NFKC", one_i).split())


def _is_blank(character: str) -> bool:
    return character in BLANKS or unicodedata.category(character) in ("Zs", "Zl", "Zp")


def _shows(character: str) -> bool:
    name = unicodedata.name(character, "")
    if unicodedata.category(character) in ("Cc", "Cf"):
        return _is_blank(character) or (name.startswith(VISIBLE_CONTROLS) and character != ARABIC_LETTER_MARK)
    return not any(part in name for part in INVISIBLE)


def _counted(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Of several annotations by one reader on one scan the latest: by time (none is the earliest), then by id."""
    latest: dict[Any, Annotation] = {}
    for annotation in annotations:
        if annotation.reader_id is None or annotation.scan is None:
            continue
        key = annotation.reader_id, annotation.scan
        if key not in latest or _age(annotation) > _age(latest[key]):
            latest[key] = annotation
    return list(latest.values())


def _age(annotation: Annotation) -> tuple[datetime, Any]:
    return annotation.created_at or EARLIEST, annotation.id


def _decide(result: Marts, scans: list[Scan], readings: Mapping[str, Reading], label: str) -> None:
    callers = [
        reading for reading in readings.values() if any(said.says(label) for said in reading.annotations.values())
    ]
    if not callers:
        return
    finished = [reader for reader, reading in readings.items() if reading.complete]
    matching = sorted(reader for reader in finished if readings[reader].answer(label) == "positive")
    if len(matching) >= MIN_MATCHING_READERS:
        for scan in scans:
            boxes = [
                box
                for reader in matching
                for box in boxes_of(readings[reader].annotations[scan.id])
                if label in labels_of(box, readings[reader].annotations[scan.id])
            ]
            result.accepted[str(scan.id), label] = {
                "study_id": str(scan.study),
                "png_image": scan.png_image,
                "file_name": scan.file_name,
                "image_rows": scan.rows,
                "image_columns": scan.columns,
                "reader_count": len(finished),
                "matching_reader_count": len(matching),
                "matching_readers": matching,
                "boxes": sorted(boxes, key=lambda box: (*box.geometry, box.comment is None, box.comment)),
                "box_count": len(boxes),
            }
        return
    if len(scans) != SCANS_PER_STUDY:
        reason = "incomplete_study"
    elif any(len(reading.annotations) != SCANS_PER_STUDY for reading in callers):
        reason = "incomplete_reading"
    elif any(reading.answer(label) == "inconsistent" for reading in readings.values()):
        reason = "inconsistent_reading"
    elif len(finished) == 1:
        reason = "single_reader"
    else:
        reason = "readers_disagree"
    result.rejected[str(scans[0].study), label] = {
        "reason": reason,
        "reader_count": len(finished),
        "positive_reader_count": len(matching),
    }


def _give_roles(result: Marts, scans: list[Scan], readings: Mapping[str, Reading]) -> None:
    study = str(scans[0].study)
    rejected = [
        {"label": label, "reason": result.rejected[study, label]["reason"]}
        for label in sorted(LABELS)
        if (study, label) in result.rejected
    ]
    if any((str(scan.id), label) in result.accepted for scan in scans for label in LABELS):
        role = "finding"
    elif rejected:
        role = "hard_case"
    elif sum(reading.complete for reading in readings.values()) >= MIN_MATCHING_READERS:
        role = "negative"
    else:
        return
    result.trainable.update({str(scan.id): (role, rejected) for scan in scans})


def labels_of(box: Box, annotation: Annotation) -> set[str]:
    """The labels that a box belongs to: those that its comment names, else the scan's only positive one."""
    comment = (box.comment or "").lower()
    named = {label for label, pattern in PATTERNS.items() if pattern.lower() in comment}
    positive = {label for label in LABELS if annotation.says(label)}
    return named or (positive if len(positive) == 1 else set())


def boxes_of(annotation: Annotation) -> list[Box]:
    return [box for box, _defect in _parse(annotation) if box]


def _parse(annotation: Annotation) -> list[tuple[Box | None, str | None]]:
    text = annotation.boxes
    if text is None or not text.strip(" \t\r\n"):
        return []
    try:
        document = json.loads(text, parse_constant=_refuse, parse_float=Decimal, parse_int=Decimal)
        json.dumps(document, default=str, ensure_ascii=False).encode()  # no half of a surrogate pair
    except (ValueError, RecursionError):
        return [(None, "not_a_list")]
    if document is None:
        return []
    if not isinstance(document, list) or r"\u0000" in text:
        return [(None, "not_a_list")]
    return [_parse_element(element, str(annotation.reader_id)) for element in document]


def _parse_element(element: Any, reader: str) -> tuple[Box | None, str | None]:
    if not isinstance(element, dict):
        return None, "not_an_object"
    mark = element.get("mark")
    if not isinstance(mark, dict):
        return None, "no_mark"
    sides = [mark.get(side) for side in ("x", "y", "width", "height")]
    if not all(isinstance(side, Decimal) for side in sides):
        return None, "not_a_number"
    if any(abs(side) > LARGEST for side in sides):
        return None, "out_of_range"
    return Box(reader, *sides, element.get("comment")), None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _agreement(answers: list[tuple[str, str]]) -> dict[str, Any]:
    cells = Counter(answers)
    both, only_a = cells["positive", "positive"], cells["positive", "negative"]
    only_b, neither = cells["negative", "positive"], cells["negative", "negative"]
    n = both + only_a + only_b + neither
    kappa = None
    # The closed form for two raters and two classes; the SQL computes the textbook's (observed - expected) / ...
    if chance := (both + only_a) * (only_a + neither) + (both + only_b) * (only_b + neither):
        kappa = 2 * (both * neither - only_a * only_b) / chance
    return {
        "study_count": len(answers),
        "both_positive_count": both,
        "only_a_positive_count": only_a,
        "only_b_positive_count": only_b,
        "both_negative_count": neither,
        "inconsistent_count": len(answers) - n,
        "observed_agreement": (both + neither) / n if n else None,
        "cohens_kappa": kappa,
        "positive_agreement": 2 * both / (2 * both + only_a + only_b) if both + only_a + only_b else None,
        "negative_agreement": 2 * neither / (2 * neither + only_a + only_b) if neither + only_a + only_b else None,
    }


def same_measure(found: Any, expected: Any) -> bool:
    """Whether two cells of the agreement are equal, up to the rounding of doubles."""
    if isinstance(found, float) and isinstance(expected, (float, int)):
        return math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-12)
    return bool(found == expected)
