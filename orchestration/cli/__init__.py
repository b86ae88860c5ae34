"""The command ``doubleread``: one module per group of commands.

Exit status 0 when all was done, 1 when some items failed (each named, the rest done), 2 for wrong usage or settings.
"""

import sys

from dotenv import load_dotenv
from rich.console import Console

from orchestration.cli.app import app
from orchestration.errors import DoublereadError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; an error that a person must mend is one sentence and exit status 2."""
    load_dotenv(".env")
    try:
        app()
    except DoublereadError as error:
        Console(stderr=True, soft_wrap=True).print(f"doubleread: {error}", style="red", markup=False, highlight=False)
        sys.exit(2)
