"""The lists that the dbt project keeps as seeds, for the rest of the package."""

import csv

from orchestration.transformations.manifest import PROJECT_DIR


def seed_reasons(name: str) -> tuple[str, ...]:
    """The reasons of the seed ``name``, such as ``rejection_reasons``, in the order of the file."""
    return tuple(seed_descriptions(name))


def seed_descriptions(name: str) -> dict[str, str]:
    """What each reason of the seed ``name`` means, in the order of the file."""
    (file,) = (PROJECT_DIR / "seeds").rglob(f"{name}.csv")
    with file.open(newline="", encoding="utf-8") as lines:
        return {row["reason"]: row["description"] for row in csv.DictReader(lines)}
