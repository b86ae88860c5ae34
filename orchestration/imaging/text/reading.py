"""The networks that find and read lines of text: PP-OCRv6 by rapidocr, whose wheel holds them.

What is read here is a person's name as likely as anything else: it is compared and dropped, and never kept or shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from orchestration.errors import DoublereadError, install_extra
from orchestration.images import Image8

if TYPE_CHECKING:
    from rapidocr import RapidOCR

_NETWORKS = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}
_LEAST_SCORE = 0.5  # of a reading; texture that is taken for text is read with less


class TextMissingError(DoublereadError):
    """rapidocr, or one of its networks, is not installed."""


@dataclass(frozen=True)
class Line:
    """A line of text: its upright box in pixels of the image, how sure the reading is, and what it says."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    text: str = field(repr=False)

    def moved(self, x: float, y: float, scale: float) -> "Line":
        """The line in an image of which this one begins at ``x`` and ``y`` and was made smaller by ``scale``."""
        left, top, right, bottom = self.left + x, self.top + y, self.right + x, self.bottom + y
        return Line(left * scale, top * scale, right * scale, bottom * scale, self.score, self.text)


def require_rapidocr() -> None:
    """Check that rapidocr and its networks are installed.

    Raises:
        TextMissingError: they are not.
    """
    try:
        import onnxruntime  # noqa: F401, PLC0415 - an extra
        import rapidocr  # noqa: F401, PLC0415
    except ImportError:
        raise TextMissingError(install_extra("looking for text in images needs rapidocr", "text")) from None
    for name in _NETWORKS.values():
        if not _network(name):
            raise TextMissingError(f"this rapidocr does not hold {name}; install the one that doubleread[text] names")


def read_lines(image: Image8) -> Iterator[Line]:
    """The lines of text on an image.

    Args:
        image: (rows, columns); the network enlarges what is smaller than 736 pixels.
    """
    from rapidocr.utils.output import RapidOCROutput  # noqa: PLC0415 - an extra

    found = _networks()(np.repeat(image[:, :, None], 3, axis=2))
    if not isinstance(found, RapidOCROutput) or found.boxes is None or not found.txts or not found.scores:
        return  # nothing was found, or found and not read
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        left, top = np.min(corners, axis=0)
        right, bottom = np.max(corners, axis=0)
        yield Line(float(left), float(top), float(right), float(bottom), float(score), text)


@cache
def _networks() -> "RapidOCR":
    """The networks, loaded once in each process; each works on one thread, since there is a process for each core."""
    from rapidocr import RapidOCR  # noqa: PLC0415

    return RapidOCR(
        params={
            "Global.log_level": "critical",  # it would say where it runs, and what it could not read
            "Global.use_cls": False,  # text that stands on its head is found as well
            "Global.text_score": _LEAST_SCORE,
            # Half of what they are otherwise: what is found by mistake is then not read, small letters are.
            "Det.thresh": 0.15,
            "Det.box_thresh": 0.25,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            # Without these it would fetch a network that is missing.
            **{f"{part}.model_path": _network(name) for part, name in _NETWORKS.items()},
        }
    )


def _network(name: str) -> str | None:
    path = files("rapidocr") / "models" / name
    return str(path) if path.is_file() else None
