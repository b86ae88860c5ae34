"""A browser, and a home whose page it looks at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.cli.conftest import home, own, parsed_project  # noqa: F401  fixtures
from tests.services.browser import browser


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    with browser(tmp_path / "profile") as driver:
        yield driver
