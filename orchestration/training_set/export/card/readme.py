"""``README.md`` in the form of Hugging Face: metadata for its hub and its library, then text for people.

https://huggingface.co/docs/hub/datasets-cards. With ``configs``, ``load_dataset`` on the folder gives three sides.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from orchestration.labels import CAPTIONS
from orchestration.training_set.export.card import words
from orchestration.training_set.export.card.facts import Facts
from orchestration.training_set.export.card.flow import OUTCOMES
from orchestration.training_set.export.card.templating import environment, number
from orchestration.training_set.export.generation import SIDES
from orchestration.training_set.export.layout import SCANS_SCHEMA

README = "README.md"
PAIRS_SHOWN = 10  # of a label; page and card.json have more
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write_readme(folder: Path, facts: Facts) -> None:
    """Write the card for people who look into the folder, and for the hub."""
    by_label = [[row for row in facts.agreement if row.label == label.label] for label in facts.labels]
    shown = [row for rows in by_label for row in rows[:PAIRS_SHOWN]]
    metadata = yaml.safe_dump(_metadata(facts), sort_keys=False, allow_unicode=True)
    text = environment().get_template("README.md.j2").render(
        metadata=metadata,
        facts=facts,
        said=facts.said,
        words=words,
        licence=_licence(facts),
        summary=words.summary(facts),
        sides=SIDES,
        present=_present(facts),
        sides_text=words.sides_text(facts),
        collected=words.collected(facts),
        annotation_process=words.annotation_process(facts),
        columns=[(field.name, field.metadata[b"description"].decode()) for field in SCANS_SCHEMA],
        flow=list(_flow(facts)),
        captions=CAPTIONS,
        agreement=shown,
        more_agreement=len(facts.agreement) - len(shown),
    )  # fmt: skip
    (folder / README).write_text(text, encoding="utf-8")


def _metadata(facts: Facts) -> dict[str, Any]:
    """What the hub and ``load_dataset`` read."""
    said = facts.said
    stated = {"license": said.license or ("other" if said.license_name else None)}
    if stated["license"] == "other":
        stated |= {"license_name": said.license_name, "license_link": said.license_link}
    scans = facts.scans
    return {
        "pretty_name": said.title,
        **{name: value for name, value in stated.items() if value},
        "annotations_creators": ["expert-generated"],
        "size_categories": [next((name for limit, name in _SIZES if scans < limit), "n>1M")],
        "task_categories": ["object-detection", "image-classification"],
        "tags": ["medical", "mammography", *said.keywords],
        "configs": list(_configs(facts)),
    }


def _configs(facts: Facts) -> Iterator[dict[str, Any]]:
    """Sides with scans as splits. The tables are no further configs: all of a folder are read in one way, as images."""
    if splits := [{"split": side, "path": f"splits/{side}/*"} for side in _present(facts)]:
        yield {"config_name": "default", "data_files": splits}


def _present(facts: Facts) -> Sequence[str]:
    return [side for side in SIDES if facts.sides[side].scans]


def _licence(facts: Facts) -> str:
    said = facts.said
    if said.license_text is None:
        return words.NO_LICENCE
    return f"[{said.license_text}]({said.license_link})" if said.license_link else said.license_text


def _flow(facts: Facts) -> Iterator[tuple[str, Sequence[str]]]:
    """The rows of the table that has a column for all labels and one for each; empty where nothing can be counted."""
    yield "All studies", [number(flow.studies) for flow in facts.flows]
    occurring = {outcome for flow in facts.flows for outcome, count in flow.outcomes.items() if count}
    for outcome in (one for one in OUTCOMES if one in occurring):
        counts = [flow.outcomes.get(outcome) for flow in facts.flows]
        yield words.outcome_caption(outcome), ["" if count is None else number(count) for count in counts]
    yield "… and here", [number(flow.exported) for flow in facts.flows]
