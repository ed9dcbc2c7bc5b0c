"""Retention: deliveries and attempts are kept for a time, so that a listener can be helped."""

from __future__ import annotations

from tmf.events.upkeep import Chore
from tmf.store import delivery_retention as store
from tmf.store.session import Session


class DeliveryRetention:
    """Removes what ended more than so many microseconds ago. What is still due stays."""

    def __init__(self, kept: int) -> None:
        self._kept = kept

    def chores(self) -> tuple[Chore, ...]:
        """For the upkeep, in this order."""
        return self.purge_ended, self.purge_disabled, self.purge_forgotten, self.purge_events

    def purge_ended(self, session: Session, most: int) -> int:
        """What was delivered or parked, with its attempts."""
        return store.purge_ended(session.connection, session.now() - self._kept, most)

    def purge_disabled(self, session: Session, most: int) -> int:
        """What waits for listeners that have been disabled for as long."""
        return store.purge_disabled(session.connection, session.now() - self._kept, most)

    def purge_forgotten(self, session: Session, most: int) -> int:
        """What was for listeners that are no more."""
        return store.purge_forgotten(session.connection, most)

    def purge_events(self, session: Session, most: int) -> int:
        """Events that no delivery refers to any more."""
        return store.purge_events(session.connection, session.now() - self._kept, most)
