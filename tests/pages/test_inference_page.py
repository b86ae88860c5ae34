"""A job over a folder, started from the Dagster page as a person does it: a model of one's own."""

import json

import numpy as np
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.cli.conftest import Home, rows
from tests.inference.onnx_models import halving
from tests.inference.studies import stored_volume, volume_of, write_study
from tests.pages.looking import BROWSER_IS_MISSING, SECONDS, embedded_pictures, wait_for
from tests.services.page import page

pytestmark = BROWSER_IS_MISSING


def launch(driver: webdriver.Chrome, config: dict[str, object]) -> None:
    """Materialize the assets of the job that is shown, with this config in the launchpad."""
    button = "//button[contains(., '{}')]"
    WebDriverWait(driver, SECONDS).until(
        lambda driver: driver.find_elements(By.XPATH, button.format("Materialize all"))
    )[0].click()
    wait_for(driver, "Launchpad (configure assets)", "Missing required config entries ['input', 'job', 'output']")
    script = """
        for (const {CodeMirror: editor} of document.querySelectorAll('.CodeMirror'))
            if (editor.getValue().startsWith('ops:')) editor.setValue(arguments[0]);
    """
    driver.execute_script(script, json.dumps({"ops": {"inference": {"config": config}}}))
    WebDriverWait(driver, SECONDS).until(
        lambda driver: [
            found
            for found in driver.find_elements(By.XPATH, button.format("Materialize"))
            if found.text.strip() == "Materialize" and found.is_enabled()
        ]
    )[0].click()


def test_a_model_is_run_over_a_folder_from_the_page_which_then_shows_a_slice_before_and_after(
    own: Home, driver: webdriver.Chrome
) -> None:
    stored = volume_of(4, 120, 140)
    study = write_study(own.folder / "in", stored)
    model = halving(own.folder / "half.onnx")
    config = {"job": "onnx", "input": str(study), "output": str(own.folder / "out"), "config": {"model": str(model)}}
    with page(own.folder, own.environment()) as address:
        driver.get(f"{address}/locations/doubleread/jobs/inference_job")
        launch(driver, config)
        WebDriverWait(driver, SECONDS).until(lambda driver: "/runs/" in driver.current_url)
        wait_for(driver, "RUN_SUCCESS")
        driver.get(f"{address}/assets/raw/inference_runs?view=events")
        wait_for(driver, "Materialized", "onnxruntime", "SHA-256 of model", "[Show Markdown]")
        assert embedded_pictures(driver) == [140, 140]
    assert np.abs(stored_volume(own.folder / "out") - stored / 2).max() <= 0.5
    assert rows(own.settings, "select job, status from doubleread.inference_runs") == [("onnx", "succeeded")]
