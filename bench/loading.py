"""Fills layouts with a catalogue by COPY."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from bench.documents import Catalogue, Document
from bench.layouts import Layout
from bench.progress import progress, say

_BATCH = 1000

# Memory and threads are for building indexes; 1 GB of dirty buffers is written by checkpoints.
_SESSION = ("SET maintenance_work_mem = '512MB'", "SET synchronous_commit = off")

_OWN_TABLES = """
    SELECT format('ALTER TABLE %I.%I SET (autovacuum_enabled = off)', schemaname, tablename)
    FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


def load(url: str, catalogue: Catalogue, layouts: Sequence[Layout]) -> None:
    """Create the layouts' tables in a database and fill them."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in _SESSION:
            connection.exec_driver_sql(statement)
        for layout in layouts:
            layout.create(connection)
        _copy_all(connection, catalogue, layouts)
        for layout in layouts:
            say(f"indexing {layout.table}")
            layout.index(connection)
        # A vacuum in the middle of one service's turn would be charged to it alone.
        for statement in connection.execute(text(_OWN_TABLES)).scalars().all():
            connection.exec_driver_sql(statement)
        say("vacuuming")
        connection.exec_driver_sql("VACUUM ANALYZE")


def tidy(url: str, catalogue: Catalogue, layouts: Sequence[Layout]) -> None:
    """Remove what has been posted since the layouts were loaded: its ids are of a later time."""
    say("tidying up")
    last = catalogue.identity(catalogue.count - 1)
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for layout in layouts:
            delete = f"DELETE FROM {layout.table} WHERE id > %s"  # noqa: S608 (our own table)
            connection.exec_driver_sql(delete, (last,))
            connection.exec_driver_sql(f"TRUNCATE {layout.events}")
        connection.exec_driver_sql("VACUUM ANALYZE")


def _copy_all(connection: Connection, catalogue: Catalogue, layouts: Sequence[Layout]) -> None:
    with progress(f"loading {catalogue.count:,} offerings", catalogue.count) as advance:
        for start in range(0, catalogue.count, _BATCH):
            numbers = range(start, min(start + _BATCH, catalogue.count))
            documents = [catalogue.offering(number) for number in numbers]
            for layout in layouts:
                _copy(connection, layout, documents)
            advance(len(numbers))


def _copy(connection: Connection, layout: Layout, documents: Iterable[Document]) -> None:
    lines = StringIO()
    writer = csv.writer(lines)
    writer.writerows([_field(value) for value in layout.row(document)] for document in documents)
    lines.seek(0)
    columns = ", ".join(f'"{name}"' for name in layout.columns)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        cursor.copy_expert(f"COPY {layout.table} ({columns}) FROM STDIN (FORMAT csv)", lines)


def _field(value: Any) -> Any:
    return "{" + ",".join(map(str, value)) + "}" if isinstance(value, list) else value
