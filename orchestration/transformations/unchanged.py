"""Whether a run of dbt would find what the last one found and leave what it left.

A fingerprint of a table follows from its columns and from the transactions that wrote its rows: PostgreSQL keeps with
each row the transaction that inserted this version of it (``xmin``, "System Columns" in its documentation), so that an
insert, an update, a deletion and a table that was made anew all show, at a hundredth of the cost of comparing values.
Views and foreign tables have no such number; they count by their definition and by the text of their rows.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from graphlib import TopologicalSorter
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from orchestration.database import Database
from orchestration.transformations.manifest import MANIFEST_FOLDER, PROJECT_DIR

_RELATIONS = """
    select named.name, class.relkind::text, class.oid::text,
        case when class.relkind in ('v', 'm') then pg_get_viewdef(class.oid) end,
        (
            select string_agg(format('%%s %%s', attname, format_type(atttypid, atttypmod)), ',' order by attnum)
            from pg_attribute
            where attrelid = class.oid and attnum > 0 and not attisdropped
        )
    from unnest(%s::text[]) as named (name)
    inner join pg_class as class on class.oid = to_regclass(named.name)
    order by named.name
"""
# The numbers are hashed: two rows that a transaction of long changes may get the number that is between theirs, and the
# sum stays. With each goes the table or partition that holds the row, since another may be of the same transaction.
_BY_TRANSACTION = "select count(*), sum(hashint8extended(xmin::text::bigint, tableoid::bigint)) from {} as r"
_BY_VALUE = "select count(*), sum(hashtextextended((r.*)::text, 0)) from {} as r"
_KEEP_TRANSACTIONS = ("r", "p", "m")  # tables, partitioned tables, materialized views


@dataclass(frozen=True)
class ModelsToBuild:
    """Nodes of the project that one run of dbt builds: models, seeds and snapshots, and what it tests them against.

    Attributes:
        name: of the set, unique among those of the project.
        nodes: their names, each after those that it reads.
        reads: the tables and views of others that they and the run's tests read, as SQL names them.
        makes: their own tables and views.
        tests: the names of the tests that the run makes; it may make tests alone.
    """

    name: str
    nodes: tuple[str, ...]
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    tests: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Mapping[str, Any], name: str, chosen: Iterable[str], tests: Iterable[str]) -> "ModelsToBuild":
        """The set of the nodes and tests of these names, by a manifest whose relations are in the database."""
        names, tested = set(chosen), set(tests)
        nodes = {
            key: node
            for key, node in manifest["nodes"].items()
            if node["resource_type"] in {"model", "seed", "snapshot"} and node["name"] in names
        }
        above = {key: node.get("depends_on", {}).get("nodes", []) for key, node in nodes.items()}
        by_tests = [
            node["depends_on"]["nodes"]
            for node in manifest["nodes"].values()
            if node["resource_type"] == "test" and node["name"] in tested
        ]
        others = {other for keys in (*above.values(), *by_tests) for other in keys} - set(nodes)
        read = [manifest["sources"].get(other) or manifest["nodes"][other] for other in others]
        order = [key for key in TopologicalSorter(above).static_order() if key in nodes]
        return cls(
            name,
            tuple(nodes[key]["name"] for key in order),
            tuple(sorted(node["relation_name"] for node in read if node["relation_name"])),
            tuple(sorted(node["relation_name"] for node in nodes.values() if node["relation_name"])),
            tuple(sorted(tested)),
        )


def fingerprint_of_reads(database: Database, models: ModelsToBuild) -> str:
    """Changes when the project, dbt's settings, the choice of models and tests or a row of what they read does."""
    # Each option of dbt is a variable as well: DBT_RESOURCE_TYPES=test, for one, makes no model.
    options = sorted(item for item in os.environ.items() if item[0].startswith("DBT_"))
    digest = hashlib.sha256(json.dumps([models.nodes, models.reads, models.makes, models.tests, options]).encode())
    # Of the variables, the manifest has the names and dbt_project.yml the values.
    for path in (f"{MANIFEST_FOLDER}/manifest.json", "dbt_project.yml", "profiles.yml"):
        digest.update((PROJECT_DIR / path).read_bytes())
    with database.connect() as connection:
        digest.update(_fingerprint(connection, models.reads, of_others=True).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class RanTest:
    """What became of a test of the project: it passed, or it found rows, of which some only warn.

    ``asset`` is the path of the key under which Dagster has what is tested.
    """

    asset: list[str]
    name: str
    passed: bool
    is_warning: bool


@dataclass(frozen=True)
class LastRun:
    """A run that ended well, and its tests."""

    run_id: str
    tests: tuple[RanTest, ...]


def last_run_if_unchanged(database: Database, models: ModelsToBuild, read: str) -> LastRun | None:
    """The run that built the models from the same, if all that it made is still as it left it.

    Args:
        database: where the models are.
        models: what is to be built.
        read: ``fingerprint_of_reads`` of now.
    """
    with database.tables("models") as connection:
        query = """
            select made_fingerprint, run_id, tests from doubleread.model_runs
            where models = %s and read_fingerprint = %s
            order by ended_at desc limit 1
        """
        found = connection.execute(query, [models.name, read]).fetchone()
        if found is None or found[0] != _fingerprint(connection, models.makes):
            return None
        return LastRun(found[1], tuple(RanTest(*test) for test in found[2]))


def complete_record(
    database: Database, invocation_id: str, models: ModelsToBuild, read: str, tests: Iterable[RanTest]
) -> None:
    """Add to the record of a run that ended well what the next one compares it with; no record, nothing is added.

    Args:
        database: where it built the models.
        invocation_id: dbt's id of the run.
        models: what it built.
        read: ``fingerprint_of_reads`` from before it began: what came since makes the next run build again.
        tests: what became of them.
    """
    ran = Jsonb([astuple(test) for test in tests])
    with database.tables("models") as connection:
        connection.execute(
            """
            update doubleread.model_runs set models = %s, read_fingerprint = %s, made_fingerprint = %s, tests = %s
            where invocation_id = %s
            """,
            [models.name, read, _fingerprint(connection, models.makes), ran, invocation_id],
        )


def _fingerprint(connection: psycopg.Connection, relations: Iterable[str], *, of_others: bool = False) -> str:
    """Of all of them; one that is missing changes it as well. Of our own views the definition says enough."""
    digest = hashlib.sha256()
    connection.execute("set local timezone to 'UTC'")  # in which the times of definitions and of rows are shown
    for name, kind, *description in connection.execute(_RELATIONS, [list(relations)]).fetchall():
        rows = None
        if kind in _KEEP_TRANSACTIONS or of_others:
            query = _BY_TRANSACTION if kind in _KEEP_TRANSACTIONS else _BY_VALUE
            rows = connection.execute(sql.SQL(query).format(sql.SQL(name))).fetchone()  # dbt has quoted the name
        digest.update(json.dumps([name, kind, description, rows], default=str).encode())
    return digest.hexdigest()
