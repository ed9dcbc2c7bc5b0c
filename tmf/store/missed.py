"""What recovery reads and writes: a listener's deliveries in a range, and events it never got."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select, text, update
from sqlalchemy.engine import Connection

from tmf.store.outbox import COLUMNS, Positioned, positioned
from tmf.store.tables import delivery, hub, hub_event, hub_sequence, outbox

_MISSED = text(
    f"SELECT {COLUMNS} FROM outbox AS o WHERE o.position > :after AND o.position <= :last "
    "AND o.realm = :realm AND o.api = :api AND o.time >= :since AND o.time <= :until "
    # What the hub has still to take, it will match by itself.
    "AND EXISTS (SELECT 1 FROM inbox WHERE taker = 'hub' AND event_id = o.event_id) "
    "AND NOT EXISTS (SELECT 1 FROM deferred WHERE taker = 'hub' AND event_id = o.event_id) "
    "AND NOT EXISTS (SELECT 1 FROM delivery WHERE event = o.event_id AND hub = :hub) "
    "ORDER BY o.position"
)


_LOCK = 0x746D6672  # with a listener's hash, what its recoveries lock on PostgreSQL


class Recovered(NamedTuple):
    """The listener that recovery is for."""

    api: str
    query: str | None
    party: str | None
    registered: int
    disabled: bool


class Stretch(NamedTuple):
    """A part of a range: numbers `after` to `last` (included), of events of that time."""

    after: int
    last: int
    since: int
    until: int


def recovered(connection: Connection, realm: str, identity: str) -> Recovered | None:
    """The listener, if there is one; until the transaction ends it stays, and no other recovery
    of it goes on.

    Its row can be changed all the same: a deliverer does so after deliveries of its own, and they
    would wait for each other.
    """
    if connection.dialect.name == "postgresql":
        one_at_a_time = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:id))")
        connection.execute(one_at_a_time, {"lock": _LOCK, "id": identity})
    asked = select(hub.c.api, hub.c.query, hub.c.party, hub.c.created, hub.c.disabled.is_not(None))
    mine = asked.where(hub.c.realm == realm, hub.c.id == identity)
    row = connection.execute(mine.with_for_update(read=True, key_share=True)).first()
    return None if row is None else Recovered(*row)


def send_again(
    connection: Connection, listener: str, stretch: Stretch, states: Sequence[str], now: int
) -> int:
    """Give deliveries of these sequence numbers a new schedule from `now` on; how many."""
    found = connection.execute(
        select(delivery.c.id)
        .join(
            hub_event,
            (hub_event.c.realm == delivery.c.realm) & (hub_event.c.id == delivery.c.event),
        )
        .where(
            delivery.c.hub == listener,
            delivery.c.sequence > stretch.after,
            delivery.c.sequence <= stretch.last,
            delivery.c.state.in_(states),
            hub_event.c.time >= stretch.since,
            hub_event.c.time <= stretch.until,
        )
    )
    chosen = found.scalars().all()
    if chosen:
        connection.execute(
            update(delivery)
            .where(delivery.c.id.in_(chosen))
            .values(state="waiting", tries=0, due=now, ended=None)
        )
    return len(chosen)


def never_kept(
    connection: Connection, realm: str, api: str, listener: str, stretch: Stretch
) -> list[Positioned]:
    """Events of these positions in the outbox that the hub has taken and not for this listener."""
    values = {"realm": realm, "api": api, "hub": listener, **stretch._asdict()}
    return [positioned(row) for row in connection.execute(_MISSED, values)]


def last_sequence(connection: Connection, realm: str, listener: str) -> int:
    """The last number that the listener's deliveries have got; 0 without any."""
    asked = select(hub_sequence.c.last).where(
        hub_sequence.c.realm == realm, hub_sequence.c.hub == listener
    )
    return connection.execute(asked).scalar() or 0


def first_position(connection: Connection, time: int) -> int:
    """The first position in the outbox of an event that is not older; past the end if all are."""
    ends = select(func.min(outbox.c.position), func.max(outbox.c.position))
    low, last = connection.execute(ends).one()
    if last is None:
        return 1
    high = last + 1
    while low < high:
        middle = (low + high) // 2
        at = select(outbox.c.position, outbox.c.time).where(outbox.c.position >= middle)
        position, found = connection.execute(at.order_by(outbox.c.position).limit(1)).one()
        if found < time:
            low = position + 1
        else:
            high = middle
    return int(low)
