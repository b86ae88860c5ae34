"""The record of a run of dbt: which run made a table of the models, with which code and which variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from psycopg.types.json import Jsonb

from orchestration.code_version import code_version
from orchestration.database import Database


@dataclass(frozen=True)
class ModelRun:
    """A run of dbt that has ended.

    Attributes:
        invocation_id: dbt's id of the run.
        succeeded: whether every model was built and every test passed.
        started_at: when it started.
        ended_at: when it ended.
        made: schema and name of each table and view that it made.
        variables: what the project's variables were.
    """

    invocation_id: str
    succeeded: bool
    started_at: datetime
    ended_at: datetime
    made: Sequence[tuple[str, str]]
    variables: Mapping[str, Any]


def record_model_run(database: Database, run: ModelRun, run_id: str) -> None:
    """Write a run into ``doubleread.model_runs``.

    Each table is kept with its OID: dbt makes a table anew in every run, so the OID tells whether another dbt made it
    since.

    Args:
        database: where the run made its tables.
        run: what is known of it.
        run_id: the run of Dagster's that it belongs to.

    Raises:
        DatabaseError: the database does not answer.
        SchemaError: the user may not keep records there.
    """
    schemas, names = [schema for schema, _ in run.made], [name for _, name in run.made]
    with database.tables("models") as connection:
        connection.execute(
            """
            insert into doubleread.model_runs (
                invocation_id, run_id, status, started_at, ended_at, relations, code_version, dbt_version, variables
            )
            select
                %s, %s, %s, %s, %s,
                coalesce(jsonb_object_agg(made.schema || '.' || made.name, class.oid::bigint), '{}'),
                %s, %s, %s
            from unnest(%s::text[], %s::text[]) as made (schema, name)
            inner join pg_namespace as namespace on namespace.nspname = made.schema
            inner join pg_class as class on class.relnamespace = namespace.oid and class.relname = made.name
            on conflict (invocation_id) do nothing
            """,
            [
                run.invocation_id,
                run_id,
                "succeeded" if run.succeeded else "failed",
                run.started_at,
                run.ended_at,
                code_version(),
                version("dbt-core"),
                Jsonb(dict(run.variables)),
                schemas,
                names,
            ],
        )
