"""Recovery: what a listener missed in a range of time is sent to it (again).

It goes on in small transactions, so that nobody waits for it however long the range is. A part
that was done stays done, so it can be asked for again after a failure.

What is sent again keeps its number; an event that was never kept for the listener gets the next
one, in the order of the changes. Of one resource it may come after newer ones, by nature.
"""

from __future__ import annotations

from typing import NamedTuple

from tmf.hub.matching import Matcher, ReadEvent
from tmf.hub.reports import missing
from tmf.store import deliveries
from tmf.store.deliveries import Heard, Listening
from tmf.store.missed import (
    Recovered,
    Stretch,
    first_position,
    last_sequence,
    never_kept,
    recovered,
    send_again,
)
from tmf.store.session import Session
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import instant

WINDOW = 500
"""Deliveries, or events of the outbox, that one transaction looks at."""

_SLACK = 3600 * 1_000_000
"""Microseconds by which an event's time and its place in the outbox may disagree: for as long as
its transaction took."""


class Asked(NamedTuple):
    """What to send: events of that time, in microseconds since 1970, both ends included.

    What was not delivered is sent: deliveries that wait or are parked, and events since the
    listener's registration that were never kept for it, because it was disabled. With `parked`
    only what is parked; with `delivered` also what was delivered.
    """

    since: int
    until: int
    parked: bool = False
    delivered: bool = False

    @property
    def states(self) -> tuple[str, ...]:
        """Of deliveries that are sent again."""
        if self.parked:
            return ("parked",)
        return ("parked", "waiting", *(("delivered",) if self.delivered else ()))


class Progress(NamedTuple):
    """How far recovery has come: deliveries up to `sequence`; then, of the outbox, events up to
    `position`, which is before `end` as long as any are left.
    """

    again: int = 0
    first: int = 0
    sequence: int = 0
    position: int | None = None
    end: int = 0
    done: bool = False

    def document(self, asked: Asked) -> Document:
        """What was done, as operators see it."""
        return {
            "since": instant(asked.since),
            "until": instant(asked.until),
            "sentAgain": self.again,
            "sentFirst": self.first,
        }


class Recovery:
    """Sends one listener what it missed, step by step."""

    def __init__(self, matcher: Matcher, realm: str, identity: str, asked: Asked) -> None:
        if asked.parked and asked.delivered:
            raise GuidelineError("invalidDocument", "parked and delivered exclude each other")
        if asked.since > asked.until:
            raise GuidelineError("invalidDocument", "the range ends before it begins")
        self._matcher = matcher
        self._realm = realm
        self._id = identity
        self._asked = asked

    def step(self, session: Session, progress: Progress) -> Progress:
        """The next transaction. 404 without the listener, 409 if it is disabled."""
        listener = recovered(session.connection, self._realm, self._id)
        if listener is None:
            raise missing(self._id)
        if listener.disabled:
            raise GuidelineError("conflict", "the listener is disabled: enable it first")
        if progress.position is None:
            return self._send_again(session, progress)
        return self._send_first(session, progress, progress.position, listener)

    def _send_again(self, session: Session, progress: Progress) -> Progress:
        """Deliveries that there are: each gets a new schedule, from now on."""
        connection, asked = session.connection, self._asked
        stretch = self._stretch(progress.sequence, progress.sequence + WINDOW)
        sent = send_again(connection, self._id, stretch, asked.states, session.now())
        further = progress._replace(again=progress.again + sent, sequence=stretch.last)
        if stretch.last < last_sequence(connection, self._realm, self._id):
            return further
        if asked.parked:
            return further._replace(done=True)
        return further._replace(
            position=first_position(connection, asked.since - _SLACK) - 1,
            end=first_position(connection, asked.until + _SLACK) - 1,
        )

    def _send_first(
        self, session: Session, progress: Progress, after: int, listener: Recovered
    ) -> Progress:
        """Events that were never kept for the listener and are still in the outbox."""
        connection = session.connection
        stretch = self._stretch(after, min(after + WINDOW, progress.end))
        stretch = stretch._replace(since=max(stretch.since, listener.registered))
        listening = Listening(self._id, listener.query, listener.party)
        heard = [
            Heard(one.event, [self._id])
            for one in never_kept(connection, self._realm, listener.api, self._id, stretch)
            if self._matcher.hears(listening, ReadEvent(one.event))
        ]
        deliveries.add(connection, heard, session.now())
        return progress._replace(
            first=progress.first + len(heard),
            position=stretch.last,
            done=stretch.last >= progress.end,
        )

    def _stretch(self, after: int, last: int) -> Stretch:
        return Stretch(after, last, self._asked.since, self._asked.until)
