"""Due work: what must be done after a change, stored with it and claimed under a lease.

A worker that dies keeps its lease for a few seconds; then another takes the work up again, so
handlers must be able to run twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import structlog
from sqlalchemy import bindparam, delete, insert, or_, select, update

from tmf.events.running import Runner
from tmf.store.database import Database
from tmf.store.session import Session
from tmf.store.tables import work

_POLL = 2.0

_PAUSE = 0.1
"""Seconds from one look for work to the next: under load there is a wake for every request."""

log = structlog.get_logger("tmf.work")


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of due work: `kind` is a resource key, `subject` the resource's id."""

    id: str
    realm: str
    kind: str
    subject: str
    attempts: int


class InterruptedWorkError(Exception):
    """The server is stopping: the work is given back and done again later."""


Handler: TypeAlias = Callable[[Task, Callable[[], None]], None]
"""Does the work, in its own transactions; runs in a thread. Must not raise for bad data.

Long work calls the second argument now and then; it raises if the server is stopping.
"""


def enqueue(session: Session, realm: str, kind: str, subject: str) -> None:
    """Make work due at once, in the caller's transaction."""
    session.connection.execute(
        insert(work).values(
            id=str(uuid.uuid4()),
            realm=realm,
            kind=kind,
            subject=subject,
            due=_now(),
            attempts=0,
            leased_until=0,
        )
    )


def _now() -> int:
    # Leases run on the machine's time: a moved clock must not free or lock anything.
    return time.time_ns() // 1000


class Worker(Runner):
    """Claims due work and runs its handler, one piece at a time.

    Claimed work belongs to its worker for `lease` seconds; that is renewed while it runs.
    """

    def __init__(
        self, database: Database, handlers: Mapping[str, Handler], *, lease: float
    ) -> None:
        super().__init__()
        self._database = database
        self._handlers = handlers
        self._lease_time = lease
        self._name = str(uuid.uuid4())

    async def run(self) -> None:
        """Work until `stop`."""
        while not self.stopping:
            looked = time.monotonic()
            try:
                while not self.stopping and (
                    task := await self._database.run(self._claim, write=True)
                ):
                    await self._do(task)
            except Exception:  # the loop must outlive a database that is away for a while
                log.exception("work cannot be claimed")
            await self._rest(min(_POLL, self._lease_time / 3))
            await asyncio.sleep(looked + _PAUSE - time.monotonic())

    def _go_on(self) -> None:
        if self.stopping:
            raise InterruptedWorkError

    async def _do(self, task: Task) -> None:
        renewing = asyncio.create_task(self._renew(task))
        try:
            await asyncio.to_thread(self._handlers[task.kind], task, self._go_on)
            await self._database.run(lambda session: self._finish(session, task), write=True)
        except InterruptedWorkError:
            await self._database.run(lambda session: self._release(session, task, 0), write=True)
        except Exception:
            log.exception("work failed", kind=task.kind, subject=task.subject)
            wait = min(300, 2**task.attempts)
            await self._database.run(lambda session: self._release(session, task, wait), write=True)
        finally:
            renewing.cancel()

    async def _renew(self, task: Task) -> None:
        while True:
            await asyncio.sleep(self._lease_time / 3)
            with contextlib.suppress(Exception):  # a lease missed once still holds
                await self._database.run(lambda session: self._lease(session, task.id), write=True)

    def _claim(self, session: Session) -> Task | None:
        now = _now()
        free = (
            select(work)
            .where(
                work.c.due <= now,
                work.c.kind.in_(bindparam("kinds", expanding=True)),
                or_(work.c.leased_until < now, work.c.holder == self._name),
            )
            .order_by(work.c.due)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = session.connection.execute(free, {"kinds": list(self._handlers)}).first()
        if row is None:
            return None
        self._lease(session, row.id)
        return Task(row.id, row.realm, row.kind, row.subject, row.attempts)

    def _lease(self, session: Session, identity: str) -> None:
        until = _now() + int(self._lease_time * 1_000_000)
        session.connection.execute(
            update(work).where(work.c.id == identity).values(leased_until=until, holder=self._name)
        )

    def _finish(self, session: Session, task: Task) -> None:
        session.connection.execute(delete(work).where(work.c.id == task.id))

    def _release(self, session: Session, task: Task, wait: int) -> None:
        """Give the work back, due again in `wait` seconds."""
        session.connection.execute(
            update(work)
            .where(work.c.id == task.id)
            .values(due=_now() + wait * 1_000_000, attempts=task.attempts + 1, leased_until=0)
        )
