"""Lists as one bind parameter: an array on PostgreSQL, JSON on SQLite.

A statement stays the same however many values it is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy.engine import Connection


def bound(connection: Connection, values: Sequence[object]) -> object:
    """The value to bind for a list."""
    if connection.dialect.name == "postgresql":
        return list(values)
    return json.dumps(list(values))


def among(connection: Connection, column: str, name: str, kind: str) -> str:
    """SQL: whether the column is one of the list bound to `name`; `kind` is its SQL type."""
    if connection.dialect.name == "postgresql":
        return f"{column} = ANY(CAST(:{name} AS {kind}[]))"
    return f"{column} IN (SELECT value FROM json_each(:{name}))"


def as_rows(connection: Connection, name: str, kind: str) -> str:
    """SQL: the list bound to `name` as a table of that name, in order, with a column `value`."""
    if connection.dialect.name == "postgresql":
        return f"unnest(CAST(:{name} AS {kind}[])) AS {name}(value)"
    return f"json_each(:{name}) AS {name}"


def records(dialect: str, name: str, columns: Mapping[str, str]) -> str:
    """SQL: the JSON list of objects bound to `name` as a table of that name.

    `columns` gives the type of each of the objects' attributes.
    """
    if dialect == "postgresql":
        typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        return f"json_to_recordset(CAST(:{name} AS json)) AS {name}({typed})"
    read = ", ".join(f"json_extract(value, '$.{column}') AS {column}" for column in columns)
    return f"(SELECT {read} FROM json_each(:{name})) AS {name}"
