"""Run the benchmarks named on the command line, or all of them."""

import argparse
import importlib
from pathlib import Path

from benchmarks.report import Row, write

NAMES = [
    *("drawing", "codecs", "mart", "versions", "flow", "page", "exports", "verifying", "text", "why", "cases"),
    *("archives", "volumes", "inference", "measurements", "inspection", "service"),
]


def main() -> None:
    """Print a table and write the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; all unless given")
    parser.add_argument(
        "--json", type=Path, default=Path("benchmarks/results/latest.json"), help="where the figures go"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    for name in arguments.names or NAMES:
        rows += importlib.import_module(f"benchmarks.{name}").run()
    write(rows, arguments.json)


if __name__ == "__main__":
    main()
