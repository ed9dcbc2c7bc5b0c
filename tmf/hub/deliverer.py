"""The deliverer: sends what is due to listeners, each resource's events in their order.

Deliverers divide the listeners among themselves by leases. What a deliverer has in hand is not
marked in the database: if it dies, another sends it again once the leases have run out. What came
of attempts is noted many at a time: whatever has ended while the last notes were written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import structlog

from tmf.events.clock import Clock
from tmf.events.leases import Leases
from tmf.events.running import Runner
from tmf.hub.hands import AHEAD_SIZE, Hands, Room
from tmf.hub.outcomes import Outcomes
from tmf.hub.posting import Poster
from tmf.store import dispatch
from tmf.store.database import Database
from tmf.store.deliveries import part_of
from tmf.store.dispatch import Outcome, Parcel
from tmf.store.session import Session

AT_ONCE = 400
"""Deliveries in hand at once in one process."""

_LOOK = 200
"""Deliveries of a listener that are looked at together."""

_POLL = 1.0
"""Seconds until another look without having been woken: leases change hands silently."""

_FAREWELL = 5.0
"""Seconds that attempts under way get to end once it is to stop."""

log = structlog.get_logger("tmf.hub")


class _Found(NamedTuple):
    """What to send, what is to wait for an earlier one, and when more becomes due."""

    parcels: list[Parcel]
    behind: list[int]
    next_due: int | None


class Deliverer(Runner):
    """Delivers until it is stopped. Any number of processes may have one. What is being sent when
    it is told to stop gets some seconds to end.

    `open_poster` is called on the event loop.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        outcomes: Outcomes,
        leases: Leases,
        open_poster: Callable[[], Poster],
        in_flight: int,
    ) -> None:
        super().__init__()
        self._database = database
        self._clock = clock
        self._outcomes = outcomes
        self._leases = leases
        self._poll = min(_POLL, leases.renewal)
        self._open_poster = open_poster
        self._hands = Hands(in_flight, AT_ONCE, self._start)
        self._ended: list[Outcome] = []
        self._behind: list[int] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Deliver until `stop`."""
        self._poster = self._open_poster()
        self._clock.moved.append(self.wake)
        try:
            while not self.stopping:
                pause = self._poll
                try:
                    pause = await self._go_on()
                except Exception as error:  # it must outlive a database that is away for a while
                    log.warning("deliveries cannot be read or noted", error=str(error).strip())
                await self._rest(pause)
            await self._say_farewell()
        finally:
            await self._poster.close()

    async def _go_on(self) -> float:
        """Note what has ended and take up what is due; seconds until more becomes due."""
        if self._leases.lapsed:  # the process was stopped for a while: others send what it had
            self._hands.put_back()
        busy = frozenset(map(part_of, self._hands.hubs))
        await self._leases.keep(busy)
        await self._note()
        room = self._hands.room()
        if room.total <= 0:
            return self._poll
        parts = self._leases.open
        found = await self._database.run(lambda session: self._look(session, parts, room))
        self._behind = found.behind
        for parcel in found.parcels:
            self._hands.take(parcel)
        if found.behind:
            self.wake()
        if found.next_due is None:
            return self._poll
        return min(self._poll, max(0.0, (found.next_due - self._clock.micros()) / 1e6))

    async def _note(self) -> None:
        ended, behind = list(self._ended), self._behind
        if not ended and not behind:
            return

        def note(session: Session) -> None:
            if behind:
                dispatch.put_behind(session.connection, behind)
            if ended:
                self._outcomes.note(session, ended)

        await self._database.run(note, write=True)
        self._behind = []
        del self._ended[: len(ended)]
        for outcome in ended:
            self._hands.noted(outcome.parcel)

    def _look(self, session: Session, parts: tuple[int, ...], room: Room) -> _Found:
        connection, now = session.connection, self._clock.micros()
        hubs = dispatch.hubs_due(connection, parts, room.full, now)
        rooms = {hub: room.of(hub, failing=failing) for hub, failing in hubs.items()}
        idle = hubs.keys() - room.taken.keys()
        chosen: list[int] = []
        behind: list[int] = []
        for one in dispatch.due(connection, list(hubs), room.held, now, _LOOK) if hubs else ():
            if one.behind:
                behind.append(one.id)
                continue
            left = room.total - len(chosen) - (0 if one.hub in idle else room.kept)
            if rooms[one.hub] > 0 and left > 0 and one.line not in room.lines:
                rooms[one.hub] -= 1
                idle.discard(one.hub)
                chosen.append(one.id)
        parcels = dispatch.parcels(connection, chosen, AHEAD_SIZE) if chosen else []
        return _Found(parcels, behind, dispatch.next_due(connection, parts, now))

    def _start(self, parcel: Parcel) -> None:
        task = asyncio.create_task(self._send(parcel))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, parcel: Parcel) -> None:
        if self._leases.lapsed:
            self._hands.unsent(parcel)
            return
        sent = await self._poster.post(parcel)
        outcome = self._outcomes.of(parcel, sent, self._clock.micros())
        self._ended.append(outcome)
        if self._hands.sent(parcel, succeeded=sent.attempt.succeeded):
            self.wake()

    async def _say_farewell(self) -> None:
        """Let end what soon does, and give the rest to others."""
        self._hands.put_back()
        if self._sending:
            await asyncio.wait(self._sending, timeout=_FAREWELL)
        for task in list(self._sending):
            task.cancel()
        with suppress(Exception):  # what is not noted is sent again
            await self._note()
            await self._leases.release()
