"""The Dagster page in a browser: lineage from raw tables to folders, and what a materialization tells."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.cli.conftest import Home, write_studies  # noqa: F401  fixtures
from tests.pages.looking import BROWSER_IS_MISSING, embedded_pictures, wait_for
from tests.services.page import page

pytestmark = BROWSER_IS_MISSING


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


def test_the_page_shows_lineage_without_a_gap_and_a_preview_of_the_pictures(
    address: str, driver: webdriver.Chrome
) -> None:
    driver.get(f"{address}/asset-groups?expanded=all")
    wait_for(driver, "raw", "staging", "marts", "training_set")

    driver.get(f"{address}/locations/doubleread/asset-groups/training_set/lineage")
    wait_for(
        driver, "double_matched_findings", "image_store", "retrieved_scans", "label_folders", "training_set_manifest"
    )
    wait_for(driver, "3 / 3 Passed")

    driver.get(f"{address}/assets/label_folders?view=partitions&partition=has_malign_mass")
    wait_for(driver, "Materialized", "findings", "bytes written", "[Show Markdown]")
    widths = embedded_pictures(driver)
    assert len(widths) == 3
    assert all(width > 100 for width in widths)
