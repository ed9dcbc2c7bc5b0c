"""Deferred events: what a taker could not take yet, what waits behind it, and what is parked.

Events of one resource are taken in order of position: only the first that is not parked may be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import insert, text
from sqlalchemy.engine import Connection

from tmf.store import tables
from tmf.store.lists import among, bound
from tmf.store.outbox import OutboxEvent, Positioned, positioned

Resource = tuple[str, str, str]
"""A resource: realm, key (`TMF622.productOrder`), id."""

_COLUMNS = (
    "d.position, d.realm, d.event_id, d.type, d.api, d.resource, d.subject, d.time, d.body, "
    "d.id, d.taker, d.attempts, d.error, d.parked"
)
_ERROR = 2000
"""Characters of an error that are kept."""


class Deferred(NamedTuple):
    """A deferred event: `attempts` were made, `parked` is when it was given up, in microseconds."""

    placed: Positioned
    id: int
    taker: str
    attempts: int
    error: str | None
    parked: int | None

    @property
    def event(self) -> OutboxEvent:
        """The event itself."""
        return self.placed.event


def add(
    connection: Connection,
    taker: str,
    placed: Positioned,
    *,
    due: int,
    attempts: int = 0,
    error: str | None = None,
    parked: int | None = None,
) -> None:
    """Defer an event until a time of the machine, in microseconds; or park it at once."""
    values: dict[str, object] = placed.event._asdict()
    values["event_id"] = values.pop("id")
    values |= {"taker": taker, "position": placed.position, "due": due, "attempts": attempts}
    values |= {"error": None if error is None else error[:_ERROR], "parked": parked}
    connection.execute(insert(tables.deferred).values(values))


def held(connection: Connection, taker: str, events: Iterable[Positioned]) -> set[Resource]:
    """The resources of which an earlier event still waits for the taker."""
    statement = text(
        "SELECT DISTINCT realm, api, resource, subject FROM deferred WHERE taker = :taker "
        f"AND parked IS NULL AND {among(connection, 'subject', 'subjects', 'text')}"
    )
    subjects = list({one.event.subject for one in events})
    found = connection.execute(statement, {"taker": taker, "subjects": bound(connection, subjects)})
    return {(row[0], f"{row[1]}.{row[2]}", row[3]) for row in found}


def next_due(connection: Connection, takers: Collection[str], now: int) -> Deferred | None:
    """The first event of some resource that is due, locked; None if there is none.

    What another process has locked is left to it, and what waits behind that too.
    """
    lock = "FOR UPDATE OF d SKIP LOCKED" if connection.dialect.name == "postgresql" else ""
    statement = text(
        f"SELECT {_COLUMNS} FROM deferred AS d WHERE d.parked IS NULL AND d.due <= :now "
        f"AND {among(connection, 'd.taker', 'takers', 'text')} AND NOT EXISTS ("
        "SELECT 1 FROM deferred AS e WHERE e.taker = d.taker AND e.subject = d.subject "
        "AND e.realm = d.realm AND e.api = d.api AND e.resource = d.resource "
        "AND e.parked IS NULL AND e.position < d.position) "
        f"ORDER BY d.due, d.position LIMIT 1 {lock}"
    )
    values = {"now": now, "takers": bound(connection, list(takers))}
    row = connection.execute(statement, values).first()
    return None if row is None else _deferred(row)


def due_after(connection: Connection, now: int) -> int | None:
    """When the next deferred event is due that is not due yet."""
    statement = text("SELECT min(due) FROM deferred WHERE parked IS NULL AND due > :now")
    found: int | None = connection.execute(statement, {"now": now}).scalar()
    return found


def remove(connection: Connection, identity: int) -> None:
    """Forget a deferred event: it has been taken."""
    connection.execute(text("DELETE FROM deferred WHERE id = :id"), {"id": identity})


def put_off(
    connection: Connection, identity: int, *, due: int, error: str, parked: int | None
) -> None:
    """Note one more attempt that failed."""
    statement = text(
        "UPDATE deferred SET attempts = attempts + 1, due = :due, error = :error, "
        "parked = :parked WHERE id = :id"
    )
    values = {"id": identity, "due": due, "error": error[:_ERROR], "parked": parked}
    connection.execute(statement, values)


def counts(connection: Connection, *, parked: bool) -> dict[str, int]:
    """How many deferred events, or parked ones, there are of each taker that has any."""
    state = "IS NOT NULL" if parked else "IS NULL"
    statement = text(f"SELECT taker, count(*) FROM deferred WHERE parked {state} GROUP BY taker")
    return {row[0]: row[1] for row in connection.execute(statement)}


def parked(connection: Connection, most: int) -> list[Deferred]:
    """Parked events, the first parked first."""
    statement = text(
        f"SELECT {_COLUMNS} FROM deferred AS d WHERE d.parked IS NOT NULL "
        "ORDER BY d.parked, d.id LIMIT :most"
    )
    return [_deferred(row) for row in connection.execute(statement, {"most": most})]


def parked_one(connection: Connection, identity: int) -> Deferred | None:
    """One parked event by its number."""
    statement = text(
        f"SELECT {_COLUMNS} FROM deferred AS d WHERE d.parked IS NOT NULL AND d.id = :id"
    )
    row = connection.execute(statement, {"id": identity}).first()
    return None if row is None else _deferred(row)


def redrive(connection: Connection, identities: Sequence[int], now: int) -> list[int]:
    """Let parked events be tried again from the start; the numbers of those that were parked."""
    statement = text(
        "UPDATE deferred SET parked = NULL, attempts = 0, due = :now "
        f"WHERE parked IS NOT NULL AND {among(connection, 'id', 'ids', 'bigint')} RETURNING id"
    )
    values = {"now": now, "ids": bound(connection, identities)}
    return sorted(connection.execute(statement, values).scalars())


def _deferred(row: Sequence[object]) -> Deferred:
    return Deferred(positioned(row), *row[9:])  # type: ignore[arg-type]
