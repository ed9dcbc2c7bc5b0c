"""The indexes of a table that has rows: made while others read and write."""

from __future__ import annotations

from sqlalchemy import Connection, Index, Table, inspect, text
from sqlalchemy.schema import CreateIndex

from tmf.store.database import Database

_FOUND = text(
    "SELECT c.relname, i.indisvalid FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid "
    "WHERE i.indrelid = CAST(:table AS regclass)"
)


def make_indexes(database: Database, table: Table) -> None:
    """Make those indexes of the table that the database lacks."""
    if database.engine.dialect.name == "postgresql":
        # `CONCURRENTLY`, which holds up no writer, cannot stand in a transaction.
        engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            _make_concurrently(connection, table)
        return
    with database.engine.connect() as opened:
        connection = opened.execution_options(tmf_write=True)
        with connection.begin():
            found = {index["name"] for index in inspect(connection).get_indexes(table.name)}
            for index in _without(table, found):
                connection.execute(CreateIndex(index))


def _make_concurrently(connection: Connection, table: Table) -> None:
    found = connection.execute(_FOUND, {"table": table.name})
    valid: dict[str | None, bool] = dict(tuple(row) for row in found)
    for index in _without(table, {name for name, is_valid in valid.items() if is_valid}):
        if index.name in valid:  # what a run that was killed has left
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {index.name}")
        create = str(CreateIndex(index).compile(dialect=connection.dialect))
        connection.exec_driver_sql(create.replace(" INDEX ", " INDEX CONCURRENTLY ", 1))


def _without(table: Table, names: set[str | None]) -> list[Index]:
    """The table's indexes that have other names than these."""
    return [index for index in table.indexes if index.name not in names]
