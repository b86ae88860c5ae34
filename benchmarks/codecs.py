"""Compressed DICOM frames decoded per second, beside pydicom's own plug-ins where it has one here."""

import warnings
from collections.abc import Callable

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.encoders.base import get_encoder
from pydicom.pixels.processing import apply_voi_lut
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from benchmarks.drawing import mammogram
from benchmarks.report import Row, median_seconds
from orchestration.dicom.codecs import PLUGIN, decode_frame
from orchestration.dicom.description import grey_steps
from orchestration.dicom.greys import grey8

BITS = 12
PLUGINS_OF_PYDICOM = {JPEG2000Lossless: "pillow", RLELossless: "pydicom"}


def run() -> list[Row]:
    """A row for each lossless syntax, and one for windowing."""
    stored = stored_mammogram()
    return [row for syntax in encoders() for row in decoding(stored, syntax)] + windowing(stored)


def stored_mammogram() -> np.ndarray:
    """A full-size frame of 12 bits."""
    noise = np.random.default_rng(0).integers(0, 16, dtype=np.uint16)
    return (mammogram(brightest=220).astype(np.uint16) << 4) | noise


def encoders() -> dict[UID, Callable[[np.ndarray], bytes | bytearray]]:
    """How a frame of each syntax is made."""
    return {
        JPEGLosslessSV1: lambda image: imagecodecs.jpeg8_encode(image, lossless=True, predictor=1, bitspersample=BITS),
        JPEGLSLossless: imagecodecs.jpegls_encode,
        JPEG2000Lossless: lambda image: imagecodecs.jpeg2k_encode(
            image, level=0, reversible=True, codecformat="j2k", bitspersample=BITS
        ),
        HTJ2KLossless: lambda image: imagecodecs.htj2k_encode(image, reversible=True),
        RLELossless: lambda image: get_encoder(RLELossless).encode(dataset(image), index=0, encoding_plugin="pydicom"),
    }


def dataset(stored: np.ndarray) -> Dataset:
    """A data set with the frame as it is."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.Rows, image.Columns = stored.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, BITS, BITS - 1, 0
    image.WindowCenter, image.WindowWidth = 2048, 4096
    image.add_new("PixelData", "OW", stored.tobytes())
    return image


def decoding(stored: np.ndarray, syntax: UID) -> list[Row]:
    """Milliseconds a frame; the ratio is against pydicom's plug-in, if it has one."""
    image = dataset(stored)
    frame = encoders()[syntax](stored)
    image.file_meta.TransferSyntaxUID = syntax
    image.add_new("PixelData", "OB", encapsulate([bytes(frame)]))
    if not np.array_equal(decode_frame(image), stored):
        raise RuntimeError(f"{syntax.name} does not come back as it was")
    own = median_seconds(lambda: decode_frame(image), 3)
    name, ratio = PLUGINS_OF_PYDICOM.get(syntax), None
    if name:
        decoder = get_decoder(syntax)
        ratio = median_seconds(lambda: decoder.as_array(image, decoding_plugin=name), 3) / own
    against = f"pydicom with {name}" if name else "pydicom has none without further packages"
    return [Row("codecs", f"{syntax.name}, {PLUGIN}", own * 1000, "ms", ratio, against)]


def windowing(stored: np.ndarray) -> list[Row]:
    """Twelve bits to eight grey levels through the window."""
    image = dataset(stored)
    own = median_seconds(lambda: grey8(grey_steps(image, 1)[0], stored))

    def by_pydicom() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.floor(apply_voi_lut(stored, image) * (255 / 4095) + 0.5).astype(np.uint8)

    ratio = median_seconds(by_pydicom, 3) / own
    return [Row("codecs", "windowing by one table", own * 1000, "ms", ratio, "pydicom's apply_voi_lut")]
