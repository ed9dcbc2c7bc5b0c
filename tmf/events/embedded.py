"""The embedded bus: events go from the outbox straight to those who take them, without a broker.

Every running process works on its share of the partitions. An event, all its receipts and what
it does are one transaction, so there is nothing between outbox and inbox that could be lost.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from tmf.events.intake import Intakes
from tmf.events.leases import Leases
from tmf.events.running import Runner
from tmf.store import outbox
from tmf.store.session import Session

BATCH = {"sqlite": 100, "postgresql": 500}
"""Events of one transaction. SQLite has one writer at a time, and requests want to write too."""

_EACH = 64
"""Events of one partition in a transaction: no partition crowds out the others."""

_POLL = 2.0
"""Seconds after which to look without being woken."""


class EmbeddedBus(Runner):
    """Hands waiting events over until stopped."""

    def __init__(self, intakes: Intakes, leases: Leases) -> None:
        super().__init__()
        self._intakes = intakes
        self._database = intakes.database
        self._leases = leases
        self._batch = BATCH[self._database.engine.dialect.name]

    async def run(self) -> None:
        """Hand over until `stop`."""
        await self._until_done(self._intakes.register, "takers cannot be registered")
        while not self.stopping:
            await self._until_done(self._hand_over_all, "events cannot be handed over")
            await self._rest(min(_POLL, self._leases.renewal))
        with suppress(Exception):  # then the leases run out by themselves
            await self._leases.release()

    async def _hand_over_all(self) -> None:
        """Until nothing waits, or `stop`."""
        while not self.stopping:
            await self._leases.keep()
            if not await self._database.run(self._anything):
                return
            await self._intakes.run(self._hand_over)

    def _count(self, published: int) -> None:
        self._intakes.done.published += published

    def _anything(self, session: Session) -> bool:
        """Whether anything waits; asked without the lock that writers take."""
        held = self._leases.held
        return bool(held) and outbox.any_waiting(session.connection, held)

    def _hand_over(self, session: Session, careful: bool) -> Counter[str] | None:
        connection = session.connection
        events = outbox.waiting(connection, self._leases.held, each=_EACH, most=self._batch)
        if not events:
            return None
        taken = Counter(
            {
                intake.taker.name: intake.take(session, events, careful=careful)
                for intake in self._intakes.all
            }
        )
        outbox.mark_published(connection, [one.position for one in events], session.now())
        published = len(events)
        session.afterwards.append(lambda: self._count(published))
        return taken
