"""Frames in every form that a DICOM file may hold them in, by encoders of others, and their headers."""

import io
import json

import imagecodecs
import numpy as np
from pydicom import dcmread
from pydicom.pixels import get_encoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from orchestration.dicom import codecs
from tests.dicom.dicoms import image_dataset
from tests.dicom.encoding.oracle import file_of

codecs.register()


def jpeg8(pixels, **options):
    colours = "GRAYSCALE" if pixels.ndim == 2 else "RGB"
    bits = options.pop("bits", 8 * pixels.dtype.itemsize)
    return imagecodecs.jpeg8_encode(pixels, colorspace=colours, outcolorspace=colours, bitspersample=bits, **options)


def rle(pixels):
    dataset = image_dataset(pixels, photometric="RGB" if pixels.ndim == 3 else "MONOCHROME2")
    return get_encoder(RLELossless).encode(dataset, index=0, encoding_plugin="pydicom")


LOSSLESS = {
    "JPEG 2000": (
        JPEG2000Lossless,
        lambda pixels: imagecodecs.jpeg2k_encode(pixels, reversible=True, codecformat="j2k"),
    ),
    "JPEG 2000 in a JP2 file": (JPEG2000Lossless, lambda pixels: imagecodecs.jpeg2k_encode(pixels, reversible=True)),
    "HTJ2K": (HTJ2KLossless, lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=True)),
    "JPEG, predictor 1": (JPEGLosslessSV1, lambda pixels: jpeg8(pixels, lossless=True, predictor=1)),
    "JPEG, predictor 6": (JPEGLossless, lambda pixels: jpeg8(pixels, lossless=True, predictor=6)),
    "JPEG by another encoder": (JPEGLossless, imagecodecs.ljpeg_encode),
    "JPEG-LS": (JPEGLSLossless, imagecodecs.jpegls_encode),
    "RLE": (RLELossless, rle),
    "native": (ExplicitVRLittleEndian, lambda pixels: pixels.tobytes()),
}
LOSSY = {
    "JPEG 2000": (
        JPEG2000,
        lambda pixels: imagecodecs.jpeg2k_encode(pixels, level=60, reversible=False, codecformat="j2k"),
    ),
    "HTJ2K": (HTJ2K, lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=False, level=0.001)),
    "JPEG-LS": (JPEGLSNearLossless, lambda pixels: imagecodecs.jpegls_encode(pixels, level=2)),
    "JPEG of 8 bits": (JPEGBaseline8Bit, lambda pixels: jpeg8(pixels, level=98)),
}
SEVERAL_FRAMES = [name for name in LOSSLESS if name != "JPEG 2000 in a JP2 file"]


def smooth(shape, dtype, seed=0):
    """Pixels that are neither flat nor noise."""
    generator = np.random.default_rng(seed)
    steps = np.cumsum(generator.integers(-9, 10, shape), axis=1)
    return (steps % (np.iinfo(dtype).max + 1)).astype(dtype)


def header_of(pixels, **elements):
    """The header of an image, without its pixels."""
    dataset = image_dataset(pixels, photometric="RGB" if pixels.ndim == 3 else "MONOCHROME2", **elements)
    header = json.loads(dataset.to_json())
    del header["7FE00010"]
    return header


def read(result):
    return dcmread(io.BytesIO(file_of(result)))
