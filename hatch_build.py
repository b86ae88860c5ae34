"""What the wheel holds besides the package: the dbt project, with the manifest that dbt makes of it."""

import json
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROJECT = "dbt_project"
PACKAGED = f"orchestration/transformations/{PROJECT}"
MANIFEST = "target/prepared/manifest.json"  # where orchestration.transformations.manifest looks for it


class DbtProjectHook(BuildHookInterface[Any]):
    """Pack ``dbt_project/`` and its manifest; an editable installation uses the project where it is."""

    def dependencies(self) -> list[str]:
        """The dbt that the package itself asks for."""
        metadata = tomllib.loads(Path(self.root, "pyproject.toml").read_text())["project"]
        return [requirement for requirement in metadata["dependencies"] if requirement.startswith("dbt-")]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Parse the project and say where its files go."""
        if version == "editable":
            return
        project = Path(self.root, PROJECT)
        self._target = tempfile.TemporaryDirectory(prefix="doubleread-wheel-")
        build_data["force_include"][str(_manifest(project, self._target.name))] = f"{PACKAGED}/{MANIFEST}"
        for path in sorted(project.rglob("*")):
            relative = path.relative_to(project)
            if path.is_file() and relative.parts[0] not in {"target", "logs"}:
                build_data["force_include"][str(path)] = f"{PACKAGED}/{relative.as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what dbt wrote."""
        if version != "editable":
            self._target.cleanup()


def _manifest(project: Path, target: str) -> Path:
    """Make dbt's manifest of ``project``, without the name of a database or the path of a folder of the builder's."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415  there only while a wheel is built

    os.environ["PGDATABASE"] = "postgres"
    places = ["--project-dir", str(project), "--profiles-dir", str(project)]
    result = dbtRunner().invoke(["parse", "--quiet", *places, "--target-path", target, "--log-path", target])
    if not result.success:
        raise RuntimeError(f"dbt can't parse {project}: {result.exception or result.result}")
    path = Path(target, "manifest.json")
    manifest = json.loads(path.read_bytes())
    for node in manifest["nodes"].values():
        node.pop("root_path", None)  # a seed's
    path.write_text(json.dumps(manifest))
    return path
