"""A picture for a person who decides whether text may stay: the whole image, and each region at its own size."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageOps

from orchestration.images import Image8
from orchestration.imaging.captions import font

WHOLE = 900  # pixels of the longer side of the whole image
AROUND = 40  # pixels shown around a region
MOST_CROP = (900, 300)  # pixels that a region takes; a larger one is made smaller
MOST_REGIONS = 40  # shown at their own size; all are framed on the whole image
_GAP, _TEXT = 16, 22
_FRAME = (255, 196, 0)
_GROUND = (24, 24, 24)

Area = tuple[int, int, int, int]


def text_sheet(image: Image8, regions: Sequence[Area]) -> bytes:
    """A PNG of the image with numbered frames, and beside it what they hold.

    Args:
        image: (rows, columns) or (rows, columns, 3).
        regions: x, y, width, height in the image's pixels.
    """
    source = Image.fromarray(image).convert("RGB")
    whole = _framed(source, regions)
    crops = [_crop(source, region) for region in regions[:MOST_REGIONS]]
    height = max(whole.height, sum(crop.height + _TEXT + _GAP for crop in crops)) + 2 * _GAP
    width = whole.width + max((crop.width for crop in crops), default=0) + 3 * _GAP
    sheet = Image.new("RGB", (width, height), _GROUND)
    sheet.paste(whole, (_GAP, _GAP))
    drawing, top = ImageDraw.Draw(sheet), _GAP
    for number, crop in enumerate(crops, 1):
        drawing.text((whole.width + 2 * _GAP, top), str(number), fill=_FRAME, font=font(_TEXT - 4))
        sheet.paste(crop, (whole.width + 2 * _GAP, top + _TEXT))
        top += crop.height + _TEXT + _GAP
    sink = BytesIO()
    sheet.save(sink, "PNG")
    return sink.getvalue()


def _framed(source: Image.Image, regions: Sequence[Area]) -> Image.Image:
    """The whole image, made smaller where it is larger, with a numbered frame around each region."""
    scale = min(1.0, WHOLE / max(source.size))
    whole = source.resize((max(1, round(source.width * scale)), max(1, round(source.height * scale))))
    drawing = ImageDraw.Draw(whole)
    for number, (x, y, width, height) in enumerate(regions, 1):
        left, top = x * scale - 4, y * scale - 4
        right, bottom = (x + width) * scale + 4, (y + height) * scale + 4
        drawing.rectangle((left, top, right, bottom), outline=_FRAME, width=2)
        drawing.text((right + 4, top), str(number), fill=_FRAME, font=font(_TEXT - 4))
    return whole


def _crop(source: Image.Image, region: Area) -> Image.Image:
    """A region with what is around it, its greys stretched: text that is hard to see was found as well."""
    x, y, width, height = region
    crop = source.crop((
        max(0, x - AROUND),
        max(0, y - AROUND),
        min(source.width, x + width + AROUND),
        min(source.height, y + height + AROUND),
    ))  # fmt: skip
    crop.thumbnail(MOST_CROP)
    return ImageOps.autocontrast(crop)
