"""The annotation database: connect to it, start it where there is none, check and load it, lock it.

Entry points: :func:`open_database` (a :class:`Database` from the settings), :func:`check_raw_tables`,
:func:`load_raw_tables`, :func:`exclusive`. The tables of the program's own are described in ``schema/`` and made by
:meth:`Database.tables`.
"""

from orchestration.database.connection import Database, DatabaseError, open_database
from orchestration.database.locks import exclusive
from orchestration.database.raw_tables import RawTable, RawTableError, check_raw_tables, load_raw_tables, raw_tables
from orchestration.database.schema import SchemaError, Tables

__all__ = [
    "Database",
    "DatabaseError",
    "RawTable",
    "RawTableError",
    "SchemaError",
    "Tables",
    "check_raw_tables",
    "exclusive",
    "load_raw_tables",
    "open_database",
    "raw_tables",
]
