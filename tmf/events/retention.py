"""Retention: published events and receipts are kept for a time, so that recovery works."""

from __future__ import annotations

from tmf.events.upkeep import Chore
from tmf.store import inbox, outbox
from tmf.store.session import Session

_LONGER = 24 * 3600 * 1_000_000
"""Microseconds for which a receipt outlives its event: an event without one is taken again."""


class Retention:
    """Removes what is older than so many microseconds. What is not published stays, however old."""

    def __init__(self, kept: int) -> None:
        self._kept = kept

    def chores(self) -> tuple[Chore, ...]:
        """For the upkeep, in this order."""
        return self.purge_events, self.purge_receipts

    def purge_events(self, session: Session, most: int) -> int:
        """Remove published events."""
        return outbox.purge(session.connection, session.now() - self._kept, most)

    def purge_receipts(self, session: Session, most: int) -> int:
        """Remove receipts, unless events as old are still to be removed."""
        before = session.now() - self._kept
        if outbox.any_published(session.connection, before):
            return 0
        return inbox.purge(session.connection, before - _LONGER, most)
