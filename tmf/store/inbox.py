"""The inbox: a receipt for every event that a taker has taken, in the transaction of its effect."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, as_rows, bound
from tmf.store.outbox import COLUMNS, Positioned, positioned

WINDOW = 20_000
"""Positions before an event in which one that it has overtaken is looked for; those that can be
under way to a taker at once are far fewer.
"""


def receive(connection: Connection, taker: str, events: Sequence[Positioned], now: int) -> set[str]:
    """Write receipts; the ids of the events that had none.

    Waits for another transaction that is about to write the same receipt: if that one fails, the
    event is this one's.
    """
    statement = text(
        "INSERT INTO inbox (taker, event_id, taken) "
        f"SELECT :taker, ids.value, :now FROM {as_rows(connection, 'ids', 'text')} WHERE true "
        "ON CONFLICT DO NOTHING RETURNING event_id"
    )
    ids = bound(connection, [one.event.id for one in events])
    return set(connection.execute(statement, {"taker": taker, "ids": ids, "now": now}).scalars())


def register(connection: Connection, taker: str) -> None:
    """Note since when there is this taker, if it is new."""
    statement = text(
        "INSERT INTO takers (name, since) SELECT :taker, coalesce(max(position), 0) FROM outbox "
        "WHERE true ON CONFLICT DO NOTHING"
    )
    connection.execute(statement, {"taker": taker})


def missed(connection: Connection, taker: str, events: Sequence[Positioned]) -> list[Positioned]:
    """Events of the same resources that come before these and have no receipt of the taker.

    Only such as are younger than the taker; whether it wants them is for the caller to say.
    """
    statement = text(
        f"SELECT {COLUMNS} FROM outbox AS o "
        f"WHERE {among(connection, 'o.subject', 'subjects', 'text')} "
        "AND o.position > (SELECT since FROM takers WHERE name = :taker) "
        "AND o.position > :first AND o.position < :last "
        "AND NOT EXISTS (SELECT 1 FROM inbox WHERE taker = :taker AND event_id = o.event_id) "
        "ORDER BY o.position"
    )
    last = {one.event.about: one.position for one in events}
    values = {
        "subjects": bound(connection, list({one.event.subject for one in events})),
        "taker": taker,
        "first": min(last.values()) - WINDOW,
        "last": max(last.values()),
    }
    given = {one.position for one in events}
    found = map(positioned, connection.execute(statement, values))
    return [
        one
        for one in found
        if one.position < last.get(one.event.about, 0) and one.position not in given
    ]


def purge(connection: Connection, before: int, most: int) -> int:
    """Remove at most so many of the receipts written before a time; how many those were."""
    statement = text(
        "DELETE FROM inbox WHERE (taker, event_id) IN "
        "(SELECT taker, event_id FROM inbox WHERE taken < :before ORDER BY taken LIMIT :most)"
    )
    return connection.execute(statement, {"before": before, "most": most}).rowcount
