"""A few pictures, small enough to lie in a materialization's metadata."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from PIL import Image

PREVIEW_HEIGHT = 360  # pixels; three of them are some 150 KB of text


def preview(pictures: Sequence[Path]) -> dict[str, dg.MetadataValue]:
    """The pictures side by side as Markdown with embedded JPEGs, or nothing where there are none."""
    if not pictures:
        return {}
    images = []
    for path in pictures:
        with Image.open(path) as picture:
            small = picture.convert("RGB")
        small.thumbnail((PREVIEW_HEIGHT, PREVIEW_HEIGHT))
        data = io.BytesIO()
        small.save(data, "JPEG", quality=80)
        images.append(f"![{path.stem}](data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()})")
    return {"preview": dg.MetadataValue.md(" ".join(images))}
