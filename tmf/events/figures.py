"""Figures of the bus: what this process has done, and what waits in the database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tmf.store import deferred, outbox
from tmf.store.session import Session

MOST = 100_000
"""Waiting events are counted up to here, so that counting stays cheap when it matters."""


@dataclass(slots=True)
class Done:
    """What this process has done: events published, and those taken by each taker."""

    published: int = 0
    taken: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: events (at most `MOST`), seconds since the oldest was written, and by taker
    what is to be tried again and what is parked.
    """

    waiting: int
    oldest: float
    deferred: dict[str, int]
    parked: dict[str, int]


def backlog(session: Session) -> Backlog:
    """What waits in the database."""
    connection = session.connection
    waiting, since = outbox.backlog(connection, MOST)
    oldest = 0.0 if since is None else max(0.0, (session.now() - since) / 1_000_000)
    return Backlog(
        waiting,
        oldest,
        deferred.counts(connection, parked=False),
        deferred.counts(connection, parked=True),
    )
