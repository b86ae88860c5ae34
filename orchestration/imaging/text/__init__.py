"""Text in the pixels of an image: where it is, never what it says.

``find_text(image, markers)`` is all that a caller needs. It needs the extra ``text``, whose wheel holds the networks:
nothing is fetched when it runs. The only failure is ``TextMissingError``, where the extra is not installed.
"""

from orchestration.imaging.text.finding import FINDING_VERSION, TextRegion, find_text
from orchestration.imaging.text.markers import Markers
from orchestration.imaging.text.reading import TextMissingError, require_rapidocr

__all__ = [
    "FINDING_VERSION",
    "Markers",
    "TextMissingError",
    "TextRegion",
    "find_text",
    "require_rapidocr",
]
