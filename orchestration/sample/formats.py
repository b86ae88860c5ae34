"""Grey values of twelve bits as the files that an image store may hold."""

from io import BytesIO

import imagecodecs
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    generate_uid,
)
from pydicom.valuerep import DSfloat

from orchestration.images import linear_table, look_up
from orchestration.sample.anatomy import View
from orchestration.sample.mammogram import WHITE, Grey12

FAST = 1  # zlib's level: 0.2 s an image and a tenth larger than the default's 0.6 s


def png8(grey: Grey12) -> bytes:
    """An eight-bit grey PNG."""
    return bytes(imagecodecs.png_encode(look_up(linear_table(12), grey), level=FAST))


def png16(grey: Grey12) -> bytes:
    """A PNG of sixteen bits, of which the lower twelve are used, as many archives export them."""
    return bytes(imagecodecs.png_encode(grey, level=FAST))


def dicom(grey: Grey12, view: View, spacing_mm: float, study: int, number: int) -> bytes:
    """A Digital Mammography X-Ray Image, For Presentation (PS3.3 A.27).

    The cranio-caudal views are uncompressed MONOCHROME1, as several vendors send them, the oblique ones JPEG 2000
    lossless MONOCHROME2. Everything that could name a person is empty.

    Args:
        grey: (rows, columns) values of twelve bits, white being high.
        view: what is to be seen.
        spacing_mm: distance of neighbouring pixels at the detector.
        study: number of the study; the same number gives the same study instance UID.
        number: number of the image within the study, from 1.
    """
    dataset = Dataset()
    inverse = view.projection == "CC"
    _identify(dataset, study, number)
    _describe_view(dataset, view)
    _describe_image(dataset, grey, spacing_mm, inverse=inverse)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if inverse else JPEG2000Lossless
    if inverse:
        dataset.PixelData = (WHITE - grey).astype("<u2").tobytes()
    else:
        codestream = imagecodecs.jpeg2k_encode(grey, codecformat="J2K", reversible=True, bitspersample=12)
        dataset.PixelData = encapsulate([bytes(codestream)])
    dataset["PixelData"].VR = "OW" if inverse else "OB"
    file = BytesIO()
    pydicom.dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def _uid(*names: object) -> str:
    return generate_uid(entropy_srcs=["doubleread sample", *map(str, names)])


def _identify(dataset: Dataset, study: int, number: int) -> None:
    """Who, when and where: the elements that the standard wants, empty (type 2) wherever a person could be named."""
    for keyword in (
        *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "ReferringPhysicianName"),
        *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "PositionReferenceIndicator"),
    ):
        setattr(dataset, keyword, "")
    dataset.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = _uid(study, number)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid(study), _uid(study, "series")
    dataset.FrameOfReferenceUID = _uid(study, "frame of reference")
    dataset.SeriesNumber, dataset.InstanceNumber = 1, number
    dataset.Modality, dataset.PresentationIntentType = "MG", "FOR PRESENTATION"
    dataset.Manufacturer, dataset.ManufacturerModelName = "doubleread", "synthetic sample"
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "0", "0"


def _describe_view(dataset: Dataset, view: View) -> None:
    """Mammography image module (PS3.3 C.8.11.7); codes of CID 4014 and 4015."""
    dataset.ImageLaterality, dataset.ViewPosition = view.side, view.projection
    dataset.PatientOrientation = _ORIENTATION[view]
    dataset.OrganExposed = "BREAST"
    dataset.AnatomicRegionSequence = [_code("76752008", "SCT", "Breast")]
    projection = _code(*_PROJECTION[view.projection])
    projection.ViewModifierCodeSequence = []
    dataset.ViewCodeSequence = [projection]
    dataset.BreastImplantPresent = "NO"
    dataset.AcquisitionContextSequence = []
    dataset.PositionerType = "NONE"


# Directions of the rows and of the columns (PS3.3 C.7.6.1.1.1): from the chest wall outwards is anterior.
_ORIENTATION = {
    View("L", "CC"): ["A", "R"],
    View("L", "MLO"): ["A", "FR"],
    View("R", "CC"): ["P", "L"],
    View("R", "MLO"): ["P", "FL"],
}
_PROJECTION = {
    "CC": ("399162004", "SCT", "cranio-caudal"),
    "MLO": ("399368009", "SCT", "medio-lateral oblique"),
}


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _describe_image(dataset: Dataset, grey: Grey12, spacing_mm: float, *, inverse: bool) -> None:
    """Image pixel, DX image and VOI LUT modules: the window shows all twelve bits (PS3.3 C.7.6.3, C.8.11.3)."""
    dataset.Rows, dataset.Columns = grey.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PhotometricInterpretation = "MONOCHROME1" if inverse else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "US"
    dataset.WindowCenter, dataset.WindowWidth = (WHITE + 1) // 2, WHITE + 1
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", -1 if inverse else 1
    dataset.ImageType = ["DERIVED", "PRIMARY", ""]
    dataset.LossyImageCompression, dataset.BurnedInAnnotation = "00", "NO"
    spacing = DSfloat(spacing_mm, auto_format=True)
    dataset.ImagerPixelSpacing = [spacing, spacing]
    dataset.DetectorType = "DIRECT"
