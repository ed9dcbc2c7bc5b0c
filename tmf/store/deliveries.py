"""Deliveries as they are made: the listeners of an event, and a row for each that hears of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from sqlalchemy import bindparam, select, text
from sqlalchemy.engine import Connection

from tmf.store.lists import records
from tmf.store.outbox import OutboxEvent
from tmf.store.tables import hub
from tmf.tmf630_guidelines.documents import encode

_LOCK = 0x746D6668  # one number that all who match lock on PostgreSQL

MOST = 5000
"""Deliveries that one statement adds, or a few more."""

PARTS = 64
"""Deliverers divide the listeners among themselves by part."""

_LISTENING = select(hub.c.id, hub.c.query, hub.c.party).where(
    hub.c.realm == bindparam("of_realm"),
    hub.c.api == bindparam("of_api"),
    hub.c.disabled.is_(None),
)


@dataclass(frozen=True, slots=True)
class Listening:
    """A listener as matching needs it: what it asked for, and whose it is."""

    id: str
    query: str | None
    party: str | None


class Heard(NamedTuple):
    """An event and the ids of the listeners that are to hear of it."""

    event: OutboxEvent
    hubs: Collection[str]


def part_of(identity: str) -> int:
    """The part of a listener."""
    return crc32(identity.encode()) % PARTS


def listening(connection: Connection, realm: str, api: str) -> list[Listening]:
    """The enabled listeners of an API, as they are now."""
    rows = connection.execute(_LISTENING, {"of_realm": realm, "of_api": api})
    return [Listening(*row) for row in rows]


def add(connection: Connection, heard: Sequence[Heard], now: int) -> None:
    """Keep events, due at once, for their listeners, each under that listener's next number.

    Numbers rise in the order of the events and have no gaps, so on PostgreSQL only one
    transaction at a time gives any; with a lock for each listener two transactions could wait for
    each other.
    """
    statements = _IN_ONE if connection.dialect.name == "postgresql" else _IN_TURN
    for some in _in_parts(heard):
        values = {name: encode(rows).decode() for name, rows in _rows(some).items()}
        for statement in statements:
            connection.execute(statement, {**values, "now": now})


def _in_parts(heard: Sequence[Heard]) -> Iterator[list[Heard]]:
    """So many events at a time that no statement has many more than MOST deliveries."""
    part: list[Heard] = []
    many = 0
    for one in heard:
        part.append(one)
        many += len(one.hubs)
        if many >= MOST:
            yield part
            part, many = [], 0
    if part:
        yield part


def _rows(heard: Sequence[Heard]) -> dict[str, list[dict[str, object]]]:
    """What the statements read: the events, how many each listener hears, and one row for each.

    `back` is how far a delivery's number is behind the last one that its listener gets now.
    """
    counts = Counter((event.realm, listener) for event, hubs in heard for listener in hubs)
    left = counts.copy()
    pairs: list[dict[str, object]] = []
    for event, hubs in heard:
        about = {"realm": event.realm, "event": event.id, "type": event.type}
        about |= {"resource": event.resource, "subject": event.subject}
        for listener in sorted(hubs):
            left[event.realm, listener] -= 1
            pairs.append({**about, "hub": listener, "back": left[event.realm, listener]})
    numbers = [{"realm": realm, "hub": one, "count": n} for (realm, one), n in counts.items()]
    events = [event._asdict() for event, _ in heard]
    return {"events": events, "numbers": numbers, "pairs": pairs}


_TEXTS = ("realm", "id", "type", "api", "resource", "subject", "body")
_EVENT = {**dict.fromkeys(_TEXTS, "text"), "time": "bigint"}
_COUNT = {"realm": "text", "hub": "text", "count": "bigint"}
_OF_PAIR = ("realm", "hub", "event", "type", "resource", "subject")
_PAIR = {**dict.fromkeys(_OF_PAIR, "text"), "back": "bigint"}


def _statements(dialect: str) -> tuple[str, str, str]:
    """Keeping the events, giving numbers, adding deliveries by `numbered`."""
    columns = ", ".join(_EVENT)
    keep = (
        f"INSERT INTO hub_event ({columns}) SELECT {columns} "
        f"FROM {records(dialect, 'events', _EVENT)} WHERE true ON CONFLICT DO NOTHING"
    )
    number = (
        "INSERT INTO hub_sequence (realm, hub, last) SELECT realm, hub, count "
        f"FROM {records(dialect, 'numbers', _COUNT)} WHERE true "
        "ON CONFLICT (realm, hub) DO UPDATE SET last = hub_sequence.last + excluded.last"
    )
    pairs = ", ".join(f"pairs.{name}" for name in _OF_PAIR)
    add = (
        f"INSERT INTO delivery ({', '.join(_OF_PAIR)}, sequence, matched, state, tries, attempts, "
        f"due) SELECT {pairs}, numbered.last - pairs.back, :now, 'waiting', 0, 0, :now "
        f"FROM {records(dialect, 'pairs', _PAIR)} JOIN {{numbered}} AS numbered "
        "ON numbered.realm = pairs.realm AND numbered.hub = pairs.hub"
    )
    return keep, number, add


def _in_one() -> str:
    keep, number, add = _statements("postgresql")
    return (
        f"SELECT pg_advisory_xact_lock({_LOCK}); WITH kept AS ({keep}), given AS "
        f"({number} RETURNING realm, hub, last) {add.format(numbered='given')}"
    )


_IN_ONE = (text(_in_one()),)
"""On PostgreSQL, in one round trip."""

_IN_TURN = tuple(text(one.format(numbered="hub_sequence")) for one in _statements("sqlite"))
"""On SQLite, where a transaction that writes is the only one."""
