"""Make the README's pictures from a demo that was run in the current folder: ``make pictures``."""

import os
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.services.browser import browser  # noqa: E402
from tests.services.page import page  # noqa: E402

PICTURE = Path("training_set/has_malign_mass")
HEIGHT = 900  # pixels on the README
LAYOUT_SECONDS = 15


def finding(target: Path) -> None:
    """The first picture of a malignant mass, made smaller."""
    with Image.open(min(PICTURE.glob("*.png"))) as picture:
        small = picture.convert("RGB")
    small.thumbnail((HEIGHT, HEIGHT))
    small.save(target, optimize=True)


def lineage(target: Path) -> None:
    """Everything that the manifest is made from, as the page draws it."""
    with (
        tempfile.TemporaryDirectory() as profile,
        page(Path.cwd(), os.environ) as address,
        browser(Path(profile), width=1900, height=1250) as driver,
    ):
        driver.get(f"{address}/assets/training_set_manifest?view=lineage&lineageScope=upstream&lineageDepth=9")
        time.sleep(LAYOUT_SECONDS)
        driver.save_screenshot(str(target))


if __name__ == "__main__":
    finding(ROOT / "docs" / "finding.png")
    lineage(ROOT / "docs" / "lineage.png")
