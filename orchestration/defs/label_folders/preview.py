"""A few pictures, small enough to lie in a materialization's metadata."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from PIL import Image

from orchestration.defs.previews import embedded


def preview(pictures: Sequence[Path]) -> dict[str, dg.MetadataValue]:
    """The pictures side by side, or nothing where there are none."""
    if not pictures:
        return {}
    images = []
    for path in pictures:
        with Image.open(path) as picture:
            images.append(embedded(picture, path.stem))
    return {"preview": dg.MetadataValue.md(" ".join(images))}
