"""Inventories: elements with lines on them, each with an access on it, copied into a database."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator
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

LINES = 100
"""Lines of an element; with the accesses on them, twice as many services."""

BIG = 5000
"""Lines of the one element that is meant to hurt 10,000 services."""

_BATCH = 2000
_STARTED = "2026-01-01T00:00:00Z"


def elements_of(services: int) -> int:
    """How many elements an inventory of so many services has."""
    return services // (2 * LINES)


def element(number: int) -> str:
    """The id of an element, as alarms name it."""
    return f"element-{number}"


def line(number: int, place: int) -> str:
    """The id of a line."""
    return f"line-{number}-{place}"


def access(number: int, place: int) -> str:
    """The id of the access on a line."""
    return f"access-{number}-{place}"


def services(elements: Iterable[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """The services on elements, each given by its number and how many lines it has."""
    for number, lines in elements:
        for place in range(lines):
            owner = {
                "id": f"party-{number}-{place}",
                "name": f"Party {number}/{place}",
                "role": "customer",
                "@referredType": "Individual",
            }
            common = {
                "state": "active",
                "startDate": _STARTED,
                "serviceSpecification": {"id": "line", "name": "Line"},
                "relatedParty": [owner],
                "@type": "Service",
            }
            resource = {"id": element(number), "@referredType": "Resource"}
            yield {
                "id": line(number, place),
                "name": f"Line {place} of {number}",
                "category": "RFS",
                **common,
                "supportingResource": [resource],
            }
            yield {
                "id": access(number, place),
                "name": f"Access {place} of {number}",
                "category": "CFS",
                **common,
                "supportingService": [{"id": line(number, place)}],
            }


def fill(url: str, count: int, *, big: bool = False) -> None:
    """Set a database up with so many services, and 10,000 more on a `big` element."""
    program = build_program(Settings(database_url=url))
    schema.prepare(program.database)
    api = next(api for api in program.apis if api.name == "TMF638")
    statements = program.database.statements_of(api.resources["service"])
    elements = [(number, LINES) for number in range(elements_of(count))]
    if big:
        elements.append((len(elements), BIG))
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection, progress(f"loading {count:,} services", count) as advance:
        connection.exec_driver_sql("SET synchronous_commit = off")
        batch: list[list[Any]] = []
        columns: list[str] = []
        now = time.time_ns() // 1000
        for document in services(elements):
            identity = str(document.pop("id"))
            row = Row(identity, now, encode(document))
            values: dict[str, Any] = {"realm": "default", "id": identity, "created": now}
            values |= statements.values(row, document, now)
            values["tokens"] = "{" + ",".join(map(str, values["tokens"])) + "}"
            columns = list(values)
            batch.append(list(values.values()))
            if len(batch) == _BATCH:
                _copy(connection, statements.name, columns, batch)
                advance(len(batch))
                batch = []
        if batch:
            _copy(connection, statements.name, columns, batch)
        say("vacuuming")
        connection.exec_driver_sql(f"VACUUM ANALYZE {statements.name}")
    program.close()


def _copy(connection: Any, table: str, columns: list[str], rows: list[list[Any]]) -> None:
    lines = StringIO()
    csv.writer(lines).writerows(rows)
    lines.seek(0)
    named = ", ".join(f'"{name}"' for name in columns)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({named}) FROM STDIN (FORMAT csv)", lines)
