"""``docs/billions.md`` says what the calculator says."""

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.archives.planning.comparisons import Table
from orchestration.archives.planning.document import FIGURES, MARKED, TABLES, DocumentError, markdown, render

DOCUMENT = Path(__file__).parents[3] / "docs" / "billions.md"


def test_the_documents_figures_are_the_calculators() -> None:
    text = DOCUMENT.read_text()
    assert text == render(text), "run python -m orchestration.archives.planning.document docs/billions.md"


def test_the_document_shows_every_table() -> None:
    shown = {match["name"] for match in MARKED.finditer(DOCUMENT.read_text())}
    assert set(TABLES) <= shown
    assert shown <= set(TABLES) | set(FIGURES)


def test_each_mark_of_the_document_has_its_end() -> None:
    text = DOCUMENT.read_text()
    assert text.count("<!-- plan:") == text.count("<!-- end -->") == len(list(MARKED.finditer(text)))


def test_a_stale_figure_and_a_stale_table_are_renewed_and_the_rest_is_left_alone() -> None:
    stale = "It takes <!-- plan: days -->99<!-- end --> days.\n\n<!-- plan: steps -->\nold\n<!-- end -->\nEnd.\n"
    renewed = render(stale)
    assert renewed.startswith("It takes <!-- plan: days -->")
    assert "99" not in renewed.splitlines()[0]
    assert "old" not in renewed
    assert "| temporary copies |" in renewed
    assert renewed.endswith("<!-- end -->\nEnd.\n")
    assert render(renewed) == renewed


def test_a_mark_that_names_nothing_is_refused() -> None:
    with pytest.raises(DocumentError, match="no table or figure is called weather"):
        render("<!-- plan: weather -->sunny<!-- end -->")


def test_columns_of_figures_stand_right() -> None:
    table = Table(("what", "dollars"), (("put", "1,000"), ("get", "")))
    assert markdown(table).splitlines() == ["| what | dollars |", "| --- | ---: |", "| put | 1,000 |", "| get |  |"]


def test_the_command_renews_a_file(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- plan: dollars -->?<!-- end -->")
    subprocess.run([sys.executable, "-m", "orchestration.archives.planning.document", page], check=True)
    assert page.read_text() == render("<!-- plan: dollars -->?<!-- end -->")
