"""Due work: what must be done after a change, or at a time; stored, and claimed under a lease.

A worker that dies keeps its lease for a few seconds; then another takes the work up again, so
handlers must be able to run twice. What they end with takes effect once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import structlog
from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from tmf.events.clock import Clock
from tmf.events.running import Runner
from tmf.store.database import Database
from tmf.store.session import Session
from tmf.store.tables import work

AT_ONCE = 0
"""A due time that has always been."""

_POLL = 2.0

_PAUSE = 0.1
"""Seconds from one look for work to the next: under load there is a wake for every request."""

log = structlog.get_logger("tmf.work")


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of due work: `kind` says what is to be done (`TMF620.importJob`), `subject` with
    which resource.
    """

    id: str
    realm: str
    kind: str
    subject: str
    attempts: int


class InterruptedWorkError(Exception):
    """The server is stopping: the work is given back and done again later."""


class LostWorkError(Exception):
    """The work is no longer this worker's: what it ends with must not take effect."""


Effect: TypeAlias = Callable[[Session], None]
"""What work ends with, in the transaction that notes that it is done."""

Handler: TypeAlias = Callable[[Task, Callable[[], None]], Effect | None]
"""Does the work, in its own transactions; runs in a thread. If it raises, it is tried again later.

Long work calls the second argument now and then; it raises if the server is stopping.
"""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What was found to do, and when more becomes due (microseconds), if that is known."""

    tasks: Sequence[Task]
    next_due: int | None


def enqueue(session: Session, realm: str, kind: str, subject: str, due: int = AT_ONCE) -> None:
    """Make work due at a time (microseconds of the server's clock), in the caller's transaction."""
    session.connection.execute(
        insert(work).values(
            id=str(uuid.uuid4()),
            realm=realm,
            kind=kind,
            subject=subject,
            due=due,
            attempts=0,
            leased_until=0,
        )
    )


def forget(session: Session, realm: str, kind: str, subject: str) -> None:
    """Have it not done. What is under way at this moment has no effect any more."""
    session.connection.execute(
        delete(work).where(work.c.realm == realm, work.c.kind == kind, work.c.subject == subject)
    )


class Worker(Runner):
    """Claims due work and runs its handlers, up to `at_once` pieces at a time.

    Claimed work belongs to its worker for `lease` seconds; that is renewed while it runs.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[str, Handler],
        *,
        lease: float,
        at_once: int = 1,
    ) -> None:
        super().__init__()
        self._database = database
        self._clock = clock
        self._handlers = handlers
        self._lease_time = lease
        self._at_once = at_once
        self._name = str(uuid.uuid4())
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work until `stop`."""
        self._clock.moved.append(self.wake)
        while not self.stopping:
            looked = time.monotonic()
            pause = min(_POLL, self._lease_time / 3)
            try:
                pause = min(pause, await self._take_up())
            except Exception:  # the loop must outlive a database that is away for a while
                log.exception("work cannot be claimed")
            await self._rest(pause)
            if not self._running and not self.stopping:
                await asyncio.sleep(looked + _PAUSE - time.monotonic())
        if self._running:
            await asyncio.wait(self._running.values())

    async def _take_up(self) -> float:
        """Begin what is due, as far as there is room; seconds until more may become due."""
        room = self._at_once - len(self._running)
        if room <= 0:
            return _POLL
        claimed = await self._database.run(lambda session: self._claim(session, room), write=True)
        for task in claimed.tasks:
            running = asyncio.create_task(self._do(task))
            self._running[task.id] = running
            running.add_done_callback(lambda _, task=task: self._ended(task))  # type: ignore[misc]
        if len(claimed.tasks) == room:
            return _POLL
        if claimed.next_due is None:
            return _POLL
        return max(0.0, (claimed.next_due - self._clock.micros()) / 1e6)

    def _ended(self, task: Task) -> None:
        del self._running[task.id]
        self.wake()

    def _go_on(self) -> None:
        if self.stopping:
            raise InterruptedWorkError

    async def _do(self, task: Task) -> None:
        renewing = asyncio.create_task(self._renew(task))
        try:
            effect = await asyncio.to_thread(self._handlers[task.kind], task, self._go_on)
            await self._database.run(
                lambda session: self._finish(session, task, effect), write=True
            )
        except LostWorkError:
            log.info("work was taken away", kind=task.kind, subject=task.subject)
        except InterruptedWorkError:
            await self._give_back(task, None)
        except Exception:
            log.exception("work failed", kind=task.kind, subject=task.subject)
            await self._give_back(task, min(300, 2**task.attempts))
        finally:
            renewing.cancel()

    async def _give_back(self, task: Task, wait: int | None) -> None:
        with contextlib.suppress(Exception):  # else the lease runs out
            await self._database.run(lambda session: self._release(session, task, wait), write=True)

    async def _renew(self, task: Task) -> None:
        while True:
            await asyncio.sleep(self._lease_time / 3)
            with contextlib.suppress(Exception):  # a lease missed once still holds
                await self._database.run(
                    lambda session: self._lease(session, [task.id]), write=True
                )

    def _claim(self, session: Session, room: int) -> _Claimed:
        now, machine = self._clock.micros(), _machine()
        known = {"kinds": list(self._handlers), "running": list(self._running)}
        ours = (
            work.c.kind.in_(bindparam("kinds", expanding=True)),
            work.c.id.not_in(bindparam("running", expanding=True)),
        )
        free = (
            select(work)
            .where(
                work.c.due <= now,
                *ours,
                or_(work.c.leased_until < machine, work.c.holder == self._name),
            )
            .order_by(work.c.due)
            .limit(room)
            .with_for_update(skip_locked=True)
        )
        rows = session.connection.execute(free, known).all()
        if rows:
            self._lease(session, [row.id for row in rows])
        tasks = [Task(row.id, row.realm, row.kind, row.subject, row.attempts) for row in rows]
        later = select(func.min(work.c.due)).where(work.c.due > now, *ours)
        return _Claimed(tasks, session.connection.execute(later, known).scalar())

    def _lease(self, session: Session, identities: Sequence[str]) -> None:
        until = _machine() + int(self._lease_time * 1_000_000)
        session.connection.execute(
            update(work)
            .where(work.c.id.in_(identities))
            .values(leased_until=until, holder=self._name)
        )

    def _finish(self, session: Session, task: Task, effect: Effect | None) -> None:
        """Note that it is done, and let it have its effect, unless somebody else has done it."""
        done = session.connection.execute(delete(work).where(work.c.id == task.id))
        if done.rowcount == 0:
            raise LostWorkError
        if effect is not None:
            effect(session)

    def _release(self, session: Session, task: Task, wait: int | None) -> None:
        """Give the work back: as it was, or as failed once more and due again in `wait` seconds."""
        values: dict[str, object] = {"leased_until": 0}
        if wait is not None:
            values |= {
                "due": self._clock.micros() + wait * 1_000_000,
                "attempts": task.attempts + 1,
            }
        session.connection.execute(update(work).where(work.c.id == task.id).values(values))


def _machine() -> int:
    # Leases run on the machine's time: a moved clock must not free or lock anything.
    return time.time_ns() // 1000
