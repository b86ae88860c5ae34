"""Pictures of findings: decode, window, draw, encode.

``annotate(data, caption=..., boxes=...)`` is all that a caller needs: from the bytes of an image as the store has it
to the bytes of an annotated PNG. ``read_image`` stops after decoding. Nothing here reads or writes a file, keeps
state between pictures or knows where an image came from; the only failure is ``ImageError``, and its message names
no patient, no path and no value of a DICOM element other than those of the image itself.

How greys are made, how colours are chosen and what writes the PNG is told in ``docs/pictures.md``.
"""

from orchestration.imaging.annotate import Annotated, annotate
from orchestration.imaging.boxes import Box
from orchestration.imaging.decode import read_image
from orchestration.imaging.errors import ImageError
from orchestration.imaging.pixels import MAX_PIXELS, Image8

__all__ = ["MAX_PIXELS", "Annotated", "Box", "Image8", "ImageError", "annotate", "read_image"]
