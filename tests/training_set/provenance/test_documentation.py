"""docs/why.md names every field of an answer, and every verdict."""

import re
from pathlib import Path

from orchestration.training_set.provenance.answers import DOUBLE_MATCHED, NOT_CALLED, Answer

TEXT = (Path(__file__).parents[3] / "docs" / "why.md").read_text()


def test_every_field_of_an_answer_is_in_the_table() -> None:
    table = TEXT[TEXT.index("| field | what |") : TEXT.index("A verdict is")]
    firsts = " ".join(line.split("|")[1] for line in table.strip().splitlines())
    named = set(re.findall(r"`(\w+)", firsts))
    assert named == set(Answer.model_fields)


def test_the_verdicts_beside_the_reasons_are_named() -> None:
    assert f"`{DOUBLE_MATCHED}`" in TEXT
    assert f"`{NOT_CALLED}`" in TEXT
