"""A clinical case: four mammograms and the radiologist's report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from orchestration.cases.image import CaseImage
from orchestration.stores import printable


@dataclass(frozen=True)
class ClinicalCase:
    """A case as the hospital has it. Equal by content; what is missing is None, and ``missing`` says why.

    Attributes:
        id: ``S`` and digits.
        year: four digits.
        l_cc: left breast, craniocaudal.
        l_mlo: left breast, mediolateral oblique.
        r_cc: right breast, craniocaudal.
        r_mlo: right breast, mediolateral oblique.
        report: the radiologist's report. It is patient text, so that the representation leaves it out.
        missing: the names of the parts that are None, each with the reason; empty in a complete case.
    """

    id: str
    year: int
    l_cc: CaseImage | None = field(repr=False)
    l_mlo: CaseImage | None = field(repr=False)
    r_cc: CaseImage | None = field(repr=False)
    r_mlo: CaseImage | None = field(repr=False)
    report: str | None = field(repr=False)
    missing: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "missing", MappingProxyType(dict(self.missing)))

    @property
    def images(self) -> dict[str, CaseImage]:
        """The images that there are, by the names of their attributes."""
        images = {"l_cc": self.l_cc, "l_mlo": self.l_mlo, "r_cc": self.r_cc, "r_mlo": self.r_mlo}
        return {part: image for part, image in images.items() if image is not None}


class CaseError(Exception):
    """A case can't be had; the message names the case and every part that stands in the way."""


class CaseNotFoundError(CaseError, LookupError):
    """The index and the reports know no such case, or what was asked for is no case id and year."""


class IncompleteCaseError(CaseError):
    """Parts of a case are missing or can't be used.

    Attributes:
        parts: the names of the parts, as ``ClinicalCase`` has them, each with the reason.
    """

    def __init__(self, case_id: str, year: int, parts: Mapping[str, str], advice: str = "") -> None:
        self.parts = dict(parts)
        reasons = "; ".join(f"{part}: {reason}" for part, reason in parts.items())
        super().__init__(f"case {printable(case_id)} of {year} is not complete: {reasons}{advice and f'. {advice}'}")


class OutdatedIndexError(IncompleteCaseError):
    """Blobs changed or went after the index was made; ``doubleread cases index`` brings it up to date."""
