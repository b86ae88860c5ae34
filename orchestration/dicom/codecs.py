"""The codecs of imagecodecs (BSD) as a plug-in of pydicom's decoders.

pydicom has no decoder of its own for JPEG Lossless, JPEG-LS or HTJ2K; the usual packages for them are under the GPL,
slower, or hold the interpreter's lock. ``register()`` adds this plug-in, named ``PLUGIN``, to every decoder that it
serves, after which ``Dataset.pixel_array`` can read those syntaxes too. pydicom tries plug-ins in the order in which
they were added, so ``decode_frame`` asks for this one by name: it alone compares what a codestream declares with what
the data set declares before it takes memory, and it refuses frames that are cut short, where libjpeg returns
the part that it has.
"""

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.common import PhotometricInterpretation
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder
from pydicom.uid import UID, RLELossless

from orchestration.dicom.codestreams import SYNTAXES, Codestream, jpeg2000_codestream, jpeg_codestream
from orchestration.images import MAX_DECODED_BYTES, ImageError, refusing

PLUGIN = "imagecodecs"
_EOI = b"\xff\xd9"
_FILL = b"\xff"  # may stand before a marker; in coded data a zero follows it
_NOT_ZEROS = b"\xfe" * 16

Samples = npt.NDArray[Any]


def register() -> None:
    """Add the plug-in to pydicom's decoders; further calls change nothing."""
    for syntax in DECODER_DEPENDENCIES:
        decoder = get_decoder(syntax)
        if PLUGIN not in decoder.available_plugins:
            decoder.add_plugin(PLUGIN, (__name__, "_decode_frame"))


def decode_frame(dataset: Dataset, index: int = 0) -> Samples:
    """One frame of stored values, before any look-up table, with nothing but colour brought to RGB.

    Args:
        dataset: with its Pixel Data, Image Pixel module (PS3.3 C.7.6.3) and file meta information.
        index: which frame, from 0.

    Returns:
        (rows, columns) or (rows, columns, 3) of the integer type that Bits Allocated and Pixel Representation say.

    Raises:
        Exception: pydicom's and the codecs' own; the classes differ from syntax to syntax.
    """
    register()
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    plugin = PLUGIN if syntax in DECODER_DEPENDENCIES else ""
    samples, _ = get_decoder(syntax).as_array(dataset, index=index, decoding_plugin=plugin)
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)


def check_codestream(source: bytes, syntax: str) -> None:
    """Decode a codestream and let the samples go.

    Damage shows as far as a codec sees it: nearly always in JPEG-LS, in JPEG where the coded data end too early, in
    JPEG 2000 and HTJ2K where the structure is hit. None of them has a checksum.

    Args:
        source: one JPEG, JPEG-LS, JPEG 2000 or HTJ2K codestream, from its start to its end marker.
        syntax: UID of its transfer syntax.

    Raises:
        ImageError: it can't be decoded, or takes more memory than is meant for that.
    """
    with refusing("cannot be decoded"):
        codestream = _declared(source, syntax)
        size = codestream.rows * codestream.columns * codestream.components * codestream.sample_bytes
        if size > MAX_DECODED_BYTES:
            raise ImageError(f"takes {size:,} bytes decoded; at most {MAX_DECODED_BYTES:,} are decoded")
        samples = _decoded(source, syntax, codestream)
        if syntax in SYNTAXES["JPEG"]:
            # Where coded data run out libjpeg goes on with zeros and only warns, which imagecodecs does not pass on.
            # Other bits behind the coded data show it: only then do they become samples.
            longer = source[: -len(_EOI)].rstrip(_FILL) + _NOT_ZEROS + _EOI
            if not np.array_equal(samples, _decoded(longer, syntax, codestream)):
                raise ImageError("cannot be decoded: its coded data end before its last sample")


def is_available(uid: str) -> bool:
    """Whether this plug-in decodes the transfer syntax; part of pydicom's protocol."""
    return uid in DECODER_DEPENDENCIES


def _decode_frame(source: bytes, runner: DecodeRunner) -> bytes:
    """Decode one frame; pydicom calls this by name.

    Raises:
        ValueError: the codestream is not what the data set declares, or is cut short.
        RuntimeError: a codec cannot decode it.
    """
    if runner.transfer_syntax == RLELossless:
        return _decode_rle(source, runner)
    codestream = _declared(source, runner.transfer_syntax)
    _check(codestream, runner)
    samples = _decoded(source, runner.transfer_syntax, codestream)
    # pydicom views the bytes by these: the container may be narrower than Bits Allocated, and colour by pixel.
    runner.set_option("bits_allocated", 8 * samples.dtype.itemsize)
    if codestream.components > 1:
        runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in _TRANSFORMED_BACK:
        runner.set_option("photometric_interpretation", PhotometricInterpretation.RGB)
    return samples.tobytes()


def _declared(source: bytes, syntax: str) -> Codestream:
    return jpeg2000_codestream(source) if syntax in SYNTAXES["JPEG 2000"] else jpeg_codestream(source)


def _decoded(source: bytes, syntax: str, codestream: Codestream) -> Samples:
    """The samples, in the shape and type that the codestream declares."""
    samples = _DECODERS[syntax](source, codestream.components)
    if samples.shape != codestream.shape or samples.dtype.itemsize != codestream.sample_bytes:
        raise ValueError(f"the codestream decodes to {samples.shape} {samples.dtype}, not to what it declares")
    return samples


def _check(codestream: Codestream, runner: DecodeRunner) -> None:
    """Refuse a codestream that is cut short or contradicts the data set, before memory is taken for it."""
    declared = (runner.rows, runner.columns, runner.samples_per_pixel)
    if (codestream.rows, codestream.columns, codestream.components) != declared:
        raise ValueError(
            f"the codestream has {codestream.rows} rows, {codestream.columns} columns and {codestream.components} "
            f"samples per pixel, the data set {declared[0]}, {declared[1]} and {declared[2]}"
        )
    if codestream.precision > runner.bits_allocated:
        raise ValueError(
            f"the codestream has {codestream.precision} bits, (0028,0100) 'Bits Allocated' is {runner.bits_allocated}"
        )
    if not codestream.complete:
        raise ValueError("the codestream has no end marker: it is cut short")


def _decode_jpeg(source: bytes, components: int) -> Samples:
    """JPEG, lossy or lossless, by libjpeg-turbo; components as stored, since pydicom converts colour itself."""
    unchanged = "GRAYSCALE" if components == 1 else "RGB"  # the same on both sides converts nothing
    return imagecodecs.jpeg8_decode(source, colorspace=unchanged, outcolorspace=unchanged)


def _decode_jpegls(source: bytes, _: int) -> Samples:
    """JPEG-LS by CharLS, which reports damage by itself."""
    return imagecodecs.jpegls_decode(source)


def _decode_jpeg2000(source: bytes, _: int) -> Samples:
    """JPEG 2000 and HTJ2K by OpenJPEG, on one thread: where several frames wait, several processes decode them.

    OpenJPH decodes HTJ2K three times faster (37 ms for 3328 x 4096), but writes beyond its memory where a codestream
    is damaged and kills the process.
    """
    return imagecodecs.jpeg2k_decode(source, numthreads=1)


def _decode_rle(source: bytes, runner: DecodeRunner) -> bytes:
    """RLE Lossless (PS3.5 annex G); the result is ordered by plane, as pydicom's own plug-in leaves it."""
    dtype = np.dtype(f"<u{runner.bits_allocated // 8}")
    expected = runner.rows * runner.columns * runner.samples_per_pixel * dtype.itemsize
    segments = int.from_bytes(source[:4], "little")
    if segments != runner.samples_per_pixel * dtype.itemsize:
        raise ValueError(f"the frame has {segments} RLE segments, not {runner.samples_per_pixel * dtype.itemsize}")
    decoded = imagecodecs.dicomrle_decode(source, dtype, out=expected)
    if len(decoded) != expected:
        raise ValueError(f"the RLE segments hold {len(decoded)} bytes, not {expected}")
    runner.set_option("planar_configuration", 1)
    return bytes(decoded)


_DECODERS: dict[str, Callable[[bytes, int], Samples]] = {
    **dict.fromkeys(SYNTAXES["JPEG"], _decode_jpeg),
    **dict.fromkeys(SYNTAXES["JPEG-LS"], _decode_jpegls),
    **dict.fromkeys(SYNTAXES["JPEG 2000"], _decode_jpeg2000),
}

# JPEG 2000 decoders undo the component transform that these name (PS3.5 A.4.4), so that RGB comes out.
_TRANSFORMED_BACK = (PhotometricInterpretation.YBR_ICT, PhotometricInterpretation.YBR_RCT)

DECODER_DEPENDENCIES = dict.fromkeys([*_DECODERS, RLELossless], ("numpy", "imagecodecs"))
"""Transfer syntaxes that the plug-in decodes, and what it needs; part of pydicom's protocol."""
