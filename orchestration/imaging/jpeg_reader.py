"""JPEG, strictly: libjpeg-turbo by way of kornia-rs, which fails where libjpeg warns.

Pillow and imagecodecs return grey bands where the data of an image is damaged, since libjpeg only warns of it. The
pixels are those of Pillow, bit for bit, nine times faster.
"""

import kornia_rs.io

from orchestration.dicom.codestreams import Codestream, jpeg_codestream
from orchestration.images import Image8, ImageError, check_size, grey_if_equal, refusing

_HUFFMAN_DCT = (0xC0, 0xC1, 0xC2)  # baseline, extended sequential, progressive (ITU-T T.81, table B.1)
JPEG_SIGNATURE = b"\xff\xd8\xff"
_START_OF_SCAN = b"\xff\xda"

MAX_SCANS = 100
"""A progressive image has about 10; each costs a pass over the whole image, and hostile ones have thousands."""


def read_jpeg(data: bytes) -> Image8:
    """Decode an eight-bit grey, YCbCr or RGB JPEG. An Exif orientation is not applied: boxes refer to stored pixels.

    Raises:
        ImageError: damaged, cut short, too large, or of a kind that is not read (lossless, 12 bits, CMYK).
    """
    stream = _frame_header(data)
    if data.count(_START_OF_SCAN) > MAX_SCANS:
        raise ImageError(f"is a JPEG of more than {MAX_SCANS} scans")
    with refusing("is a damaged JPEG: its pixels cannot be decoded"):
        image: Image8 = kornia_rs.io.decode_image_jpegturbo(data, "mono" if stream.components == 1 else "rgb")
    if image.shape[:2] != (stream.rows, stream.columns):
        raise ImageError("is a damaged JPEG: it decodes to another size than it declares")
    return grey_if_equal(image[..., 0] if stream.components == 1 else image)


def jpeg_bytes(data: bytes) -> int:
    """Bytes that the samples of a JPEG take once decoded, from its frame header alone.

    Raises:
        ImageError: there is none, or it declares what ``read_jpeg`` does not read.
    """
    stream = _frame_header(data)
    return stream.rows * stream.columns * stream.components


def _frame_header(data: bytes) -> Codestream:
    with refusing("is a damaged JPEG: it has no frame header"):
        stream = jpeg_codestream(data)
    if stream.process not in _HUFFMAN_DCT or stream.precision != 8 or stream.components not in (1, 3):
        raise ImageError("is a JPEG of a kind that is not read (lossless, arithmetic-coded, 12 bits or CMYK)")
    check_size(stream.columns, stream.rows, stream.components)
    return stream
