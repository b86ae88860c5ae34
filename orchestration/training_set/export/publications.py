"""The table ``doubleread.versions``: what each publication of a generation was made with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from orchestration.database import Database
from orchestration.training_set.export.images import CLEANING_VERSION
from orchestration.training_set.export.selection import ExportOptions, Source
from orchestration.training_set.export.splits import Rule
from orchestration.transformations import project_variables

NO_MOMENT = (
    "the moment of its readings is not known: its models were not made by doubleread build, or by one that did not get "
    "to the last of them"
)

_INSERT = """
    insert into doubleread.versions (
        destination, generation, run_id, as_of, project_variables, store_url, export_options, split_salt, split_ratios,
        left_out, cleaning_version, doubleread
    )
    select
        %(destination)s, %(generation)s, %(run_id)s, %(as_of)s, %(project_variables)s, %(store_url)s,
        %(export_options)s, %(split_salt)s, %(split_ratios)s, %(left_out)s, %(cleaning_version)s, %(doubleread)s
    where %(changed)s or not exists (
        select from doubleread.versions
        where destination = %(destination)s and generation = %(generation)s
            and (as_of is not null or %(as_of)s::timestamptz is null)
    )
    on conflict (destination, generation, run_id) do nothing
"""


@dataclass(frozen=True)
class State:
    """The state of the readings that the models show.

    Attributes:
        as_of: the latest change of the raw tables that it knows; None where the models read the raw tables themselves,
            as a dbt that a person starts does.
        project_variables: the variables of the dbt project that decide what the marts hold.
    """

    as_of: datetime | None
    project_variables: Mapping[str, Any]

    @property
    def variables(self) -> Mapping[str, Any]:
        """All variables of the project: those that the marts were made with as far as that is known, else today's."""
        return {**project_variables(), **self.project_variables}


@dataclass(frozen=True)
class Publishing:
    """A publication and what it was made with besides the marts; ``left_out`` are scans that had no image."""

    destination: str
    generation: str
    run_id: str
    store_url: str
    options: ExportOptions
    rule: Rule
    left_out: Sequence[str]


@dataclass(frozen=True)
class VersionRecord:
    """A row of ``doubleread.versions``."""

    destination: str
    generation: str
    run_id: str
    published_at: datetime
    as_of: datetime | None
    project_variables: dict[str, Any]
    store_url: str
    export_options: dict[str, Any]
    split_salt: str
    split_ratios: list[float]
    left_out: list[str]
    cleaning_version: int
    doubleread: str

    @property
    def options(self) -> ExportOptions:
        """What the export was told to hold."""
        return ExportOptions.from_record(self.export_options)

    @property
    def rule(self) -> Rule:
        """How sides were told apart."""
        train, validation, test = self.split_ratios
        return Rule(self.split_salt, (train, validation, test))


def read_state(connection: psycopg.Connection, source: Source) -> State:
    """The state of the readings that the marts show.

    It is not known where an older program made them, or where a run of dbt ended between the first model and the last,
    so that some of them show one state and some another.
    """
    first, last = source.schema("staging"), source.schema("marts")
    parts = (first.as_string(connection), last.as_string(connection))
    made = connection.execute(
        "select to_regclass(%s || '.readings_state') is not null and to_regclass(%s || '.mart_state') is not null",
        parts,
    ).fetchone()
    if made != (True,):
        return State(None, {})
    query = sql.SQL(
        "select last.as_of, last.project_variables from {}.readings_state as first inner join {}.mart_state as last "
        "on first.as_of = last.as_of and first.project_variables = last.project_variables"
    ).format(first, last)
    row = connection.execute(query).fetchone()
    return State(*row) if row else State(None, {})


def record_publication(connection: psycopg.Connection, publishing: Publishing, state: State, *, changed: bool) -> None:
    """Keep what a generation was made with, unless it is the current one already and this is known of it."""
    connection.execute(
        _INSERT,
        {
            "destination": publishing.destination,
            "generation": publishing.generation,
            "run_id": publishing.run_id,
            "as_of": state.as_of,
            "project_variables": Jsonb(state.project_variables),
            "store_url": publishing.store_url,
            "export_options": Jsonb(publishing.options.as_record()),
            "split_salt": publishing.rule.salt,
            "split_ratios": list(publishing.rule.ratios),
            "left_out": sorted(publishing.left_out),
            "cleaning_version": CLEANING_VERSION,
            "doubleread": version("doubleread"),
            "changed": changed,
        },
    )
    connection.commit()


def version_records(database: Database, generations: Iterable[str]) -> list[VersionRecord]:
    """What is known of some generations, at whatever place they were published, the first publication first."""
    with (
        database.tables("training_set") as connection,
        connection.cursor(row_factory=class_row(VersionRecord)) as cursor,
    ):
        query = "select * from doubleread.versions where generation = any(%s) order by published_at, run_id"
        return cursor.execute(query, [list(generations)]).fetchall()
