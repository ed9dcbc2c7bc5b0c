"""The outbox: every event, written in the transaction of its change and published from there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

from sqlalchemy import insert, text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, as_rows, bound, records, row_by_row
from tmf.store.tables import outbox
from tmf.tmf630_guidelines.documents import encode

PARTITIONS = 64
"""Work is claimed by partition. Those of a resource are one, so its events keep their order."""


class OutboxEvent(NamedTuple):
    """One event: `time` in microseconds since 1970, `body` its JSON text."""

    realm: str
    id: str
    type: str
    api: str
    resource: str
    subject: str
    time: int
    body: str

    @property
    def partition(self) -> int:
        """The partition of the resource that the event is about."""
        return partition_of(*self.about)

    @property
    def about(self) -> tuple[str, str, str]:
        """The resource that the event is about: its realm, key and id."""
        return self.realm, f"{self.api}.{self.resource}", self.subject


class Positioned(NamedTuple):
    """An event and its place in the outbox; those of one resource rise in order of its changes."""

    position: int
    event: OutboxEvent


def partition_of(realm: str, key: str, subject: str) -> int:
    """The partition of a resource, by its realm, key (`TMF622.productOrder`) and id."""
    return crc32(f"{realm}\0{key}\0{subject}".encode()) % PARTITIONS


def write(connection: Connection, events: Iterable[OutboxEvent]) -> None:
    """Add events to the outbox, in order, within the caller's transaction."""
    rows = [row_of(event) for event in events]
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(_WRITE, {"stated": encode(rows).decode()})
    else:  # where the JSON would be read again for each column
        connection.execute(insert(outbox), rows)


def row_of(event: OutboxEvent) -> dict[str, object]:
    """The outbox's columns of an event."""
    values: dict[str, object] = event._asdict()
    values["event_id"] = values.pop("id")
    values["partition"] = event.partition
    return values


_STATED = {
    "realm": "text",
    "event_id": "text",
    "type": "text",
    "api": "text",
    "resource": "text",
    "subject": "text",
    "time": "bigint",
    "partition": "integer",
    "body": "text",
}

_WRITE = text(
    f"INSERT INTO outbox ({', '.join(_STATED)}) "
    f"SELECT {', '.join(_STATED)} FROM {records('postgresql', 'stated', _STATED)}"
)

COLUMNS = "o.position, o.realm, o.event_id, o.type, o.api, o.resource, o.subject, o.time, o.body"
"""What `positioned` reads, of a table called `o`."""


def waiting(
    connection: Connection, partitions: Sequence[int], *, each: int, most: int
) -> list[Positioned]:
    """Events of those partitions that are not published yet, in order of position.

    At most `each` of a partition and `most` in all. Of every resource it is the first ones that
    wait: none of them is left out before another.
    """
    chosen = (
        "SELECT position FROM outbox WHERE published IS NULL AND partition = partitions.value "
        "ORDER BY position LIMIT :each"
    )
    parts = as_rows(connection, "partitions", "int")
    if connection.dialect.name == "postgresql":
        # An array, so that the plan does not depend on statistics of a table that ebbs and flows.
        within = (
            f"= ANY(ARRAY(SELECT w.position FROM {parts} CROSS JOIN LATERAL ({chosen}) AS w "
            "ORDER BY w.position LIMIT :most))"
        )
    else:
        within = (
            f"IN (SELECT w.position FROM {parts} JOIN outbox AS w ON w.position IN ({chosen}) "
            "ORDER BY w.position LIMIT :most)"
        )
    statement = text(
        f"SELECT {COLUMNS} FROM outbox AS o WHERE o.position {within} "
        f"AND {row_by_row('o.published IS NULL')} ORDER BY o.position"
    )
    values = {"partitions": bound(connection, partitions), "each": each, "most": most}
    return [positioned(row) for row in connection.execute(statement, values)]


def any_waiting(connection: Connection, partitions: Sequence[int]) -> bool:
    """Whether an event of those partitions is not published yet."""
    statement = text(
        f"SELECT EXISTS (SELECT 1 FROM {as_rows(connection, 'partitions', 'int')} WHERE EXISTS "
        "(SELECT 1 FROM outbox WHERE published IS NULL AND partition = partitions.value))"
    )
    found = connection.execute(statement, {"partitions": bound(connection, partitions)})
    return bool(found.scalar_one())


def positioned(row: Sequence[object]) -> Positioned:
    """A row of position, realm, event_id, type, api, resource, subject, time and body."""
    return Positioned(row[0], OutboxEvent(*row[1:9]))  # type: ignore[arg-type]


def mark_published(connection: Connection, positions: Sequence[int], now: int) -> None:
    """Note that events have been handed over."""
    here = among(connection, "position", "positions", "bigint", only="published IS NULL")
    statement = text(f"UPDATE outbox SET published = :now WHERE {here}")
    connection.execute(statement, {"positions": bound(connection, positions), "now": now})


def purge(connection: Connection, before: int, most: int) -> int:
    """Remove at most so many of the events published before a time; how many those were."""
    statement = text(
        "DELETE FROM outbox WHERE position IN (SELECT position FROM outbox "
        "WHERE published < :before ORDER BY published LIMIT :most)"
    )
    return connection.execute(statement, {"before": before, "most": most}).rowcount


def any_published(connection: Connection, before: int) -> bool:
    """Whether events are left that were published before a time."""
    statement = text("SELECT EXISTS (SELECT 1 FROM outbox WHERE published < :before)")
    return bool(connection.execute(statement, {"before": before}).scalar_one())


def backlog(connection: Connection, most: int) -> tuple[int, int | None]:
    """How many events wait, counted up to `most`, and the time of the first, if there is one."""
    counted = text(
        "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE published IS NULL LIMIT :most) AS waiting"
    )
    first = text(
        "SELECT min((SELECT time FROM outbox WHERE published IS NULL "
        "AND partition = partitions.value ORDER BY position LIMIT 1)) "
        f"FROM {as_rows(connection, 'partitions', 'int')}"
    )
    partitions = bound(connection, range(PARTITIONS))
    count = connection.execute(counted, {"most": most}).scalar_one()
    return count, connection.execute(first, {"partitions": partitions}).scalar()
