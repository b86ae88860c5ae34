"""Which code this is: the package's version and, where it can be known, the commit of its repository."""

import json
import os
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

SECONDS = 10  # git answers in hundredths; a repository on a share that hangs must not stop a build
TRACKED = ("orchestration", "dbt_project")  # what takes part in a result


@cache
def code_version() -> str:
    """Such as ``0.1.0``, ``0.1.0, commit 52ae84b…`` or ``0.1.0, commit 52ae84b… with changes``.

    The commit follows from what the installation itself records (``direct_url.json``, PEP 610): of a package installed
    from git the commit that was installed, of an editable one the commit that is checked out in its folder, and whether
    files differ from it. A wheel says nothing of a commit, and a repository that merely lies around it is not asked.
    """
    try:
        installed = distribution("doubleread")
    except PackageNotFoundError:
        return "not installed"
    commit = commit_of(installed.read_text("direct_url.json"))
    return f"{installed.version}, commit {commit}" if commit else installed.version


def commit_of(direct_url: str | None) -> str | None:
    """The commit that an installation's ``direct_url.json`` leads to; None where it leads to none."""
    if not direct_url:
        return None
    origin = json.loads(direct_url)
    if "vcs_info" in origin:
        return str(origin["vcs_info"]["commit_id"])
    if not origin.get("dir_info", {}).get("editable"):
        return None
    folder = Path(unquote(urlsplit(origin["url"]).path))
    if not (folder / ".git").exists():
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--", *TRACKED) if commit else None
    return f"{commit} with changes" if commit and changes else commit


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where it is not installed or refuses."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        result = subprocess.run(
            ["git", "-C", folder, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=environment | {"GIT_OPTIONAL_LOCKS": "0"},
            timeout=SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
