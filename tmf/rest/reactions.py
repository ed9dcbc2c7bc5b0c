"""Reactions: what an API does when it hears of an event, in the transaction of its receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tmf.events.takers import Taker
from tmf.rest.acting import Acting, ReactionContext
from tmf.store.outbox import OutboxEvent
from tmf.store.session import Session
from tmf.tmf630_guidelines.documents import Document, decode


@dataclass(frozen=True, slots=True)
class Event:
    """What has happened: `type` as in `ProductOrderStateChangeEvent`, `resource` as in
    `TMF622.productOrder`, `id` that of the resource, `document` the resource as the change left
    it, `changed` the attributes that an attribute change names, `time` when it happened.
    """

    type: str
    resource: str
    id: str
    document: Document
    changed: tuple[str, ...] = ()
    time: str = ""


Reaction: TypeAlias = Callable[[ReactionContext, Event], None]
"""Does what follows from an event. If it raises, nothing of it is done and it is tried again."""


class Reactions:
    """The reactions of one API's package, by event type; takes events for them."""

    def __init__(self, acting: Acting, reactions: Mapping[str, Sequence[Reaction]]) -> None:
        resources = acting.changes.resources.values()
        known = {event for resource in resources for event in resource.events}
        if unknown := reactions.keys() - known:
            raise ValueError(f"{acting.api.name} reacts to what never happens: {sorted(unknown)}")
        self._acting = acting
        self._reactions = reactions

    def taker(self) -> Taker:
        """The taker that the bus gives events to."""
        return Taker(
            f"reactions.{self._acting.api.name}",
            self._take,
            lambda event: event.type in self._reactions,
        )

    def _take(self, session: Session, events: Sequence[OutboxEvent]) -> None:
        for told in events:
            self._react(session, told)

    def _react(self, session: Session, told: OutboxEvent) -> None:
        body: dict[str, Any] = decode(told.body)
        context = self._acting.within(session, told.realm, body.get("correlationId", ""))
        event = Event(
            told.type,
            f"{told.api}.{told.resource}",
            told.subject,
            body["event"][told.resource],
            tuple(filter(None, body.get("fieldPath", "").split(","))),
            body["eventTime"],
        )
        for reaction in self._reactions[told.type]:
            reaction(context, event)
