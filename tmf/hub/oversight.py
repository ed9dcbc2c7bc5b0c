"""Looking after listeners: what the operator's commands and interface have in common.

Everything is within one realm; a listener that it does not have is a 404.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from tmf.events.clock import Clock
from tmf.events.ids import new_id
from tmf.hub import administration, reports
from tmf.hub.matching import Matcher
from tmf.hub.posting import Sent
from tmf.hub.recovery import Asked, Progress, Recovery
from tmf.store.database import Database
from tmf.store.dispatch import Parcel
from tmf.store.session import Session
from tmf.store.tables import hub
from tmf.tmf630_guidelines.documents import Document, encode

T = TypeVar("T")

_END = 253_402_300_799_000_000  # the last second of the year 9999

_DEADLOCK = "40P01"  # PostgreSQL's SQLSTATE
_TRIES = 10

TEST_EVENT = "ListenerTestEvent"
"""The type of what `test` sends: no API has events of this type."""


class Sender(Protocol):
    """Posts to a listener, however that ends."""

    async def post(self, parcel: Parcel) -> Sent:
        """One attempt."""


class Oversight:
    """What there is to see of listeners, and to do about them.

    `open_sender` gives something to post a test event with.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        matcher: Matcher,
        open_sender: Callable[[], AbstractAsyncContextManager[Sender]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._matcher = matcher
        self._open_sender = open_sender

    async def listeners(
        self, realm: str, api: str | None = None, *, offset: int = 0, limit: int = 1000
    ) -> tuple[list[Document], int]:
        """Listeners in order of registration, and how many there are in all."""
        return await self._database.run(
            lambda session: reports.listeners(session, realm, api, offset=offset, limit=limit)
        )

    async def listener(self, realm: str, identity: str) -> Document:
        """How a listener is doing."""
        return await self._database.run(lambda session: reports.listener(session, realm, identity))

    async def attempts(
        self, realm: str, identity: str, *, failed: bool = False, limit: int = 100
    ) -> list[Document]:
        """The last attempts to tell a listener, the latest first."""
        return await self._database.run(
            lambda session: reports.attempts(session, realm, identity, failed=failed, limit=limit)
        )

    async def disable(self, realm: str, identity: str) -> Document:
        """Send a listener nothing more; how it is then."""
        return await self._changed(administration.disable, realm, identity)

    async def enable(self, realm: str, identity: str) -> Document:
        """Send to a listener again; how it is then."""
        return await self._changed(administration.enable, realm, identity)

    async def _changed(
        self, change: Callable[[Session, str, str], None], realm: str, identity: str
    ) -> Document:
        def work(session: Session) -> Document:
            change(session, realm, identity)
            return reports.listener(session, realm, identity)

        return await self._write(work)

    async def rotate(self, realm: str, identity: str, *, at_once: bool = False) -> Document:
        """Give a listener a new secret; that, told this once."""
        return await self._write(
            lambda session: administration.rotate(session, realm, identity, at_once=at_once)
        )

    async def resend(
        self,
        realm: str,
        identity: str,
        since: int,
        until: int | None,
        *,
        parked: bool = False,
        delivered: bool = False,
    ) -> Document:
        """Send a listener what it missed of a range (see `recovery.Asked`); how much that is.

        The range's ends are in microseconds since 1970; without the second it ends now.
        """
        end = self._clock.micros() if until is None else until
        # No event is older than that or later: such times could not even be written.
        since, end = max(since, 0), min(end, _END)
        asked = Asked(since, end, parked=parked, delivered=delivered)
        recovery = Recovery(self._matcher, realm, identity, asked)
        progress = Progress()
        while not progress.done:
            reached = progress

            def step(session: Session, reached: Progress = reached) -> Progress:
                return recovery.step(session, reached)

            progress = await self._write(step)
        return progress.document(asked)

    async def _write(self, work: Callable[[Session], T]) -> T:
        """A transaction, begun again where it and a deliverer's have waited for each other."""
        for _ in range(_TRIES - 1):
            try:
                return await self._database.run(work, write=True)
            except DBAPIError as error:
                if getattr(error.orig, "pgcode", None) != _DEADLOCK:
                    raise
        return await self._database.run(work, write=True)

    async def test(self, realm: str, identity: str) -> Document:
        """Send a listener a signed test event, once, even if it is disabled; what came of it."""
        parcel = await self._database.run(lambda session: self._parcel(session, realm, identity))
        async with self._open_sender() as sender:
            attempt = (await sender.post(parcel)).attempt
        return reports.present(
            delivered=attempt.succeeded,
            eventId=parcel.event,
            milliseconds=attempt.milliseconds,
            status=attempt.status,
            error=attempt.error,
            answer=attempt.answer,
        )

    def _parcel(self, session: Session, realm: str, identity: str) -> Parcel:
        """A test event, as if it were due. Its number is 0: it does not count."""
        known = select(hub).where(hub.c.realm == realm, hub.c.id == identity)
        row = session.connection.execute(known).first()
        if row is None:
            raise reports.missing(identity)
        event = new_id(self._clock)
        return Parcel(
            id=0,
            hub=identity,
            sequence=0,
            event=event,
            resource="",
            subject="",
            tries=0,
            attempts=0,
            body=self._test_event(event),
            api=row.api,
            callback=row.callback,
            query=None,
            secret=row.secret,
            previous_secret=row.previous_secret,
            previous_until=row.previous_until,
        )

    def _test_event(self, identity: str) -> str:
        now = self._clock.text()
        return encode(
            {
                "eventId": identity,
                "eventTime": now,
                "eventType": TEST_EVENT,
                "timeOcurred": now,
                "title": "Test of this listener",
                "description": "Sent by the operator. Nothing has happened.",
            }
        ).decode()
