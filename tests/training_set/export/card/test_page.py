"""``index.html`` as a file, and as a browser shows it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.services.accessibility import serious_findings
from tests.services.browser import browser, missing_programs
from tests.training_set.export.card.conftest import HOSTILE, HOSTILE_SCAN
from tests.training_set.export.exporter import Exporter

VOID = {"meta", "br", "link", "img", "hr", "input"}
BOUND = 3_000_000  # bytes of the page


class Reader(HTMLParser):
    """Every element must end where it began; what could load something, and what is read, is kept."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "srcset", "data", "action", "poster"}:
                self.references.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(card: Path) -> Reader:
    return Reader((card / "index.html").read_text())


def test_it_is_one_well_formed_file_that_loads_nothing(card: Path, page: Reader) -> None:
    assert not page.names & {"script", "iframe", "object", "embed", "link", "form", "base", "img"}
    assert page.handlers == []
    assert len(set(page.ids)) == len(page.ids)
    for reference in page.references:
        if reference.startswith("#"):
            assert reference.removeprefix("#") in page.ids
        else:
            assert re.match("data:image/jpeg;base64,|https://creativecommons[.]org/", reference), reference[:60]
    text = (card / "index.html").read_text()
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_whatever_an_id_or_an_owner_says_is_text(page: Reader) -> None:
    assert page.text.count(HOSTILE) >= 4
    assert HOSTILE_SCAN in page.text
    assert "49" not in page.text.split("Contents")[0], "no template is run on it"


def test_every_label_has_its_sheet_and_its_numbers(page: Reader) -> None:
    for words in (
        "Benign mass",
        "Malignant mass",
        "reader 2",
        "Left CC",
        "Single reader",
        "0.69",
        "no box on this scan",
    ):
        assert words in page.text


def test_the_page_stays_small_however_many_findings_there_are(exporter: Exporter) -> None:
    for number in range(40):
        exporter.add(str(number), labels=["has_benign_mass", "has_malign_mass"], study=str(number))
    with exporter.project.database.connect() as connection:
        connection.execute("update marts.double_matched_findings set study_id = scan_id")
    exporter.export()
    text = exporter.read("index.html").decode()
    assert text.count("<li><figure>") == 32
    assert len(text) < BOUND


def test_an_export_without_anything_has_a_card_as_well(exporter: Exporter) -> None:
    exporter.export()
    page = Reader(exporter.read("index.html").decode())
    assert "No two readers have completed a reading of the same study." in page.text
    assert "No licence is stated" in page.text
    assert "no side holds a scan" in exporter.read("README.md").decode()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    if missing := missing_programs():
        pytest.skip(f"{' and '.join(missing)} not installed")
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out_in_light_and_in_dark_on_a_phone_and_on_a_desk(card: Path, opened, theme: str) -> None:
    opened.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    )
    seen = set()
    for width in (360, 1400):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        opened.get((card / "index.html").as_uri())
        assert opened.execute_script("return document.scrollingElement.scrollWidth") <= width
        assert serious_findings(opened) == []
        seen.add(opened.execute_script("return getComputedStyle(document.body).backgroundColor"))
        broken = "return [...document.images].filter((image) => !image.naturalWidth).length"
        assert opened.execute_script(broken) == 0
    assert seen == {{"light": "rgb(251, 250, 247)", "dark": "rgb(14, 16, 18)"}[theme]}
    assert [line for line in opened.get_log("browser") if line["level"] == "SEVERE"] == []
