"""What keeps people out of a page, as axe-core finds it in a browser."""

from importlib.util import find_spec
from pathlib import Path

from selenium import webdriver

IMPACTS = {"serious", "critical"}


def serious_findings(driver: webdriver.Chrome) -> list[str]:
    """The rules that the page in the browser breaks badly, each with the first element that does."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    driver.execute_script((Path(spec.origin).parent / "axe.min.js").read_text())
    found = driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    assert found["passes"]
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}; {rule['nodes'][0]['html']}"
        for rule in found["violations"]
        if rule["impact"] in IMPACTS
    ]
