"""An image made small enough for a page: to look around with, never to read or to measure in."""

import io

from PIL import Image

from orchestration.imaging.decode import read_image

QUALITY = 85  # of the JPEG, of 100


def preview(data: bytes | memoryview, longest_side: int) -> bytes:
    """A JPEG of an image, no side longer than ``longest_side`` pixels, without any metadata.

    Each pixel is an average of those that it stands for, so that thin lines become paler and do not vanish. An image
    that is smaller keeps its size. The full-size one is decoded for it: 30 to 300 ms for a mammogram.

    Args:
        data: the whole file, of any kind that ``read_image`` takes.
        longest_side: pixels.

    Raises:
        ImageError: the image cannot be used.
    """
    image = Image.fromarray(read_image(data))
    # Averaged over whole blocks of pixels down to twice the size, then filtered: a quarter of the time.
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=QUALITY)
    return sink.getvalue()
