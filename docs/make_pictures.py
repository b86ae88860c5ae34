"""Make the documents' pictures from a demo that was run in the current folder: ``make pictures``."""

import base64
import io
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.api.live import served  # noqa: E402
from tests.services.browser import browser  # noqa: E402
from tests.services.page import page  # noqa: E402

PICTURE = Path("training_set/has_malign_mass")
HEIGHT = 900  # pixels on the README
LAYOUT_SECONDS = 15
WIDTH = 1280  # pixels of a page of the service
PICTURES_SECONDS = 3
CARD_HEIGHT, MARGIN = 1285, 30  # pixels


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


def card_pages(folder: Path) -> None:
    """The data card of the demo's export: the flow in light, contact sheets in dark."""
    page = (Path("training_set") / "export" / "current" / "index.html").resolve().as_uri()
    with tempfile.TemporaryDirectory() as profile, browser(Path(profile), width=WIDTH, height=HEIGHT) as driver:
        for theme, section in (("light", "flow"), ("dark", "sheets")):
            preference = [{"name": "prefers-color-scheme", "value": theme}]
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": preference})
            driver.get(page)
            script = "return document.getElementById(arguments[0]).getBoundingClientRect().top + scrollY"
            clip = {"x": 0, "y": driver.execute_script(script, section) - MARGIN, "width": WIDTH, "height": CARD_HEIGHT}
            options = {"captureBeyondViewport": True, "clip": {**clip, "scale": 1}}
            data = driver.execute_cdp_cmd("Page.captureScreenshot", options)["data"]
            shot = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
            shot.quantize(128).save(folder / f"card_{theme}.png", optimize=True)


def service_pages(folder: Path) -> None:
    """Each page of the results service, in light and in dark, as a person with a reader's token sees it."""
    holder = f"reader {secrets.token_hex(2)}"  # names of tokens are never used again
    with (
        tempfile.TemporaryDirectory() as profile,
        served(Path.cwd(), os.environ, tokens={"reader": ""}) as service,
        browser(Path(profile), width=WIDTH, height=HEIGHT) as driver,
    ):
        service.tokens["reader"] = service.run("token", "create", holder, "--role", "reader").strip()
        address = f"http://127.0.0.1:{service.port}"
        driver.get(f"{address}/login/")
        driver.find_element("id", "token").send_keys(service.tokens["reader"])
        driver.find_element("css selector", ".login button").click()
        found = service.call("GET", f"/api/findings/?label={PICTURE.name}", role="reader").json["results"][0]
        paths = {"findings": "", "finding": f"findings/{found['finding_id']}/"}
        paths |= {name: f"{name}/" for name in ("rejections", "agreement", "jobs")}
        for theme in ("light", "dark"):
            preference = [{"name": "prefers-color-scheme", "value": theme}]
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": preference})
            for name, path in paths.items():
                driver.get(f"{address}/{path}")
                driver.execute_script(
                    "document.querySelectorAll('img').forEach((image) => { image.loading = 'eager' })"
                )
                time.sleep(PICTURES_SECONDS)
                shot = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
                shot.save(folder / f"service_{name}_{theme}.png", optimize=True)
        service.run("token", "revoke", holder)


if __name__ == "__main__":
    finding(ROOT / "docs" / "finding.png")
    lineage(ROOT / "docs" / "lineage.png")
    service_pages(ROOT / "docs")
    card_pages(ROOT / "docs")
