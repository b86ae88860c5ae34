"""Looking at the Dagster page: waiting for what it shows, and the pictures in its metadata."""

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.services.browser import missing_programs

SECONDS = 60

BROWSER_IS_MISSING = pytest.mark.skipif(
    bool(missing_programs()),
    reason=f"not installed: {', '.join(missing_programs())} (Debian: chromium chromium-driver)",
)


def wait_for(driver: webdriver.Chrome, *texts: str) -> None:
    """Wait until the page shows every one of some texts."""

    def shown(driver: webdriver.Chrome) -> bool:
        text = driver.find_element(By.TAG_NAME, "body").text
        return all(wanted in text for wanted in texts)

    WebDriverWait(driver, SECONDS).until(shown, f"{texts} did not appear at {driver.current_url}")


def embedded_pictures(driver: webdriver.Chrome) -> list[int]:
    """Open the Markdown of a materialization, and give the widths of the pictures in it."""
    driver.find_element(By.XPATH, "//*[text()='[Show Markdown]']").click()
    pictures = WebDriverWait(driver, SECONDS).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, "img[src^='data:image/jpeg']")
    )
    return [driver.execute_script("return arguments[0].naturalWidth", picture) for picture in pictures]
