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


def among(
    connection: Connection, column: str, name: str, kind: str, *, only: str | None = None
) -> str:
    """SQL: whether the column is one of the list bound to `name`; `kind` is its SQL type.

    And of these rows, those `only` for which a condition is true. It is looked at in each of them:
    PostgreSQL would rather read the whole of an index of all rows for which it is true.
    """
    if connection.dialect.name == "postgresql":
        chosen = f"{column} = ANY(CAST(:{name} AS {kind}[]))"
    else:
        chosen = f"{column} IN (SELECT value FROM json_each(:{name}))"
    return chosen if only is None else f"{chosen} AND {row_by_row(only)}"


def row_by_row(condition: str) -> str:
    """SQL: a condition that no index is used for."""
    return f"CASE WHEN {condition} THEN TRUE END"


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
