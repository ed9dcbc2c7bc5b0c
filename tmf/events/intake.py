"""Intake: gives events to those who take them, each exactly once and each resource's in order.

The receipt of an event, what it does, and whether it is deferred are one transaction. So an event
that is delivered twice takes effect once, and one that cannot be taken holds up nothing but its
own resource, for the taker that cannot take it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import structlog

from tmf.events.figures import Done
from tmf.events.takers import Taker
from tmf.store import deferred, inbox
from tmf.store.database import Database
from tmf.store.deferred import Deferred
from tmf.store.outbox import Positioned
from tmf.store.session import Session

log = structlog.get_logger("tmf.events")


def machine_micros() -> int:
    """The machine's time: what is tried again does not wait for a moved clock."""
    return time.time_ns() // 1000


class Intake:
    """Takes events for one taker, within the caller's session.

    `schedule` are the seconds between the tries of an event that cannot be taken; when they are
    used up it is parked.
    """

    def __init__(self, taker: Taker, schedule: Sequence[float]) -> None:
        self.taker = taker
        self._schedule = schedule

    def take(self, session: Session, events: Sequence[Positioned], *, careful: bool) -> int:
        """Take events that come in order of position; how many had an effect.

        With `careful` one that fails is deferred, with what comes after it of its resource; else
        the error is raised, to roll everything back and try with care.
        """
        name, connection = self.taker.name, session.connection
        wanted = [one for one in events if self.taker.wants(one.event)]
        if not wanted:
            return 0
        fresh = inbox.receive(connection, name, wanted, session.now())
        if not fresh:
            return 0
        held = deferred.held(connection, name, wanted)
        free: list[Positioned] = []
        for one in wanted:
            if one.event.id not in fresh:
                continue
            if one.event.about in held:
                deferred.add(connection, name, one, due=machine_micros())
            elif careful and not self._attempt(session, one):
                held.add(one.event.about)
            else:
                free.append(one)
        if free and not careful:
            self.taker.take(session, [one.event for one in free])
        return len(free)

    def missed(self, session: Session, events: Sequence[Positioned]) -> list[Positioned]:
        """The events once each and in order, with those that were to come before and did not."""
        missed = inbox.missed(session.connection, self.taker.name, events)
        return sorted({*events, *(one for one in missed if self.taker.wants(one.event))})

    def again(self, session: Session, late: Deferred) -> bool:
        """Try a deferred event again; whether it is taken now."""
        try:
            with session.attempt():
                self.taker.take(session, [late.event])
        except Exception as error:  # whatever it is, it is the event's own trouble
            due, parked = self._next(late.attempts, late.placed, error)
            told = _told(error)
            deferred.put_off(session.connection, late.id, due=due, error=told, parked=parked)
            return False
        deferred.remove(session.connection, late.id)
        return True

    def _attempt(self, session: Session, one: Positioned) -> bool:
        try:
            with session.attempt():
                self.taker.take(session, [one.event])
        except Exception as error:
            due, parked = self._next(0, one, error)
            deferred.add(
                session.connection,
                self.taker.name,
                one,
                due=due,
                attempts=1,
                error=_told(error),
                parked=parked,
            )
            return False
        return True

    def _next(self, attempts: int, one: Positioned, error: Exception) -> tuple[int, int | None]:
        """When an event is due again after so many attempts and one more; or when it was parked."""
        now = machine_micros()
        parked = attempts >= len(self._schedule)
        log.warning(
            "event parked" if parked else "event not taken",
            taker=self.taker.name,
            event_id=one.event.id,
            type=one.event.type,
            attempts=attempts + 1,
            error=_told(error),
            exc_info=error if parked else None,
        )
        if parked:
            return now, now
        return now + int(self._schedule[attempts] * 1_000_000), None


class Intakes:
    """All takers' intakes of one process, and the way to try with care what fails at once.

    `deferred` is called, on the event loop, when something may have been put off.
    """

    def __init__(self, database: Database, intakes: Iterable[Intake], done: Done) -> None:
        self.database = database
        self.all = tuple(intakes)
        self.by_name = {intake.taker.name: intake for intake in self.all}
        self.done = done
        done.taken.update(dict.fromkeys(self.by_name, 0))
        self.deferred: Callable[[], None] = lambda: None

    async def register(self) -> None:
        """Note since when there are these takers."""

        def register(session: Session) -> None:
            for intake in self.all:
                inbox.register(session.connection, intake.taker.name)

        await self.database.run(register, write=True)

    async def run(self, work: Callable[[Session, bool], Counter[str] | None]) -> bool:
        """Run a transaction that takes events, with care if it fails; whether it did anything.

        `work` is given the session and whether to be careful; it returns how many events each
        taker took, or None if there was nothing to do.
        """
        try:
            taken = await self.database.run(lambda session: work(session, False), write=True)
        except Exception as error:
            log.info("events are tried one by one", error=_told(error))
            taken = await self.database.run(lambda session: work(session, True), write=True)
            self.deferred()
        if taken is None:
            return False
        self.count(taken)
        return True

    def count(self, taken: Counter[str]) -> None:
        """Note what was taken and committed, and tell the takers."""
        self.done.taken.update(taken)
        for name in +taken:
            self.by_name[name].taker.taken()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
