"""Matching: which listeners an event is for. The hub is one of those who take every event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache

import structlog

from tmf.access.callers import Caller
from tmf.access.visibility import Visibility
from tmf.events.clock import Clock
from tmf.events.takers import Taker
from tmf.hub.queries import parse_query
from tmf.hub.subscriptions import Subscriptions
from tmf.spec.model import Api
from tmf.store import deliveries
from tmf.store.deliveries import Heard, Listening
from tmf.store.outbox import OutboxEvent
from tmf.store.session import Session
from tmf.tmf630_guidelines.criteria import Node
from tmf.tmf630_guidelines.documents import Document, decode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import matches

log = structlog.get_logger("tmf.hub")


class Matcher:
    """Writes a delivery for every listener that an event is for."""

    def __init__(self, apis: Iterable[Api], clock: Clock) -> None:
        self._apis = {api.name: api for api in apis}
        self._clock = clock
        self._visibilities = {
            resource.key: Visibility(resource)
            for api in self._apis.values()
            for resource in api.resources.values()
        }
        self._criteria = lru_cache(maxsize=4096)(self._parsed)

    def taker(self, taken: Callable[[], None]) -> Taker:
        """The hub as it takes events; `taken` hears that some were matched."""
        return Taker("hub", self.take, lambda event: event.api in self._apis, taken)

    def take(self, session: Session, events: Sequence[OutboxEvent]) -> None:
        """Match events. Listeners are read after the events, so that none is missed."""
        known = {
            whose: deliveries.listening(session.connection, *whose)
            for whose in {(event.realm, event.api) for event in events}
        }
        heard = [
            Heard(event, hubs)
            for event in events
            if (hubs := self._hubs(event, known[event.realm, event.api]))
        ]
        deliveries.add(session.connection, heard, self._clock.micros())

    def _hubs(self, event: OutboxEvent, listeners: Iterable[Listening]) -> list[str]:
        """Which of the listeners hear of an event."""
        read = ReadEvent(event)
        return [listener.id for listener in listeners if self.hears(listener, read)]

    def hears(self, listener: Listening, read: ReadEvent) -> bool:
        """Whether the event is one that the listener may see and wants."""
        event = read.event
        if listener.party is not None:
            visibility = self._visibilities.get(f"{event.api}.{event.resource}")
            caller = Caller(event.realm, "partner", listener.party)
            if visibility is None or not visibility.sees(caller, read.resource):
                return False
        if not listener.query:
            return True
        criteria = self._criteria(event.api, listener.query)
        return criteria is not None and matches(criteria, read.document)

    def _parsed(self, api: str, query: str) -> Node | None:
        """A query's criteria; None if it was understood once and is no more."""
        known = self._apis[api]
        try:
            return parse_query(query, known, Subscriptions(known, self._clock).kind_of).criteria
        except GuidelineError as error:
            log.error("listener's query not understood", api=api, query=query, error=str(error))
            return None


class ReadEvent:
    """An event, and its document once somebody asks for it."""

    def __init__(self, event: OutboxEvent) -> None:
        self.event = event

    @cached_property
    def document(self) -> Document:
        """The whole event."""
        document: Document = decode(self.event.body)
        return document

    @property
    def resource(self) -> Document:
        """The resource in it."""
        resource: Document = self.document["event"][self.event.resource]
        return resource
