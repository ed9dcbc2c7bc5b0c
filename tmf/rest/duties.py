"""Duties: what an API's package has to do at a time, outside the database if need be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from tmf.events.work import Effect, Handler, Task
from tmf.rest.acting import Acting, ReactionContext
from tmf.rest.finding import matching
from tmf.store.database import Database
from tmf.store.rows import Row
from tmf.store.session import Session
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.query import ListQuery

T = TypeVar("T")


class DutyContext:
    """What a duty may look at; each look is a transaction of its own.

    `subject` is what it was planned for, `attempts` how often it has failed, `settings` are those
    that the API's extension names.
    """

    def __init__(
        self, database: Database, acting: Acting, task: Task, go_on: Callable[[], None]
    ) -> None:
        self._database = database
        self._acting = acting
        self.realm = task.realm
        self.subject = task.subject
        self.attempts = task.attempts
        self.settings: Mapping[str, Any] = acting.settings
        self.go_on = go_on
        """To be called now and then by what takes long; it raises if the server is stopping."""

    @property
    def now(self) -> str:
        """The server's time, as it is written into documents."""
        return self._acting.changes.clock.text()

    def read(self, key: str, identity: str) -> Document | None:
        """A resource of any API (`TMF620.productOffering`), with its id, or None."""
        resource = self._acting.changes.resources[key]
        with self._database.session() as session:
            row = session.get(resource, self.realm, identity)
        return None if row is None else self._acting.whole(resource, row)

    def find(self, key: str, query: str) -> Iterator[Document]:
        """The resources of any API that match a query as in an address, in id order."""
        resource = self._acting.changes.resources[key]

        def page(asked: ListQuery) -> list[Row]:
            self.go_on()
            with self._database.session() as session:
                return session.find(resource, self.realm, asked, count=False).rows

        return (self._acting.whole(resource, row) for row in matching(resource, query, page))

    def within(self, act: Callable[[ReactionContext], T]) -> T:
        """Do something at once, in a transaction of its own, whatever becomes of the duty."""
        with self._database.session(write=True) as session:
            return act(self._acting.within(session, self.realm))


Duty: TypeAlias = Callable[[DutyContext], Callable[[ReactionContext], None] | None]
"""Does what is due, outside any transaction, and returns what follows from it.

What it returns is done in one transaction with the note that the duty is done, once; it may
schedule the duty anew. What the duty itself does may be done twice, if a process dies. If either
raises, the duty is due again a little later.
"""


def duty_handlers(
    database: Database, acting: Acting, duties: Mapping[str, Duty]
) -> dict[str, Handler]:
    """The handlers of an API's duties, by kind of work (`TMF638.provision`)."""
    return {
        f"{acting.api.name}.{name}": _handler(database, acting, duty)
        for name, duty in duties.items()
    }


def _handler(database: Database, acting: Acting, duty: Duty) -> Handler:
    def handle(task: Task, go_on: Callable[[], None]) -> Effect | None:
        follows = duty(DutyContext(database, acting, task, go_on))
        if follows is None:
            return None

        def effect(session: Session) -> None:
            follows(acting.within(session, task.realm))

        return effect

    return handle
