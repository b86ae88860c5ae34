"""Marts made from their contracts in the dbt project, for those who fill one without running dbt."""

from collections.abc import Iterator
from typing import Any

import psycopg
import yaml

from orchestration.transformations import PROJECT_DIR


def make_mart(connection: psycopg.Connection, name: str) -> None:
    """Create the empty mart ``name`` with the columns, keys and checks of its contract; foreign keys are left out."""
    connection.execute("create schema if not exists marts")
    connection.execute(f"create table marts.{name} ({', '.join(_definitions(_contract(name)))})".encode())


def make_export_tables(connection: psycopg.Connection) -> None:
    """Create, empty, what an export reads beside ``double_matched_findings``; of two models the one column it reads."""
    for mart in ("trainable_scans", "rejected_findings", "reader_agreement"):
        make_mart(connection, mart)
    connection.execute("create schema if not exists intermediate")
    for model in ("int_scans", "int_readings"):
        connection.execute(f"create table intermediate.{model} (study_id text)".encode())


def _contract(name: str) -> dict[str, Any]:
    files = (PROJECT_DIR / "models" / "marts").rglob("*_marts.yml")
    (contract,) = [
        model for file in files for model in yaml.safe_load(file.read_text())["models"] if model["name"] == name
    ]
    return contract


def _definitions(contract: dict[str, Any]) -> Iterator[str]:
    for column in contract["columns"]:
        constraints = [_clause(constraint) for constraint in _own(column)]
        yield " ".join([column["name"], column["data_type"], *constraints])
    for constraint in _own(contract):
        yield _clause(constraint)


def _own(described: dict[str, Any]) -> list[dict[str, Any]]:
    """Constraints that speak of no other table."""
    return [constraint for constraint in described.get("constraints", []) if constraint["type"] != "foreign_key"]


def _clause(constraint: dict[str, Any]) -> str:
    kind = constraint["type"].replace("_", " ")
    match kind:
        case "not null":
            return kind
        case "primary key" | "unique":
            return f"{kind} ({', '.join(constraint['columns'])})" if "columns" in constraint else kind
        case "check":
            return f"{kind} ({constraint['expression']})"
    raise ValueError(f"a mart that is filled by hand has no {kind}")
