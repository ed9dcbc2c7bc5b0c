"""Listeners as deliveries go: since when they fail, and when nothing is sent to them any more."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, bound


def succeeded(connection: Connection, hubs: Collection[str]) -> None:
    """Note that listeners have taken something: they are not failing."""
    statement = text(
        "UPDATE hub SET failing_since = NULL "
        f"WHERE {among(connection, 'id', 'hubs', 'text')} AND failing_since IS NOT NULL"
    )
    connection.execute(statement, {"hubs": bound(connection, sorted(hubs))})


def failed(connection: Connection, hubs: Collection[str], now: int, too_long: int) -> list[str]:
    """Note that listeners have failed, and disable those who have at everything since `too_long`.

    The ids of those disabled now.
    """
    values = {"hubs": bound(connection, sorted(hubs)), "now": now, "too_long": too_long}
    mine = among(connection, "id", "hubs", "text")
    connection.execute(
        text(f"UPDATE hub SET failing_since = :now WHERE {mine} AND failing_since IS NULL"), values
    )
    statement = text(
        "UPDATE hub SET disabled = :now, disabled_reason = 'it has failed for too long' "
        f"WHERE {mine} AND disabled IS NULL AND failing_since <= :too_long RETURNING id"
    )
    return list(connection.execute(statement, values).scalars())


def gone(connection: Connection, hubs: Collection[str], now: int) -> list[str]:
    """Disable listeners that have said that they are no more; the ids of those disabled now."""
    statement = text(
        "UPDATE hub SET disabled = :now, disabled_reason = 'it has answered 410' "
        f"WHERE {among(connection, 'id', 'hubs', 'text')} AND disabled IS NULL RETURNING id"
    )
    values = {"hubs": bound(connection, sorted(hubs)), "now": now}
    return list(connection.execute(statement, values).scalars())
