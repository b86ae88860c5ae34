"""The command ``doubleread``: one module per group of commands.

Exit status 0 when all was done, 1 when some items failed (each named, the rest done), 2 for wrong usage or settings.
"""

import gc
import sys

from dotenv import load_dotenv
from rich.console import Console

from orchestration.cli.app import app
from orchestration.errors import DoublereadError

__all__ = ["app", "main"]

# Dagster, dbt and their definitions are 300,000 objects that live as long as the command. Python's usual thresholds
# (700, 10, 10) look through all of them again and again: 0.8 of 6.1 s of a build with nothing changed.
COLLECT_AFTER = (700, 20, 100)


def main() -> None:
    """Run the command line; an error that a person must mend is one sentence and exit status 2."""
    load_dotenv(".env")
    gc.set_threshold(*COLLECT_AFTER)
    try:
        app()
    except DoublereadError as error:
        Console(stderr=True, soft_wrap=True).print(f"doubleread: {error}", style="red", markup=False, highlight=False)
        sys.exit(2)
