"""What a DICOM file says of itself, without what could tell who the patient is unless that is asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.dicom.confidentiality import MASKED
from orchestration.dicom.elements import Value, name_of, tag_of
from orchestration.dicom.header import Header
from orchestration.dicom.reading import read_header
from orchestration.images import ImageError
from orchestration.inspection.errors import InspectionError, reason
from orchestration.outcomes import printable

_NUMBERS = ("NumberOfFrames", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored")
_TEXTS = ("PatientName", "StudyDate", "Modality", "PhotometricInterpretation")
_SUMMARY = {keyword: tag_of(keyword) for keyword in (*_NUMBERS, *_TEXTS)}


@dataclass(frozen=True)
class DicomFile:
    """What a DICOM file says of itself; what it leaves out is None.

    Attributes:
        patient_name: ``***`` in place of a name unless it was asked for.
        study_date: as the file has it, ``YYYYMMDD``.
        modality: such as ``MG``.
        transfer_syntax: how the file is encoded: the name of PS3.6 and the UID.
        is_encapsulated: whether pixels are compressed.
        has_pixels: whether there are any.
        frames: of the image; one where the file holds an image and does not say.
        rows: pixels, likewise ``columns``.
        samples: per pixel.
        bits_allocated: per sample, of which ``bits_stored`` count.
        photometric_interpretation: what samples mean (PS3.3 C.7.6.3.1.2).
        elements: those that were asked for, by keyword or ``GGGG,EEEE``.
        unreadable: names of elements whose values cannot be what their type says.
    """

    patient_name: Value = field(repr=False)
    study_date: Value = field(repr=False)
    modality: Value
    transfer_syntax: str | None
    is_encapsulated: bool
    has_pixels: bool
    frames: int | None
    rows: int | None
    columns: int | None
    samples: int | None
    bits_allocated: int | None
    bits_stored: int | None
    photometric_interpretation: Value
    elements: Mapping[str, Value] = field(repr=False)
    unreadable: tuple[str, ...]


def inspect_dicom(path: Path | str, tags: Iterable[int] = (), *, show_phi: bool = False) -> DicomFile:
    """Read what a DICOM file says of itself; pixels are skipped, whatever their size.

    Args:
        path: of the file.
        tags: of further elements.
        show_phi: show the patient's name, and the further elements that PS3.15's Basic Profile removes or replaces.

    Raises:
        InspectionError: there is no such file, it is no DICOM, damaged or cut short.
    """
    path, tags = Path(path), list(tags)
    shown = printable(str(path), 1_000)
    try:
        # The date of the study, which the profile replaces, is in every summary.
        summary = read_header(path, _SUMMARY.values(), masked=False)
        asked = read_header(path, tags, masked=not show_phi) if tags else None
    except ImageError as error:
        raise InspectionError(f"{shown} {error}") from None
    except FileNotFoundError:
        raise InspectionError(f"{shown}: there is no such file") from None
    except OSError as error:
        raise InspectionError(f"{shown}: {reason(error)}") from None
    return _described(summary, asked, tags, show_phi=show_phi)


def _described(summary: Header, asked: Header | None, tags: list[int], *, show_phi: bool) -> DicomFile:
    """Describe the file by its summary and the elements asked for; mask what tells who it is."""
    text = {keyword: summary.values.get(_SUMMARY[keyword]) for keyword in _TEXTS}
    found = {keyword: summary.values.get(_SUMMARY[keyword]) for keyword in _NUMBERS}
    number = {keyword: value if isinstance(value, int) else None for keyword, value in found.items()}
    wrong = {keyword for keyword in _NUMBERS if found[keyword] != number[keyword]}
    unreadable = summary.unreadable | (asked.unreadable if asked else frozenset())
    name = text["PatientName"]
    is_image = summary.has_pixels or number["Rows"] is not None
    return DicomFile(
        patient_name=name if show_phi or name is None else MASKED,
        study_date=text["StudyDate"],
        modality=text["Modality"],
        transfer_syntax=_syntax(summary),
        is_encapsulated=summary.is_encapsulated,
        has_pixels=summary.has_pixels,
        frames=(number["NumberOfFrames"] or 1) if is_image else number["NumberOfFrames"],
        rows=number["Rows"],
        columns=number["Columns"],
        samples=number["SamplesPerPixel"],
        bits_allocated=number["BitsAllocated"],
        bits_stored=number["BitsStored"],
        photometric_interpretation=text["PhotometricInterpretation"],
        elements={name_of(tag): asked.values.get(tag) for tag in tags} if asked else {},
        unreadable=tuple(sorted(wrong.union(map(name_of, unreadable)))),
    )


def _syntax(header: Header) -> str | None:
    if header.transfer_syntax_name:
        return f"{header.transfer_syntax_name} ({header.transfer_syntax})"
    return header.transfer_syntax or None
