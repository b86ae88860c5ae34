"""Name functions, classes and variables that nothing uses: vulture, with the settings of pyproject.toml.

Two of vulture's kinds are left out. An attribute that is set and never read is nearly always an element of a DICOM data
set or an option of a library's object, read by that library; imports are ruff's, which also reads quoted annotations.
"""

import sys

from vulture import Vulture
from vulture.config import make_config

LEFT_OUT = {"attribute", "import"}


def main() -> int:
    """Print a line for each name; 1 when there is one."""
    config = make_config([])
    vulture = Vulture(ignore_names=config["ignore_names"], ignore_decorators=config["ignore_decorators"])
    vulture.scavenge(config["paths"], exclude=config["exclude"])
    found = [item for item in vulture.get_unused_code() if item.typ not in LEFT_OUT]
    for item in found:
        print(item.get_report())
    return bool(found or vulture.exit_code)


if __name__ == "__main__":
    sys.exit(main())
