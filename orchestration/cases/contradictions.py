"""What speaks against four images being the four views of one case: their headers, and pixels that are the same.

Headers are compared only where they say something: a PNG has none, and many leave elements out. No message holds a
value of a patient.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from orchestration.cases.image import CaseImage
from orchestration.dicom.identity import Identity

_SHARED = {"patient": "patients", "study_date": "dates of study", "study": "studies"}


@dataclass(frozen=True)
class Contradiction:
    """Parts that cannot be what they are taken for, by their names in ``ClinicalCase``, and what contradicts."""

    parts: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        return f"{', '.join(self.parts)}: {self.detail}"


def contradictions(
    year: int, images: Mapping[str, CaseImage], identities: Mapping[str, Identity], pixels: Mapping[str, bytes]
) -> tuple[Contradiction, ...]:
    """Compare the images of a case with their names and with one another.

    Args:
        year: of the case.
        images: the images by part.
        identities: what their headers say, of those that have one.
        pixels: SHA-256 of the stored values of each.
    """
    of_one = (_with_its_name(part, images[part], found) for part, found in identities.items())
    return tuple(
        chain(
            chain.from_iterable(of_one),
            _of_another_year(year, identities),
            _apart(identities),
            _same(identities, pixels),
        )
    )


def _with_its_name(part: str, image: CaseImage, found: Identity) -> Iterator[Contradiction]:
    for said, name in ((found.lateralities, image.laterality), (found.views, image.view)):
        if said - {name}:
            yield Contradiction((part,), f"its header says {' and '.join(sorted(said))}, its name {name}")


def _of_another_year(year: int, identities: Mapping[str, Identity]) -> Iterator[Contradiction]:
    parts = tuple(part for part, found in identities.items() if found.study_year not in {None, year})
    if parts:
        yield Contradiction(parts, f"the date of study in the header is not of {year:04d}")


def _apart(identities: Mapping[str, Identity]) -> Iterator[Contradiction]:
    """What all views of a case share, where the headers say different things."""
    for attribute, name in _SHARED.items():
        groups = _groups({part: getattr(found, attribute) for part, found in identities.items()})
        if len(groups) > 1:
            sides = " against ".join(", ".join(parts) for parts in groups)
            yield Contradiction(tuple(chain.from_iterable(groups)), f"their headers name different {name} ({sides})")


def _same(identities: Mapping[str, Identity], pixels: Mapping[str, bytes]) -> Iterator[Contradiction]:
    """What no two views share, where they do."""
    instances = {part: found.instance for part, found in identities.items()}
    for values, detail in ((instances, "have the same SOP Instance UID"), (pixels, "have the same pixels")):
        yield from (Contradiction(parts, detail) for parts in _groups(values) if len(parts) > 1)


def _groups(values: Mapping[str, Hashable]) -> list[tuple[str, ...]]:
    """The parts of each value; those without a value are left out."""
    parts = defaultdict(list)
    for part, value in values.items():
        if value is not None:
            parts[value].append(part)
    return [tuple(found) for found in parts.values()]
