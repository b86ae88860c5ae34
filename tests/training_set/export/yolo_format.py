"""A checker of YOLO's detection format, after what Ultralytics asks of a set before it trains.

https://docs.ultralytics.com/datasets/detect/: a list names images, the last ``images`` in an image's path becomes
``labels``, a label file has five numbers in a line (class, centre, size), all shares of the image.
"""

from pathlib import Path

import numpy as np
import yaml
from PIL import Image

SMALLEST = 10  # pixels a side


def checked_yolo(data: Path) -> dict[str, list[list[float]]]:
    """The lines of every listed image by its stem, once each of them is one that a trainer takes."""
    described = yaml.safe_load(data.read_text(encoding="utf-8"))
    names = described["names"]
    assert list(names) == list(range(len(names)))
    found: dict[str, list[list[float]]] = {}
    labels = set()
    for key in ("train", "val", "test"):
        listed = data.parent / described[key]
        for line in listed.read_text(encoding="utf-8").splitlines():
            image = Path(line.replace("./", f"{listed.parent}/", 1))  # ``./`` is the list's own folder
            assert image.stem not in found, "an image is in one list, once"
            found[image.stem] = _checked(image, len(names))
            labels.add(_label_file(image))
    assert set((data.parent / "labels").iterdir()) == labels, "every label file belongs to a listed image"
    return found


def _label_file(image: Path) -> Path:
    before, _, name = str(image).rpartition("/images/")
    return Path(f"{before}/labels/{name}").with_suffix(".txt")


def _checked(image: Path, classes: int) -> list[list[float]]:
    with Image.open(image) as opened:
        opened.verify()
        assert min(opened.size) >= SMALLEST
        assert opened.format == "PNG"
    lines = [line.split() for line in _label_file(image).read_text(encoding="utf-8").splitlines() if line]
    if not lines:
        return []
    assert {len(line) for line in lines} == {5}
    numbers = np.array(lines, np.float32)
    assert np.isfinite(numbers).all()
    assert numbers.min() >= 0
    assert numbers[:, 1:].max() <= 1
    assert all(line[0].isdecimal() and int(line[0]) < classes for line in lines)
    centres, halves = np.array(lines, np.float64)[:, 1:3], np.array(lines, np.float64)[:, 3:] / 2
    assert (halves > 0).all()
    assert (centres - halves >= -1e-12).all()
    assert (centres + halves <= 1 + 1e-12).all()
    return [[float(part) for part in line] for line in lines]
