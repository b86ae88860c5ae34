"""A clinical case: four mammograms and the radiologist's report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from orchestration.cases.contradictions import Contradiction
from orchestration.cases.image import CaseImage
from orchestration.outcomes import printable


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
        contradictions: what speaks against these images being the four views of one case; empty unless
            ``allow_contradictions`` let them pass.
    """

    id: str
    year: int
    l_cc: CaseImage | None = field(repr=False)
    l_mlo: CaseImage | None = field(repr=False)
    r_cc: CaseImage | None = field(repr=False)
    r_mlo: CaseImage | None = field(repr=False)
    report: str | None = field(repr=False)
    missing: Mapping[str, str] = field(default_factory=dict, hash=False)
    contradictions: tuple[Contradiction, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "missing", MappingProxyType(dict(self.missing)))

    @property
    def images(self) -> dict[str, CaseImage]:
        """The images of the case, without those that are missing, by the names of their attributes."""
        images = {"l_cc": self.l_cc, "l_mlo": self.l_mlo, "r_cc": self.r_cc, "r_mlo": self.r_mlo}
        return {part: image for part, image in images.items() if image is not None}


class CaseError(Exception):
    """A case cannot be served; the message names the case and every part that is the reason."""


class CaseNotFoundError(CaseError, LookupError):
    """The index and the reports hold no such case, or the id or the year asked for cannot be those of a case."""


class IncompleteCaseError(CaseError):
    """Parts of a case are missing or cannot be used.

    Attributes:
        parts: the names of the parts, as ``ClinicalCase`` has them, each with the reason.
    """

    def __init__(self, case_id: str, year: int, parts: Mapping[str, str], advice: str = "") -> None:
        self.parts = dict(parts)
        reasons = "; ".join(f"{part}: {reason}" for part, reason in parts.items())
        super().__init__(f"case {printable(case_id)} of {year} is not complete: {reasons}{advice and f'. {advice}'}")


class OutdatedIndexError(IncompleteCaseError):
    """Blobs were changed or deleted after the index was made; ``doubleread cases index`` brings it up to date."""


class ContradictoryCaseError(CaseError):
    """The images of a case contradict their names or one another.

    Attributes:
        contradictions: each with the names of the parts, as ``ClinicalCase`` has them; no value of the patient.
    """

    def __init__(self, case_id: str, year: int, contradictions: Sequence[Contradiction]) -> None:
        self.contradictions = tuple(contradictions)
        super().__init__(
            f"case {printable(case_id)} of {year} contradicts itself: {'; '.join(map(str, contradictions))}. Look at "
            "the blobs; allow_contradictions (--allow-contradictions) gives the case as it is"
        )
