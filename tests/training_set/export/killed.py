"""Exports that are killed at one call of the system after the other; prints what was left each time, as JSON.

A process of its own, since it is forked for each export: whatever opens, renames, links or removes something in the
destination is an audit event, and the process kills itself at the n-th.
"""

import hashlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from orchestration.database import Database
from orchestration.settings import load_settings
from orchestration.stores import open_place
from orchestration.training_set.export.exporting import export
from orchestration.training_set.export.generation import current_id, read_generation
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.splits import Rule
from orchestration.workers import thread_workers

EVENTS = {"open", "os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir"}


@dataclass(frozen=True)
class Work:
    """What is exported, and where to."""

    database: dict[str, str]
    store: str
    scans: str
    destination: str

    def export(self) -> None:
        settings = load_settings()
        with thread_workers(1) as workers:
            export(
                Database(self.database),
                open_place(self.destination, settings, create=True),
                options=ExportOptions(webdataset=True),
                rule=Rule("salt", (0.5, 0.25, 0.25)),
                store=open_place(self.store, settings),
                scans_folder=Path(self.scans),
                workers=workers,
                run_id="run",
            )

    def export_until(self, number: int) -> bool:
        """Export in a process that is killed at the event of this number; whether it was."""
        child = os.fork()
        if child == 0:
            try:
                die_at(number, self.destination)
                self.export()
            finally:
                os._exit(0)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    def seen(self) -> str | None:
        """The id of the current generation, once every file of it was compared with its manifest."""
        place = open_place(self.destination, load_settings(), create=True)
        if current_id(place) is None:
            return None
        generation = read_generation(place)
        folder = Path(self.destination) / "current"
        for file in generation.files:
            assert hashlib.sha256((folder / file.path).read_bytes()).hexdigest() == file.sha256, file.path
        assert all((folder / link).exists() for link in generation.links)
        return generation.id


def die_at(number: int, folder: str) -> None:
    """Let this process kill itself at the n-th event below a folder."""
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in EVENTS and any(str(argument).startswith(folder) for argument in arguments[:2]):
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def main() -> None:
    """Kill an export at every 17th event, until one comes to its end."""
    work = Work(**json.loads(sys.argv[1]))
    before = work.seen()
    left, number = [], 1
    while work.export_until(number):
        left.append(work.seen())
        number += 17
    print(json.dumps({"before": before, "left": left, "after": work.seen()}))


if __name__ == "__main__":
    main()
