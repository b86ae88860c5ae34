"""A data card that says something else than the generation that it stands in, and is signed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestration.training_set.export.layout import CARD_FACTS, COCO, CROISSANT, SCANS
from tests.training_set.export.verifying.copies import document
from tests.training_set.export.verifying.damage.table import forged


def _counting_otherwise(name: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], str]:
    def act(folder: Path) -> str:
        with document(folder, CARD_FACTS) as facts:
            change(facts)
        return CARD_FACTS

    act.__name__ = f"other_{name}_on_the_card"
    return act


for name_, change_ in {
    "studies": lambda facts: facts.update(studies=facts["studies"] + 1),
    "groups": lambda facts: facts.update(groups=facts["groups"] + 1),
    "findings": lambda facts: facts.update(findings=0),
    "roles": lambda facts: facts["roles"].update(finding=0),
    "scans_of_a_side": lambda facts: facts["sides"]["train"].update(scans=facts["sides"]["train"]["scans"] + 1),
    "boxes_of_a_label": lambda facts: facts["labels"][0]["sides"]["train"].update(boxes=99),
}.items():
    forged("count")(_counting_otherwise(name_, change_))


@forged("disagreement")
def another_digest_in_croissant(folder: Path) -> str:
    with document(folder, CROISSANT) as dataset:
        next(file for file in dataset["distribution"] if file["@id"] == COCO)["sha256"] = "0" * 64
    return COCO


@forged("disagreement")
def a_file_that_croissant_lacks(folder: Path) -> str:
    with document(folder, CROISSANT) as dataset:
        dataset["distribution"] = [file for file in dataset["distribution"] if file["@id"] != SCANS]
    return SCANS


@forged("format")
def a_card_without_numbers(folder: Path) -> str:
    (folder / CARD_FACTS).write_text("{}")
    return CARD_FACTS
