"""Deliveries as they are sent: which are due, what came of each, whose turn is next.

A listener's part is one deliverer's at a time (see leases), so what is read here stays true until
that deliverer changes it. Times are microseconds since 1970 on the server's clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, as_rows, bound, records, row_by_row
from tmf.tmf630_guidelines.documents import encode

_BEHIND = (
    "EXISTS (SELECT 1 FROM delivery AS earlier "
    "WHERE earlier.hub = delivery.hub AND earlier.resource = delivery.resource "
    "AND earlier.subject = delivery.subject AND earlier.ended IS NULL "
    "AND earlier.sequence < delivery.sequence)"
)


class Due(NamedTuple):
    """A delivery that is due; `behind` if an earlier one of its resource is not finished."""

    id: int
    hub: str
    resource: str
    subject: str
    behind: bool

    @property
    def line(self) -> tuple[str, str, str]:
        """What has its deliveries one after the other: a resource, for a listener."""
        return self.hub, self.resource, self.subject


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that sending a delivery takes; `tries` of the schedule and `attempts` of all so far."""

    id: int
    hub: str
    sequence: int
    event: str
    resource: str
    subject: str
    tries: int
    attempts: int
    body: str
    api: str
    callback: str
    query: str | None
    secret: str
    previous_secret: str | None
    previous_until: int | None

    @property
    def line(self) -> tuple[str, str, str]:
        """What it stands in a row with: see `Due.line`."""
        return self.hub, self.resource, self.subject


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an attempt; `status` None and an `error` if there was no whole answer."""

    time: int
    status: int | None
    milliseconds: int
    answer: str | None
    error: str | None

    @property
    def succeeded(self) -> bool:
        """Whether the listener has it: only a 2xx says so."""
        return self.error is None and self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt and what follows: `due` again then, or, if None, delivered or parked."""

    parcel: Parcel
    attempt: Attempt
    due: int | None


def hubs_due(
    connection: Connection, parts: Sequence[int], full: Collection[str], now: int
) -> dict[str, bool]:
    """Enabled listeners of the parts, but those `full`, that have something due.

    By id, whether the listener has been failing.
    """
    statement = text(
        "SELECT id, failing_since IS NOT NULL FROM hub "
        f"WHERE {among(connection, 'part', 'parts', 'integer')} AND disabled IS NULL "
        f"AND NOT ({among(connection, 'id', 'full', 'text')}) AND EXISTS (SELECT 1 FROM delivery "
        "WHERE delivery.hub = hub.id AND state = 'waiting' AND due <= :now)"
    )
    values = {"parts": bound(connection, parts), "full": bound(connection, list(full)), "now": now}
    return {identity: bool(failing) for identity, failing in connection.execute(statement, values)}


def next_due(connection: Connection, parts: Sequence[int], now: int) -> int | None:
    """When the next delivery of the parts becomes due that is not now."""
    statement = text(
        "SELECT min((SELECT min(due) FROM delivery "
        "WHERE delivery.hub = hub.id AND state = 'waiting' AND due > :now)) "
        f"FROM hub WHERE {among(connection, 'part', 'parts', 'integer')} AND disabled IS NULL"
    )
    values = {"parts": bound(connection, parts), "now": now}
    found: int | None = connection.execute(statement, values).scalar()
    return found


def due(
    connection: Connection, hubs: Sequence[str], held: Sequence[int], now: int, most: int
) -> list[Due]:
    """For each listener, the first deliveries due, at most so many, but those `held` already."""
    of_one = (
        f"SELECT id, hub, resource, subject, {_BEHIND} AS behind FROM delivery "
        "WHERE hub = {hub} AND state = 'waiting' AND due <= :now "
        f"AND NOT ({among(connection, 'id', 'held', 'bigint')}) "
        "ORDER BY due, sequence LIMIT :most"
    )
    values = {"held": bound(connection, held), "now": now, "most": most}
    rows: Iterable[Any]
    if connection.dialect.name == "postgresql":
        statement = text(
            f"SELECT found.* FROM {as_rows(connection, 'hubs', 'text')} "
            f"CROSS JOIN LATERAL ({of_one.format(hub='hubs.value')}) AS found"
        )
        rows = connection.execute(statement, {**values, "hubs": bound(connection, hubs)})
    else:
        statement = text(of_one.format(hub=":hub"))
        found = (connection.execute(statement, {**values, "hub": hub}) for hub in hubs)
        rows = chain.from_iterable(found)
    return [Due(one, hub, name, subject, bool(behind)) for one, hub, name, subject, behind in rows]


def parcels(connection: Connection, ids: Sequence[int], most: int) -> list[Parcel]:
    """What it takes to send these, in order of their numbers; of each listener's the first, and
    further ones until their events have so many characters.
    """
    found = (
        "SELECT delivery.id, delivery.hub, delivery.sequence, delivery.event, delivery.resource, "
        "delivery.subject, delivery.tries, delivery.attempts, "
        # Not joined: PostgreSQL may come to think that a realm has few events, and read them all.
        "(SELECT body FROM hub_event WHERE hub_event.realm = delivery.realm "
        "AND hub_event.id = delivery.event) AS body, hub.api, "
        "hub.callback, hub.query, hub.secret, hub.previous_secret, hub.previous_until "
        "FROM delivery JOIN hub ON hub.realm = delivery.realm AND hub.id = delivery.hub "
        f"WHERE {among(connection, 'delivery.id', 'ids', 'bigint')}"
    )
    size = "coalesce(length(body), 0)"
    before = f"sum({size}) OVER (PARTITION BY hub ORDER BY sequence) - {size}"
    statement = text(
        f"SELECT * FROM (SELECT found.*, {before} AS before FROM ({found}) AS found) AS counted "
        "WHERE before < :most ORDER BY sequence"
    )
    rows = connection.execute(statement, {"ids": bound(connection, ids), "most": most})
    return [Parcel(*row[:-1]) for row in rows]


def put_behind(connection: Connection, ids: Sequence[int]) -> None:
    """Let deliveries wait for the end of an earlier one of their resource, not for a time."""
    statement = text(
        f"UPDATE delivery SET state = 'behind' WHERE {_these(connection)} AND {_BEHIND}"
    )
    connection.execute(statement, {"ids": bound(connection, ids)})


def record(connection: Connection, outcomes: Sequence[Outcome], now: int) -> None:
    """Note attempts and what follows from them; who has waited for one that ended is due."""
    _keep_attempts(connection, outcomes)
    delivered = [one.parcel.id for one in outcomes if one.attempt.succeeded]
    failed = [one for one in outcomes if not one.attempt.succeeded]
    if delivered:
        statement = text(
            "UPDATE delivery SET state = 'delivered', ended = :now, tries = tries + 1, "
            f"attempts = attempts + 1 WHERE {_these(connection)}"
        )
        connection.execute(statement, {"now": now, "ids": bound(connection, delivered)})
    if failed:
        _put_off(connection, failed, now)
    ended = delivered + [one.parcel.id for one in failed if one.due is None]
    if ended:
        advance(connection, ended, now)


def advance(connection: Connection, ended: Sequence[int], now: int) -> None:
    """Make due what comes next of the resources of deliveries that have ended."""
    statement = text(
        "UPDATE delivery SET state = 'waiting', due = :now WHERE state = 'behind' AND id IN ("
        "SELECT (SELECT id FROM delivery AS later WHERE later.hub = done.hub "
        "AND later.resource = done.resource AND later.subject = done.subject "
        "AND later.ended IS NULL ORDER BY later.sequence LIMIT 1) "
        f"FROM delivery AS done WHERE {among(connection, 'done.id', 'ids', 'bigint')})"
    )
    connection.execute(statement, {"now": now, "ids": bound(connection, ended)})


_ATTEMPT = {
    "delivery": "bigint",
    "number": "integer",
    "hub": "text",
    "time": "bigint",
    "status": "integer",
    "milliseconds": "integer",
    "answer": "text",
    "error": "text",
}

_FAILED = {"id": "bigint", "state": "text", "due": "bigint", "ended": "bigint"}


def _keep_attempts(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    rows = [
        {
            "delivery": one.parcel.id,
            "number": one.parcel.attempts + 1,
            "hub": one.parcel.hub,
            "time": one.attempt.time,
            "status": one.attempt.status,
            "milliseconds": one.attempt.milliseconds,
            "answer": one.attempt.answer,
            "error": one.attempt.error,
        }
        for one in outcomes
    ]
    columns = ", ".join(_ATTEMPT)
    statement = text(
        f"INSERT INTO attempt ({columns}) SELECT {columns} "
        f"FROM {records(connection.dialect.name, 'attempts', _ATTEMPT)} WHERE true "
        # Another deliverer may have sent it when this one was stopped for longer than its lease.
        "ON CONFLICT DO NOTHING"
    )
    connection.execute(statement, {"attempts": encode(rows).decode()})


def _put_off(connection: Connection, failed: Sequence[Outcome], now: int) -> None:
    rows = [
        {"id": one.parcel.id, "state": "parked", "due": now, "ended": now}
        if one.due is None
        else {"id": one.parcel.id, "state": "waiting", "due": one.due, "ended": None}
        for one in failed
    ]
    statement = text(
        "UPDATE delivery SET state = failed.state, due = failed.due, ended = failed.ended, "
        "tries = tries + 1, attempts = attempts + 1 "
        f"FROM {records(connection.dialect.name, 'failed', _FAILED)} "
        f"WHERE delivery.id = failed.id AND {row_by_row('delivery.ended IS NULL')}"
    )
    connection.execute(statement, {"failed": encode(rows).decode()})


def _these(connection: Connection) -> str:
    return among(connection, "id", "ids", "bigint", only="ended IS NULL")
