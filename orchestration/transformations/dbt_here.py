"""dbt in this process: Dagster's definitions import most of it anyway, and a process of its own does so again.

dbt's programmatic interface stands where dagster-dbt expects a process, so that all that dagster-dbt makes of dbt's
events stays its own. dbt keeps its settings and connections in variables of its modules, so it has ended before
anything else here uses them: its events show when it has.
"""

import contextlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dbt.adapters.factory import get_adapter_by_type
from dbt.artifacts.schemas.results import RunStatus
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.nodes import ModelNode, SeedNode, SnapshotNode
from dbt_common.events.functions import msg_to_json
from dbt_common.invocation import get_invocation_id

from orchestration.transformations.manifest import PROJECT_DIR
from orchestration.transformations.project import project_variables
from orchestration.transformations.runs import ModelRun

if TYPE_CHECKING:
    from dbt.adapters.base.impl import BaseAdapter
    from dbt_common.events.base_types import EventMsg

ADAPTER = "postgres"


class DbtHere:
    """An invocation of dbt that has ended, with those parts of ``subprocess.Popen`` that dagster-dbt uses.

    ``stdout`` holds a line of JSON for each event that is meant for a person. ``adapter`` is the one that dbt used and
    leaves, with the project's macros; None where it did not get that far. dagster-dbt makes another one, for which it
    parses all macros again. ``model_run`` is what a record keeps; None where dbt came to no result.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.args = ["dbt", *arguments]
        lines: list[bytes] = []
        started_at = datetime.now(UTC)

        def keep(event: "EventMsg") -> None:
            if event.info.level != "debug":
                lines.append(msg_to_json(event).encode() + b"\n")

        with contextlib.chdir(PROJECT_DIR):  # dbt goes there and would stay
            result = dbtRunner(callbacks=[keep]).invoke(list(arguments))
        if result.exception is not None and not isinstance(result.exception, Exception):
            raise result.exception  # this process is to end
        self.adapter: BaseAdapter | None = None
        with contextlib.suppress(KeyError):
            self.adapter = get_adapter_by_type(ADAPTER)  # type: ignore[no-untyped-call]
        self.returncode = 0 if result.success else 1
        self.stdout = io.BytesIO(b"".join(lines))
        self.model_run: ModelRun | None = None
        if isinstance(result.result, RunExecutionResult):
            self.model_run = ModelRun(
                get_invocation_id(),
                bool(result.success),
                started_at,
                datetime.now(UTC),
                [
                    (one.node.schema, one.node.alias)
                    for one in result.result.results
                    if isinstance(one.node, ModelNode | SeedNode | SnapshotNode) and one.status == RunStatus.Success
                ],
                project_variables(),
            )

    def wait(self, timeout: float | None = None) -> int:  # noqa: ARG002
        """Its exit status, 0 where all went well."""
        return self.returncode
