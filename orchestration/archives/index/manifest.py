"""The one object that says which files make up an index; replacing it is what makes a change visible."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Self

from orchestration.archives.index.runs import Run, RunFile
from orchestration.archives.index.tables import TABLES

NAME = "index.json"
FORM = 2  # of the manifest and of the tables


@dataclass(frozen=True)
class Manifest:
    """The state of an index.

    ``runs`` are those of each table, oldest first. ``dropped`` are archives that were replaced or are gone, with the
    number of their members, while rows of theirs are still in the runs. ``next_archive`` is the id that comes next.
    """

    runs: Mapping[str, tuple[Run, ...]] = field(default_factory=lambda: {form.name: () for form in TABLES})
    dropped: Mapping[int, int] = field(default_factory=dict)
    next_archive: int = 1

    @property
    def files(self) -> set[str]:
        """The names of all files."""
        return {file.name for runs in self.runs.values() for run in runs for file in run.files}

    def with_runs(self, table: str, runs: Iterable[Run]) -> Self:
        """The same with other runs for a table; empty ones are left out."""
        return replace(self, runs={**self.runs, table: tuple(run for run in runs if run.files)})

    def to_json(self) -> bytes:
        """The manifest as it is stored."""
        content = {
            "form": FORM,
            "next_archive": self.next_archive,
            "dropped": {str(archive): members for archive, members in self.dropped.items()},
            "runs": {name: [[asdict(file) for file in run.files] for run in runs] for name, runs in self.runs.items()},
        }
        return json.dumps(content, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """The manifest that was stored.

        Raises:
            ValueError: it is not of this form.
        """
        content = json.loads(data)
        if not isinstance(content, dict) or content.get("form") != FORM:
            raise ValueError(f"it is no index of form {FORM}")
        runs = content["runs"]
        return cls(
            {
                form.name: tuple(Run(tuple(RunFile(**file) for file in run)) for run in runs[form.name])
                for form in TABLES
            },
            {int(archive): members for archive, members in content["dropped"].items()},
            content["next_archive"],
        )
