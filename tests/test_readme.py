"""What the README says is what the code says."""

import re
from pathlib import Path

from orchestration.settings import Settings
from orchestration.transformations import expected_raw_tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
HEADINGS = ["What it does", "Commands", "In Python", "What comes out", "What it withstands", "How it works", "Limits"]


def test_every_setting_is_on_its_page_and_the_readme_repeats_the_first() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", page)) - {"AWS_"}
    assert named == {name.upper() for name in Settings.model_fields}
    table = README[README.index("| setting |") : README.index("[Every setting]")].strip()
    assert table in page


def test_every_column_of_the_raw_tables_is_named() -> None:
    for table in expected_raw_tables():
        (row,) = [line for line in README.splitlines() if line.startswith(f"| `{table.name}`")]
        assert re.findall(r"`(\w+)`", row)[1:] == list(table.columns)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def test_the_rule_is_quoted_as_the_models_have_it() -> None:
    models = "".join((ROOT / "dbt_project/models/intermediate/annotations" / name).read_text()
                     for name in ("int_readings.sql", "int_verdicts.sql"))  # fmt: skip
    models = models.replace("{{ label }}", "has_malign_mass")
    models = models.replace("{{ var('min_matching_readers') }}", "2").replace("{{ var('scans_per_study') }}", "4")
    quotes = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    assert len(quotes) == 2
    for quote in quotes:
        assert squeezed(quote) in squeezed(models)


def test_the_readme_is_short_and_the_pages_of_commands_have_the_same_headings_in_the_same_order() -> None:
    assert len(README.splitlines()) < 200
    pages = {page: re.findall(r"^## (.*)$", page.read_text(), re.MULTILINE) for page in (ROOT / "docs").glob("*.md")}
    of_commands = [headings for headings in pages.values() if "Commands" in headings]
    assert len(of_commands) >= 3
    assert [headings for headings in of_commands if headings != HEADINGS] == []


def links(document: Path) -> set[Path]:
    """The files of the project that a document links to, whether they exist or not."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    return {(document.parent / target).resolve() for target in targets}


def test_every_file_that_the_documents_link_to_exists_and_the_readme_leads_to_every_page() -> None:
    pages = {ROOT / "README.md"}
    while found := {path for page in pages for path in links(page) if path.suffix == ".md"} - pages:
        assert all(path.exists() for path in found), found
        pages |= found
    assert pages == {ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")}
    assert [path for page in pages for path in links(page) if not path.exists()] == []
