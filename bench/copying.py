"""Fills the server's own tables with documents by COPY, as it would store them."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable
from io import StringIO
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from bench.progress import progress, say
from tmf.program import build_program
from tmf.settings import Settings
from tmf.store import schema
from tmf.store.rows import Row
from tmf.tmf630_guidelines.documents import encode

_BATCH = 2000


def copy(url: str, key: str, documents: Iterable[dict[str, Any]], count: int) -> None:
    """Store documents (with their ids) of a resource, such as `TMF638.service`, without events.

    The database is set up if it is empty.
    """
    program = build_program(Settings(database_url=url))
    schema.prepare(program.database)
    api, _, name = key.partition(".")
    resource = next(one for one in program.apis if one.name == api).resources[name]
    statements = program.database.statements_of(resource)
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection, progress(f"loading {count:,} of {key}", count) as advance:
        connection.exec_driver_sql("SET synchronous_commit = off")
        batch: list[dict[str, Any]] = []
        now = time.time_ns() // 1000
        for document in documents:
            identity = str(document.pop("id"))
            row = Row(identity, now, encode(document))
            values: dict[str, Any] = {"realm": "default", "id": identity, "created": now}
            values |= statements.values(row, document, now)
            values["tokens"] = "{" + ",".join(map(str, values["tokens"])) + "}"
            batch.append(values)
            if len(batch) == _BATCH:
                _copy(connection, statements.name, batch)
                advance(len(batch))
                batch = []
        if batch:
            _copy(connection, statements.name, batch)
        say("vacuuming")
        connection.exec_driver_sql(f"VACUUM ANALYZE {statements.name}")
    program.close()


def _copy(connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
    lines = StringIO()
    csv.writer(lines).writerows([list(row.values()) for row in rows])
    lines.seek(0)
    named = ", ".join(f'"{name}"' for name in rows[0])
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({named}) FROM STDIN (FORMAT csv)", lines)
