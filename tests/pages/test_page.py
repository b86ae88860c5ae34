"""The Dagster page in a browser: lineage from raw tables to folders, and what a materialization tells."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.cli.conftest import Home, home, own, parsed_project, write_studies  # noqa: F401  fixtures
from tests.services.browser import browser, missing_programs
from tests.services.page import page

SECONDS = 60

pytestmark = pytest.mark.skipif(
    bool(missing_programs()),
    reason=f"not installed: {', '.join(missing_programs())} (Debian: chromium chromium-driver)",
)


@pytest.fixture
def built(own: Home, write_studies: Callable[..., Path]) -> Home:  # noqa: F811
    """A home in which the main job ran once."""
    own.run("load", str(write_studies(1, width=300, height=400)))
    own.run("build")
    return own


@pytest.fixture
def address(built: Home) -> Iterator[str]:
    with page(built.folder, built.environment()) as address:
        yield address


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    with browser(tmp_path / "profile") as driver:
        yield driver


def test_the_page_shows_lineage_without_a_gap_and_a_preview_of_the_pictures(
    address: str, driver: webdriver.Chrome
) -> None:
    def wait_for(*texts: str) -> None:
        def shown(driver: webdriver.Chrome) -> bool:
            text = driver.find_element(By.TAG_NAME, "body").text
            return all(wanted in text for wanted in texts)

        WebDriverWait(driver, SECONDS).until(shown, f"{texts} did not appear at {driver.current_url}")

    driver.get(f"{address}/asset-groups?expanded=all")
    wait_for("raw", "staging", "marts", "training_set")

    driver.get(f"{address}/locations/doubleread/asset-groups/training_set/lineage")
    wait_for("double_matched_findings", "image_store", "retrieved_scans", "label_folders", "training_set_manifest")
    wait_for("3 / 3 Passed")

    driver.get(f"{address}/assets/label_folders?view=partitions&partition=has_malign_mass")
    wait_for("Materialized", "findings", "bytes written", "[Show Markdown]")
    driver.find_element(By.XPATH, "//*[text()='[Show Markdown]']").click()
    preview = WebDriverWait(driver, SECONDS).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, "img[src^='data:image/jpeg']")
    )
    widths = [driver.execute_script("return arguments[0].naturalWidth", image) for image in preview]
    assert len(widths) == 3
    assert all(width > 100 for width in widths)
