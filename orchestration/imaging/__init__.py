"""Pictures of findings: decode, window, draw, encode.

``annotate(data, caption=..., boxes=...)`` is all that a caller needs: from the bytes of an image as the store has it
to the bytes of an annotated PNG. ``clean_image`` gives the PNG without the drawing, ``read_image`` stops after
decoding, ``read_stored`` keeps what was stored, and how it is shown, apart, ``encode_samples`` writes samples as they
are, ``describe_png`` tells what a PNG says of itself, and ``preview`` makes an image small. Nothing here reads or
writes a file, keeps state between pictures or knows where an image came from; the only failure is ``ImageError``, and
its message names no patient, no path and no value of a DICOM element other than those of the image itself.

How greys are made, how colours are chosen and what writes the PNG is told in ``docs/pictures.md``.
"""

from orchestration.dicom.stored import StoredImage, render
from orchestration.images import MAX_PIXELS, Image8, ImageError
from orchestration.imaging.annotate import Annotated, annotate
from orchestration.imaging.boxes import Box
from orchestration.imaging.clean import Bits, CleanImage, clean_image
from orchestration.imaging.decode import is_dicom, read_image, read_image_and_whether_kept, read_stored, stored_bytes
from orchestration.imaging.png import encode_samples
from orchestration.imaging.png_reader import PngDescription, describe_png, read_samples
from orchestration.imaging.preview import preview

__all__ = [
    "MAX_PIXELS",
    "Annotated",
    "Bits",
    "Box",
    "CleanImage",
    "Image8",
    "ImageError",
    "PngDescription",
    "StoredImage",
    "annotate",
    "clean_image",
    "describe_png",
    "encode_samples",
    "is_dicom",
    "preview",
    "read_image",
    "read_image_and_whether_kept",
    "read_samples",
    "read_stored",
    "render",
    "stored_bytes",
]
