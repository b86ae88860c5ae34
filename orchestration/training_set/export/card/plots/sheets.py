"""A thumbnail with the boxes of readers drawn over it."""

import base64
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from orchestration.imaging.boxes import Area
from orchestration.imaging.colours import COLOURS
from orchestration.training_set.export.boxes import PlacedBox
from orchestration.training_set.export.card.plots.svg import drawing, element, rect


def css_colour(number: int) -> str:
    """A reader's colour, which is the one of the pictures."""
    return "#{:02x}{:02x}{:02x}".format(*COLOURS[number])


def tile_image(jpeg: bytes, area: Area, boxes: Sequence[PlacedBox], colours: Mapping[str, int], label: str) -> Markup:
    """Part of a scan with the boxes that lie on it, in pixels of the scan.

    Args:
        jpeg: a thumbnail of that part.
        area: the part.
        boxes: of the finding, on the whole scan.
        colours: each reader's number in ``COLOURS``.
        label: what is to be seen.
    """
    source = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    width, height = area.width, area.height
    parts = [element("image", href=source, width=width, height=height, preserveAspectRatio="none")]
    for box in boxes:
        x, y = box.x - area.left, box.y - area.top
        if x < width and y < height and x + box.width > 0 and y + box.height > 0:
            size = (x, y, box.width, box.height)
            parts += [rect(*size, "halo"), rect(*size, "box", stroke=css_colour(colours[box.reader]))]
    return drawing(width, height, label, parts, class_="tile")
