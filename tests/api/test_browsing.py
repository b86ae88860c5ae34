"""The pages in a browser, over findings that the real models and the main job made."""

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from orchestration.database import Database
from orchestration.labels import LABELS
from tests.api.conftest import administer
from tests.api.live import Live, served
from tests.cli.conftest import write_data
from tests.services.accessibility import serious_findings
from tests.services.browser import browser, missing_programs

MASS = "has_malign_mass"
PHONE, DESK = (320, 640), (1400, 1000)
SECONDS = 30
JOBS = """
    insert into doubleread_service.job (
        uid, job_name, in_dir, output_dir, state, reason, run_id, submitted_by, created_at, ended_at
    )
    values
    (gen_random_uuid(), '3dblur', '/in', '/out', 'running', null, 'r1', 'me', now(), null),
    (gen_random_uuid(), 'onnx', '/in', '/out', 'failed', 'no model', 'r2', 'me', now() - interval '1 hour', now())
"""

pytestmark = pytest.mark.skipif(
    bool(missing_programs()),
    reason=f"not installed: {', '.join(missing_programs())} (Debian: chromium chromium-driver)",
)


def write_readings(folder: Path) -> Path:
    """Raw tables of four studies: on the first two both readers see a mass, on the third one does, on the last none."""
    write_data(folder, 4, width=300, height=400)
    path = folder / "mmgscans_mmgscanannotation.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        study = int(row["mmg_scan_id"]) // 10
        if study == 4 or (study == 3 and row["user_id"] == "U2"):
            row |= {MASS: "False", "annotation_bboxes": "[]"}
        if row["user_id"] == "U2":
            row["created_at"] = "2024-02-03T09:00:00+00:00"
            boxes = json.loads(row["annotation_bboxes"])
            for box in boxes:
                box["mark"]["x"] += 60
            row["annotation_bboxes"] = json.dumps(boxes)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def site(database_server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service beside the results of the main job, and two jobs."""
    name = f"browsing_{os.getpid()}"
    folder = tmp_path_factory.mktemp("site")
    administer(database_server, "create database {}", name)
    settings = database_server.libpq_environment | {"PGDATABASE": name}
    with served(folder, settings) as live:
        live.run("load", str(write_readings(folder / "data")))
        live.run("build")
        with Database(settings).connect() as connection:
            connection.execute(JOBS)
        yield live
    administer(database_server, "drop database {} with (force)", name)


@pytest.fixture(scope="module")
def driver(site: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser in which a writer has logged in as a person does."""
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        driver.get(f"http://127.0.0.1:{site.port}/rejections/")
        driver.find_element(By.ID, "token").send_keys(site.tokens["writer"])
        driver.find_element(By.CSS_SELECTOR, ".login button").click()
        until(driver, lambda driver: driver.current_url.endswith("/rejections/"))
        yield driver


@pytest.fixture
def go(site: Live, driver: webdriver.Chrome) -> Callable[..., webdriver.Chrome]:
    """Open a page, in light or dark, on a screen of a size."""

    def open_page(path: str, *, theme: str = "light", size: tuple[int, int] = DESK) -> webdriver.Chrome:
        screen = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        preference = [{"name": "prefers-color-scheme", "value": theme}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": preference})
        driver.get(f"http://127.0.0.1:{site.port}{path}")
        return driver

    return open_page


def first_finding(site: Live, **filters: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    found: dict[str, Any] = site.call("GET", f"/api/findings/?{query}", role="reader").json["results"][0]
    return found


def visible(driver: webdriver.Chrome, selector: str) -> int:
    return sum(element.is_displayed() for element in driver.find_elements(By.CSS_SELECTOR, selector))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "page",
    ["/", f"/?label={MASS}", "/?study_id=none", "finding", "/rejections/", "/agreement/", "/jobs/", "/findings/gone/"],
)
def test_nobody_is_kept_out_of_a_page(site: Live, go: Any, page: str, theme: str) -> None:
    """Neither by what axe-core finds, nor by a telephone's width, nor by something that the policy forbids."""
    path = f"/findings/{first_finding(site)['finding_id']}/" if page == "finding" else page
    driver = go(path, theme=theme)
    background = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, background[4:-1].split(","))) < 128) == (theme == "dark"), background
    assert serious_findings(driver) == []
    driver = go(path, theme=theme, size=PHONE)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    assert serious_findings(driver) == []
    complaints = [entry["message"] for entry in driver.get_log("browser") if " 404 " not in entry["message"]]
    assert complaints == []


def test_the_check_finds_what_keeps_people_out(go: Any) -> None:
    driver = go("/jobs/")
    driver.execute_script("document.querySelector('main').append(document.createElement('input'))")
    assert [found.split()[0] for found in serious_findings(driver)] == ["label"]


def test_the_wall_shows_pictures_by_label_and_is_filtered_by_a_form(go: Any) -> None:
    driver = go("/")
    headings = [heading.text for heading in driver.find_elements(By.CSS_SELECTOR, "section h2")]
    assert headings == ["Malignant mass"]
    images = driver.find_elements(By.CSS_SELECTOR, ".wall img")
    assert len(images) == 8
    until(
        driver,
        lambda driver: all(driver.execute_script("return arguments[0].naturalWidth", image) == 300 for image in images),
    )
    driver.find_element(By.NAME, "study_id").send_keys("2", Keys.ENTER)
    until(driver, lambda driver: "study_id=2" in driver.current_url and studies(driver) == {"Study 2"})
    Select(driver.find_element(By.NAME, "matching_reader_count__gte")).select_by_value("3")
    driver.find_element(By.CSS_SELECTOR, ".filters button").click()
    until(driver, lambda driver: "No findings like this" in driver.page_source)
    assert visible(driver, ".wall img") == 0


def test_boxes_lie_where_the_readers_drew_them_and_are_switched_on_and_off(site: Live, go: Any) -> None:
    finding = first_finding(site)
    driver = go(f"/findings/{finding['finding_id']}/")
    assert [box["reader"] for box in finding["boxes"]] == ["u1", "u2"]
    assert visible(driver, ".box") == 2
    viewer = driver.find_element(By.CLASS_NAME, "viewer").rect
    scale = min(viewer["width"] / 300, viewer["height"] / 400)
    left = viewer["x"] + (viewer["width"] - 300 * scale) / 2
    top = viewer["y"] + (viewer["height"] - 400 * scale) / 2
    for shape, box in zip(driver.find_elements(By.CSS_SELECTOR, ".box .edge"), finding["boxes"], strict=True):
        measured = driver.execute_script(
            "const r = arguments[0].getBoundingClientRect(); return [r.x + scrollX, r.y + scrollY, r.width]", shape
        )
        wanted = (left + box["x"] * scale, top + box["y"] * scale, box["width"] * scale)
        assert measured == pytest.approx(wanted, abs=4)
    names = [shape.get_attribute("aria-label") for shape in driver.find_elements(By.CSS_SELECTOR, ".box")]
    assert names[0] == "Box of reader u1: 100 by 133 pixels, 10 from the left, 30 down"
    driver.find_element(By.ID, "reader-2").send_keys(Keys.SPACE)
    assert (visible(driver, ".reader-1"), visible(driver, ".reader-2")) == (1, 0)
    driver.find_element(By.ID, "boxes").send_keys(Keys.SPACE)
    assert visible(driver, ".box") == 0


def test_a_finding_shows_its_readings_and_where_everything_came_from(site: Live, go: Any) -> None:
    finding = first_finding(site, study_id="2")
    driver = go(f"/findings/{finding['finding_id']}/")
    text = driver.find_element(By.TAG_NAME, "main").text
    rows = [row.text.split() for row in driver.find_elements(By.CSS_SELECTOR, "tbody tr")]
    assert [row[:5] for row in rows] == [["u1", "Positive", "4", "of", "4"], ["u2", "Positive", "4", "of", "4"]]
    assert [row[5] for row in rows] == ["2024-01-01", "2024-02-03"]
    scan = site.folder / "data" / "blobs" / "mmg" / "0002" / "0.png"
    picture = site.folder / "training_set" / MASS / f"{finding['scan_id']}.png"
    assert "mmg/0002/0.png" in text
    for path in (scan, picture):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in text
    assert finding["finding_hash"] in text
    assert driver.execute_script("return document.querySelector('.viewer img').naturalWidth") == 300
    assert len(driver.find_elements(By.CSS_SELECTOR, ".scans img")) == 4


def test_a_rejection_is_told_in_words(go: Any) -> None:
    text = go("/rejections/").find_element(By.TAG_NAME, "main").text
    assert "Too few of the readers who completed a reading call the label true." in text
    assert "1 of 2 readers" in text


def test_agreement_is_a_plot_and_a_table(go: Any) -> None:
    driver = go(f"/agreement/?label={MASS}")
    (point,) = driver.find_elements(By.CSS_SELECTOR, ".plot circle")
    assert point.get_attribute("aria-label") == "u1 and u2: 0.50 over 4 studies"
    ticks = {
        tick.text: tick.rect["x"] + tick.rect["width"] / 2
        for tick in driver.find_elements(By.CSS_SELECTOR, ".plot text")
    }
    center = point.rect["x"] + point.rect["width"] / 2
    assert center == pytest.approx((ticks["0.4"] + ticks["0.6"]) / 2, abs=2)
    (row,) = [row.text for row in driver.find_elements(By.CSS_SELECTOR, "tbody tr")]
    assert row == "Malignant mass u1, u2 4 2 1 0 1 0 0.75 0.50 0.80 0.67"
    assert len(go("/agreement/").find_elements(By.TAG_NAME, "figure")) == len(LABELS)


def test_a_keyboard_is_enough(site: Live, go: Any) -> None:
    driver = go("/")
    press(driver, Keys.TAB)
    assert driver.switch_to.active_element.text == "Skip to the content"
    press(driver, Keys.ENTER)
    press(driver, *[Keys.TAB] * 5)  # label, readers, study, the button, the first picture
    first = driver.switch_to.active_element.get_attribute("href")
    press(driver, Keys.ARROW_RIGHT)
    second = driver.switch_to.active_element.get_attribute("href")
    assert first != second
    assert driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press(driver, Keys.ENTER)
    until(driver, lambda driver: driver.current_url == second)
    until(driver, lambda driver: driver.execute_script("return document.readyState") == "complete")
    press(driver, Keys.ARROW_LEFT)
    until(driver, lambda driver: driver.current_url == first)
    assert site.call("GET", "/healthz").status == 200


def until(driver: webdriver.Chrome, condition: Callable[[webdriver.Chrome], bool]) -> None:
    """Wait until ``condition`` holds, also while one page gives way to the next."""
    WebDriverWait(driver, SECONDS, ignored_exceptions=[StaleElementReferenceException]).until(condition)


def states(driver: webdriver.Chrome) -> list[str]:
    return [state.text for state in driver.find_elements(By.CLASS_NAME, "state")]


def studies(driver: webdriver.Chrome) -> set[str]:
    return {item.text for item in driver.find_elements(By.CSS_SELECTOR, ".wall strong")}


def press(driver: webdriver.Chrome, *keys: str) -> None:
    webdriver.ActionChains(driver).send_keys(*keys).perform()


def test_light_and_dark_are_chosen_and_kept(go: Any) -> None:
    driver = go("/rejections/")
    driver.find_element(By.CLASS_NAME, "to-dark").click()
    try:
        until(driver, lambda driver: driver.find_element(By.TAG_NAME, "html").get_attribute("data-theme") == "dark")
        assert driver.current_url.endswith("/rejections/")
        driver = go("/agreement/")
        assert driver.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(12, 14, 16)"
        assert serious_findings(driver) == []
        driver.find_element(By.CLASS_NAME, "to-light").click()
        until(driver, lambda driver: visible(driver, ".to-dark") == 1)
    finally:
        driver.delete_cookie("theme")


def test_the_state_of_a_job_changes_before_ones_eyes(site: Live, go: Any) -> None:
    driver = go("/jobs/")
    assert states(driver) == ["running", "failed"]
    assert "No model" in driver.find_element(By.TAG_NAME, "main").text
    assert visible(driver, ".acts button") == 1
    environment = {name.lower(): value for name, value in site.environment.items() if name.startswith("PG")}
    names = {"pghost": "host", "pgport": "port", "pguser": "user", "pgdatabase": "dbname"}
    with psycopg.connect(**{names[name]: value for name, value in environment.items()}) as connection:  # type: ignore[arg-type]
        connection.execute(
            "update doubleread_service.job set state = 'succeeded', ended_at = now() where run_id = 'r1'"
        )
    until(driver, lambda driver: states(driver) == ["succeeded", "failed"])
    assert visible(driver, ".acts button") == 0
    assert driver.find_element(By.ID, "news").get_attribute("textContent")
