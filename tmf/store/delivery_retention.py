"""Purging deliveries, their attempts and their events, at most so many rows at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, bound


def purge_ended(connection: Connection, before: int, most: int) -> int:
    """Deliveries that were delivered or parked before then."""
    return _purge(connection, "ended IS NOT NULL AND ended < :before", before, most)


def purge_disabled(connection: Connection, before: int, most: int) -> int:
    """What still waits for listeners that were disabled before then."""
    condition = "ended IS NULL AND hub IN (SELECT id FROM hub WHERE disabled < :before)"
    return _purge(connection, condition, before, most)


def purge_forgotten(connection: Connection, most: int) -> int:
    """Deliveries to listeners that are no more, and then what was the last number of each."""
    orphans = text(
        "SELECT hub FROM hub_sequence WHERE NOT EXISTS (SELECT 1 FROM hub "
        "WHERE hub.realm = hub_sequence.realm AND hub.id = hub_sequence.hub)"
    )
    removed = 0
    for hub in connection.execute(orphans).scalars().all():
        ids = text("SELECT id FROM delivery WHERE hub = :hub ORDER BY sequence LIMIT :most")
        found = connection.execute(ids, {"hub": hub, "most": most - removed}).scalars().all()
        _remove(connection, found)
        removed += len(found)
        if removed == most:
            return removed
        connection.execute(text("DELETE FROM hub_sequence WHERE hub = :hub"), {"hub": hub})
    return removed


def purge_events(connection: Connection, before: int, most: int) -> int:
    """Events from before then that no delivery needs any more."""
    statement = text(
        "DELETE FROM hub_event WHERE id IN (SELECT id FROM hub_event WHERE time < :before "
        "AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event = hub_event.id) "
        "ORDER BY time LIMIT :most) AND time < :before"
    )
    return connection.execute(statement, {"before": before, "most": most}).rowcount


def _purge(connection: Connection, condition: str, before: int, most: int) -> int:
    statement = text(f"SELECT id FROM delivery WHERE {condition} LIMIT :most")
    found = connection.execute(statement, {"before": before, "most": most}).scalars().all()
    _remove(connection, found)
    return len(found)


def _remove(connection: Connection, ids: Sequence[int]) -> None:
    values = {"ids": bound(connection, ids)}
    for table, column in (("attempt", "delivery"), ("delivery", "id")):
        these = among(connection, column, "ids", "bigint")
        connection.execute(text(f"DELETE FROM {table} WHERE {these}"), values)
