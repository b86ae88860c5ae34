"""Pictures small enough to lie in a materialization's metadata, as Markdown with embedded JPEGs."""

import base64
import io
from typing import Any

import dagster as dg
import numpy as np
import numpy.typing as npt
from PIL import Image

PREVIEW_HEIGHT = 360  # pixels; three of them are some 150 KB of text


def embedded(picture: Image.Image, name: str) -> str:
    """A picture as Markdown that holds it, at most ``PREVIEW_HEIGHT`` high and wide."""
    small = picture.convert("RGB")
    small.thumbnail((PREVIEW_HEIGHT, PREVIEW_HEIGHT))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=80)
    return f"![{name}](data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()})"


def before_and_after(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> dict[str, dg.MetadataValue]:
    """Two slices of (rows, columns) side by side, the greys of both from the lowest to the highest value of the first.

    The hundredth part of the values at either end is black or white, so that one bright spot darkens nothing.
    """
    low, high = (float(value) for value in np.percentile(before, (1, 99)))
    pictures = [
        embedded(Image.fromarray(_greys(slice_, low, high)), name)
        for name, slice_ in (("before", before), ("after", after))
    ]
    return {"before and after": dg.MetadataValue.md(" ".join(pictures))}


def _greys(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    scaled = (values.astype(np.float32) - low) * (255 / ((high - low) or 1))
    greys: npt.NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return greys
