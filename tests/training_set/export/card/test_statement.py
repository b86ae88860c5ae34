"""What an owner says, and what is refused without repeating it."""

from pathlib import Path

import pytest

from orchestration.errors import SettingsError
from orchestration.training_set.export.card.statement import read_statement

WHOLE = """
title: Mammograms of Example Hospital
summary: Findings on which two radiologists agree.
description: |
  Screening examinations.

  Two vendors.
creators: [Example Hospital]
contact: data@hospital.example
license: cc-by-nc-4.0
license_link: https://creativecommons.org/licenses/by-nc/4.0/
url: https://hospital.example/set
citation: Example Hospital, Mammograms.
version: 1.2.0
date_published: 2024-05-31
intended_use: Research.
limitations: One region.
keywords: [screening]
"""


def stated(folder: Path, text: str | bytes) -> Path:
    path = folder / "card.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_every_entry_is_text_as_it_was_written(tmp_path: Path) -> None:
    statement = read_statement(stated(tmp_path, WHOLE))
    assert statement.title == "Mammograms of Example Hospital"
    assert (statement.version, statement.date_published) == ("1.2.0", "2024-05-31")
    assert statement.description == "Screening examinations.\n\nTwo vendors.\n"
    assert statement.license_text == "cc-by-nc-4.0"


def test_nothing_has_to_be_said(tmp_path: Path) -> None:
    assert read_statement(None) == read_statement(stated(tmp_path, "")) == read_statement(stated(tmp_path, "{}"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("licence: mit", "licence: is not an entry of a card"),
        ("license: other", "license is other"),
        ("license: {secret: 1}", "license: "),
        ("license_link: javascript:secret()", "license_link: "),
        ("version: secret", "version: "),
        ("date_published: 31 May", "date_published: "),
        ("title: ''", "title: "),
        ("title: " + "secret" * 100, "title: "),
        ('title: "\\u0000secret"', "title: "),
        ("- secret", "can't be used|valid dictionary|a mapping"),
        ("title: [", "is not YAML"),
        (b"title: \xff", "is not YAML"),
        ("x" * 70_000, "has more than 65,536 bytes"),
        ("a: &a [secret]\ntitle: *a", "title: "),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(tmp_path: Path, text: str | bytes, named: str) -> None:
    with pytest.raises(SettingsError, match=named) as refused:
        read_statement(stated(tmp_path, text))
    assert "DOUBLEREAD_EXPORT_CARD" in str(refused.value)
    assert "card.yml" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        read_statement(tmp_path / "card.yml")
