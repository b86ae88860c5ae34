"""The header of a derived image: that of its source with what no longer holds changed or left out (PS3.3 C.7.6.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from struct import pack

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
)
from pydicom.valuerep import format_number_as_ds

from orchestration.dicom.concepts import OWN_SCHEME, Code
from orchestration.dicom.encoding.file_meta import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from orchestration.dicom.greys import Rescaling
from orchestration.dicom.pixel_file import open_header
from orchestration.dicom.quiet import calling_pydicom
from orchestration.images import ImageError

COMPRESSED_SYNTAX = str(JPEGLSLossless)
MAX_HEADER_BYTES = 1 << 28  # of an object with tens of thousands of frames
_MOST_TEXT, _MOST_DESCRIPTION = 1024, 64  # characters of ST and LO (PS3.5 6.2)
_LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000, HTJ2K)

# What was true of the source's pixels, of its file, or of its making, and is not of the derived image.
_NO_LONGER_TRUE = [
    *("SmallestImagePixelValue", "LargestImagePixelValue", "SmallestPixelValueInSeries", "LargestPixelValueInSeries"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "IconImageSequence", "PlanarConfiguration"),
    *("PixelDataProviderURL", "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "MACParametersSequence"),
    *("InstanceCreationDate", "InstanceCreationTime", "InstanceCreatorUID"),
    *("ConcatenationUID", "SOPInstanceUIDOfConcatenationSource", "InConcatenationNumber"),
    *("InConcatenationTotalNumber", "ConcatenationFrameOffsetNumber"),
    *("DerivationDescription", "DerivationCodeSequence", "SourceImageSequence"),
]
# Of enhanced objects whose Image Type is ORIGINAL or MIXED alone (PS3.3 C.7.6.18.1 and C.7.6.18.3).
_OF_ORIGINALS = [
    *("BulkMotionCompensationTechnique", "BulkMotionSignalSource"),
    *("CardiacRRIntervalSpecified", "IntervalsAcquired", "IntervalsRejected"),
]
_FRAME_TYPES = (
    *("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence"),
    *("XRay3DFrameTypeSequence", "XAXRFFrameCharacteristicsSequence"),
)
_AFTER_PIXELS = 0x7FE00000  # what follows is the pixels, their signatures and padding
_OVERLAYS = range(0x6000, 0x6020, 2)  # groups (PS3.3 C.9.2)

PROCESSED: Code = ("PROCESSED", OWN_SCHEME, "Pixels computed by a program")
"""Where none of the codes of PS3.16 CID 7203 is known to be right."""

_SOURCE: Code = ("121322", "DCM", "Source image for image processing operation")  # PS3.16 CID 7202


@dataclass(frozen=True)
class Derivation:
    """What was done to the source.

    Attributes:
        description: for Derivation Description (0008,2111), without patient text.
        seed: text on which the new UIDs depend, beside those of the source: whatever made the pixels what they are.
        series_description: of the new series; that of the source and ``derived`` unless given.
        code: from PS3.16 CID 7203, such as ``("113088", "DCM", "Gaussian blur")``.
    """

    description: str
    seed: str
    series_description: str | None = None
    code: Code = PROCESSED


@dataclass(frozen=True)
class NewGreys:
    """A rescaling and a window in place of the source's."""

    rescaling: Rescaling
    centre: float
    width: float


@dataclass(frozen=True)
class DerivedHeader:
    """A file up to its Pixel Data: preamble, file meta information and data set, encoded."""

    data: bytes
    syntax: str

    def pixel_element(self, length: int | None, bits_allocated: int) -> bytes:
        """What stands before the value of Pixel Data; a length of None begins fragments, with an empty offset table."""
        if length is None:
            return pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + pack("<HHL", 0xFFFE, 0xE000, 0)
        if self.syntax == ImplicitVRLittleEndian:
            return pack("<HHL", 0x7FE0, 0x0010, length)
        return pack("<HH2sHL", 0x7FE0, 0x0010, b"OB" if bits_allocated == 8 else b"OW", 0, length)


def derived_uid(source_uid: str, seed: str) -> str:
    """A UID that follows from the source's and the seed alone: 2.25 and a UUID (PS3.5 B.2) of version 8 (RFC 9562)."""
    number = int.from_bytes(sha256(f"{source_uid}\0{seed}".encode(errors="surrogatepass")).digest()[:16])
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62
    return f"2.25.{number}"


def derived_header(path: Path, derivation: Derivation, *, compress: bool, greys: NewGreys | None) -> DerivedHeader:
    """Encode the header of the image that is derived from a file.

    Args:
        path: of the source.
        derivation: what was done.
        compress: whether the pixels will be in ``COMPRESSED_SYNTAX``; else they are native, in the source's transfer
            syntax if that is native and little-endian, otherwise in explicit VR little endian.
        greys: in place of the source's modality LUT and windows, which stay unless given.

    Raises:
        ImageError: the header cannot be read, or cannot be written with the changes.
        OSError: the file can't be read.
    """
    with path.open("rb") as file, calling_pydicom("is a DICOM file whose header cannot be written again"):
        dataset, opened = open_header(file, None)
        if opened.tell() > MAX_HEADER_BYTES:
            raise ImageError(f"is a DICOM file with a header of more than {MAX_HEADER_BYTES:,} bytes")
        source = str(dataset.file_meta.TransferSyntaxUID)
        is_kept = source == ImplicitVRLittleEndian and dataset.original_encoding == (True, True)
        syntax = COMPRESSED_SYNTAX if compress else str(ImplicitVRLittleEndian if is_kept else ExplicitVRLittleEndian)
        _remove(dataset)
        _derive(dataset, derivation)
        if UID(source) in _LOSSY and not dataset.get("LossyImageCompression"):
            dataset.LossyImageCompression = "01"  # once lossy, always lossy (PS3.3 C.7.6.1.1.5)
        if greys is not None:
            _set_greys(dataset, greys)
        return DerivedHeader(_encoded(dataset, syntax), syntax)


def _remove(dataset: Dataset) -> None:
    for keyword in _NO_LONGER_TRUE:
        if keyword in dataset:
            delattr(dataset, keyword)
    for tag in [tag for tag in dataset.keys() if tag >= _AFTER_PIXELS]:  # noqa: SIM118 - iterating reads the values
        del dataset[tag]
    for group in _OVERLAYS:  # an overlay in unused bits of the pixels has gone with them
        if (group, 0x0010) in dataset and (group, 0x3000) not in dataset:
            for tag in [tag for tag in dataset.keys() if tag.group == group]:  # noqa: SIM118
                del dataset[tag]


def _derive(dataset: Dataset, derivation: Derivation) -> None:
    """Give a header its new UIDs, and say what it was derived from and how (PS3.3 C.7.6.1.1.4, C.12.4, C.8.16)."""
    source_class, source_uid = str(dataset.SOPClassUID), str(dataset.SOPInstanceUID)
    dataset.SOPInstanceUID = derived_uid(source_uid, derivation.seed)
    source_series = str(dataset.SeriesInstanceUID)
    dataset.SeriesInstanceUID = derived_uid(source_series, derivation.seed)
    described = derivation.series_description
    if described is None:
        described = f"{str(dataset.get('SeriesDescription') or '')[: _MOST_DESCRIPTION - 8]} derived".strip()
    dataset.SeriesDescription = described[:_MOST_DESCRIPTION]
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = source_class, source_uid
    source.PurposeOfReferenceCodeSequence = [_code(_SOURCE)]
    shared = dataset.get("SharedFunctionalGroupsSequence")
    is_enhanced = bool(shared)
    kind = list(dataset.get("ImageType") or ["", "PRIMARY"])
    # Enhanced objects know PRIMARY alone (PS3.3 C.8.16.1.2); elsewhere what is made after the examination is SECONDARY.
    dataset.ImageType = ["DERIVED", kind[1] if is_enhanced and len(kind) > 1 else "SECONDARY", *kind[2:]]
    dataset.DerivationDescription = derivation.description[:_MOST_TEXT]
    dataset.DerivationCodeSequence = [_code(derivation.code)]
    dataset.SourceImageSequence = [source]
    if is_enhanced:
        for keyword in _OF_ORIGINALS:
            if keyword in dataset:
                delattr(dataset, keyword)
        dataset.SourceImageEvidenceSequence = [_evidence(dataset, source_class, source_uid, source_series)]
        _derive_frames([shared[0], *(dataset.get("PerFrameFunctionalGroupsSequence") or ())], derivation, source)


def _evidence(dataset: Dataset, source_class: str, source_uid: str, source_series: str) -> Dataset:
    """An item of Source Image Evidence Sequence (PS3.3 C.8.13.2.1): the source within its series and study."""
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = source_class, source_uid
    series.SeriesInstanceUID, series.ReferencedSOPSequence = source_series, [instance]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = str(dataset.StudyInstanceUID), [series]
    return study


def _derive_frames(groups: Iterable[Dataset], derivation: Derivation, source: Dataset) -> None:
    """Functional groups: Frame Type is DERIVED, and Derivation Image (PS3.3 C.7.6.16.2.6) names the source."""
    shared, *per_frame = groups
    item = Dataset()
    item.DerivationDescription = derivation.description[:_MOST_TEXT]
    item.DerivationCodeSequence = [_code(derivation.code)]
    item.SourceImageSequence = [source]
    for group in (shared, *per_frame):
        if "DerivationImageSequence" in group:
            del group.DerivationImageSequence
        for macro in _FRAME_TYPES:
            for typed in group.get(macro) or ():
                if typed.get("FrameType"):
                    typed.FrameType = ["DERIVED", *list(typed.FrameType)[1:]]
    shared.DerivationImageSequence = [item]


def _code(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item


def _set_greys(dataset: Dataset, greys: NewGreys) -> None:
    """One rescaling and window for all frames, where the source has its own: in functional groups or the data set."""
    groups = [
        *(dataset.get("SharedFunctionalGroupsSequence") or ()),
        *(dataset.get("PerFrameFunctionalGroupsSequence") or ()),
    ]
    is_enhanced = bool(groups)
    for group in (dataset, *groups):
        for keyword in (
            *("ModalityLUTSequence", "RealWorldValueMappingSequence", "VOILUTSequence", "VOILUTFunction"),
            *("WindowCenterWidthExplanation", "PixelValueTransformationSequence", "FrameVOILUTSequence"),
        ):
            if keyword in group:
                delattr(group, keyword)
    transformation, voi = (Dataset(), Dataset()) if is_enhanced else (dataset, dataset)
    slope, intercept = greys.rescaling.slope, greys.rescaling.intercept
    transformation.RescaleSlope, transformation.RescaleIntercept = _number(slope), _number(intercept)
    if "RescaleType" not in transformation:
        transformation.RescaleType = "US"
    voi.WindowCenter, voi.WindowWidth = _number(greys.centre), _number(greys.width)
    if is_enhanced:
        groups[0].PixelValueTransformationSequence, groups[0].FrameVOILUTSequence = [transformation], [voi]


def _number(value: float) -> str:
    """A decimal string of at most 16 characters (PS3.5 6.2)."""
    return format_number_as_ds(value)


def _encoded(dataset: Dataset, syntax: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    dataset.file_meta = meta
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
