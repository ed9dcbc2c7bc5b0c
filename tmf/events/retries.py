"""Retries: tries deferred events again when they are due. Any number of processes may."""

from __future__ import annotations

from collections import Counter

import structlog

from tmf.events.intake import Intakes, machine_micros
from tmf.events.running import Runner
from tmf.store import deferred
from tmf.store.session import Session

_POLL = 2.0

log = structlog.get_logger("tmf.events")


class Retries(Runner):
    """Works on what the intakes have deferred, one event at a time."""

    def __init__(self, intakes: Intakes) -> None:
        super().__init__()
        self._intakes = intakes
        self._database = intakes.database
        intakes.deferred = self.wake

    async def run(self) -> None:
        """Work until `stop`."""
        while not self.stopping:
            pause = _POLL
            try:
                while not self.stopping and await self._one():
                    pass
                pause = await self._database.run(_pause)
            except Exception:  # it must outlive a database that is away for a while
                log.exception("deferred events cannot be tried")
            await self._rest(pause)

    async def _one(self) -> bool:
        """Try the event that is due first; False if none is."""
        tried = await self._database.run(self._try, write=True)
        if tried:
            self._intakes.count(tried)
        return tried is not None

    def _try(self, session: Session) -> Counter[str] | None:
        names = self._intakes.by_name
        late = deferred.next_due(session.connection, names, machine_micros())
        if late is None:
            return None
        return Counter({late.taker: int(names[late.taker].again(session, late))})


def _pause(session: Session) -> float:
    now = machine_micros()
    due = deferred.due_after(session.connection, now)
    return _POLL if due is None else min(_POLL, (due - now) / 1_000_000)
