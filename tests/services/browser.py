"""Debian's Chromium without a screen, driven by its own driver."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

# Without these it looks up its maker's hosts, many at a time and at every start.
QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing_programs() -> list[str]:
    """Which of the programs that a browser test needs are not installed."""
    return [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]


@contextmanager
def browser(folder: Path, *, width: int = 1600, height: int = 1000) -> Iterator[webdriver.Chrome]:
    """A browser with an empty profile in ``folder``, ended with the block."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    size = f"--window-size={width},{height}"
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", size, f"--user-data-dir={folder}", *QUIET):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    try:
        yield driver
    finally:
        driver.quit()
