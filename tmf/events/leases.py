"""Leases: who of the running processes works on which part of something.

Each holds a fair share for some seconds at a time. A lease says who should work, so that nobody
does the same twice at once; that nothing takes effect twice is the receipts' doing, since a
process may be stopped for longer than its lease and then go on.
"""

from __future__ import annotations

import math
import time
import uuid

from tmf.store import leases
from tmf.store.database import Database
from tmf.store.leases import Claim, Share
from tmf.store.session import Session

_LOOK = 0.5
"""Seconds until another look at what has become free, for those without all parts."""


class Leases:
    """A process's share of the parts 0 to `count` - 1 of some work; `held` are its parts, and
    `open` those of them on which it may begin something.

    A part belongs to its holder for `seconds` after it was last heard of, so `keep` must be called
    at least every `renewal` seconds. Leases run on the machine's time: a moved clock frees nothing.
    """

    def __init__(self, database: Database, work: str, count: int, seconds: float) -> None:
        self._database = database
        self._work = work
        self._count = count
        self._seconds = seconds
        self._micros = int(seconds * 1_000_000)
        self.renewal = seconds / 3
        self._name = str(uuid.uuid4())
        self._kept = -math.inf
        self.held: tuple[int, ...] = ()
        self.open: tuple[int, ...] = ()

    @property
    def all_held(self) -> bool:
        """Whether every part is this process's."""
        return len(self.held) == self._count

    @property
    def lapsed(self) -> bool:
        """Whether this process was not heard of for so long that others may hold its parts."""
        return time.monotonic() >= self._kept + self._seconds

    async def keep(self, busy: frozenset[int] = frozenset()) -> None:
        """Renew, take what is free, and give up what is more than a fair share; if it is time.

        Parts that are `busy` are given up once they are not; until then they are not `open`.
        """
        every = self.renewal if self.all_held else min(_LOOK, self.renewal)
        now = time.monotonic()
        if now < self._kept + every:
            return
        share = await self._database.run(lambda session: self._keep(session, busy), write=True)
        self.held, self.open = share.held, share.open
        self._kept = now

    async def release(self) -> None:
        """Give everything up."""
        self.held = self.open = ()
        self._kept = -math.inf
        await self._database.run(
            lambda session: leases.release(session.connection, self._work, self._name), write=True
        )

    def _keep(self, session: Session, busy: frozenset[int]) -> Share:
        now = time.time_ns() // 1000
        claim = Claim(self._work, self._count, self._name, now, now + self._micros)
        leases.enter(session.connection, claim)
        if not self.held:
            leases.set_up(session.connection, claim)
        return leases.share(session.connection, claim, busy)
