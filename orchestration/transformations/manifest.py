"""dbt's manifest: what the project holds, parsed beforehand, since loading Dagster's definitions starts no process.

A wheel holds the manifest that was made with it. In a clone ``make setup`` makes it, and commands that load the
definitions make it again where the project has changed since.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from orchestration.errors import DoublereadError

_PACKAGED = Path(__file__).parent / "dbt_project"
PROJECT_DIR = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2] / "dbt_project"
MANIFEST_FOLDER = Path("target", "prepared")
"""Below the project. dbt's own folder ``target`` holds what a person's last run of dbt was about."""

DBT = Path(sys.executable).parent / "dbt"
_WRITTEN_BY_DBT = ("target", "logs")


class TransformationError(DoublereadError):
    """dbt can't do what was asked for; the message repeats what it says."""


def prepare_manifest() -> Path:
    """Parse the project where its manifest is missing or older than the project. Needs no database.

    Returns:
        The path of ``manifest.json``.

    Raises:
        TransformationError: dbt can't parse the project.
    """
    folder = PROJECT_DIR / MANIFEST_FOLDER
    manifest = folder / "manifest.json"
    if PROJECT_DIR == _PACKAGED or _is_fresh(manifest):
        return manifest
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "parse.lock"):
        if not _is_fresh(manifest):
            with tempfile.TemporaryDirectory(dir=folder) as target:
                result = run_dbt(["parse", "--no-partial-parse"], Path(target), {})
                if result.returncode != 0:
                    raise TransformationError(f"dbt can't parse {PROJECT_DIR}: {said_by(result)}")
                Path(target, manifest.name).replace(manifest)
    return manifest


def load_manifest() -> dict[str, Any]:
    """The manifest as it was prepared, its relations in no database.

    Raises:
        TransformationError: it was not prepared; the message says how it is.
    """
    path = PROJECT_DIR / MANIFEST_FOLDER / "manifest.json"
    try:
        return in_database(json.loads(path.read_bytes()), None)
    except FileNotFoundError:
        raise TransformationError(f"{path} is missing; make setup makes it, and so does doubleread ui") from None


def in_database(manifest: Mapping[str, Any], database: str | None) -> dict[str, Any]:
    """The manifest with every relation in ``database``: dbt parses for one, and a manifest serves all."""
    return {**manifest, **{kind: {name: _moved(node, database) for name, node in manifest[kind].items()}
                           for kind in ("nodes", "sources")}}  # fmt: skip


def run_dbt(arguments: list[str], target: Path, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run dbt in a process of its own; it writes below ``target`` alone."""
    places: list[str | Path] = ["--project-dir", PROJECT_DIR, "--profiles-dir", PROJECT_DIR]
    places += ["--target-path", target, "--log-path", target]
    return subprocess.run(
        [DBT, *arguments, "--quiet", "--no-use-colors", *places],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def said_by(result: "subprocess.CompletedProcess[str]") -> str:
    """What dbt said when it failed."""
    return result.stdout.strip() or result.stderr.strip()


def _moved(node: Mapping[str, Any], database: str | None) -> Mapping[str, Any]:
    if not node.get("relation_name"):
        return {**node, "database": database}
    parts = (database, node["schema"], node.get("identifier") or node["alias"])
    return {**node, "database": database, "relation_name": ".".join(f'"{part}"' for part in parts if part is not None)}


def _is_fresh(manifest: Path) -> bool:
    return manifest.exists() and manifest.stat().st_mtime > _last_change()


def _last_change() -> float:
    """When a file of the project was changed, added or removed last, in seconds since the epoch."""
    changes = [PROJECT_DIR.stat().st_mtime]
    for folder, folders, files in os.walk(PROJECT_DIR):
        if Path(folder) == PROJECT_DIR:
            folders[:] = [name for name in folders if name not in _WRITTEN_BY_DBT]
        changes += [Path(folder, name).stat().st_mtime for name in (*folders, *files)]
    return max(changes)
