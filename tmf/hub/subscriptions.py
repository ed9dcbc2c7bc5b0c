"""Listeners and what they asked for, kept in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, select

from tmf.access.callers import Caller
from tmf.events.clock import Clock
from tmf.events.ids import new_id
from tmf.hub.queries import parse_query
from tmf.hub.signing import new_secret
from tmf.spec.model import Api
from tmf.store.deliveries import part_of
from tmf.store.session import Session
from tmf.store.tables import hub
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import Kind

_ENVELOPE: dict[str, Kind] = {
    "eventId": "text",
    "eventTime": "instant",
    "eventType": "text",
    "correlationId": "text",
    "domain": "text",
    "title": "text",
    "description": "text",
    "priority": "text",
    "timeOcurred": "instant",
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """One listener of one API: events that satisfy `query` go to `callback`.

    `secret` is known only to the answer of the registration.
    """

    id: str
    callback: str
    query: str | None
    secret: str | None = None

    def document(self) -> dict[str, str]:
        """The `EventSubscription` as clients see it."""
        document = {"id": self.id, "callback": self.callback}
        if self.query is not None:
            document["query"] = self.query
        if self.secret is not None:
            document["secret"] = self.secret
        return document


class Subscriptions:
    """The listeners of one API. Callers bring the session."""

    def __init__(self, api: Api, clock: Clock, partner_listeners: int = 20) -> None:
        """A partner may have at most `partner_listeners`: each costs something at every event."""
        self._api = api
        self._clock = clock
        self._partner_listeners = partner_listeners

    def register(
        self, session: Session, caller: Caller, callback: str, query: str | None
    ) -> Subscription:
        """Keep a new listener; 400 if its query cannot be understood, 409 if there are too many."""
        if query:
            parse_query(query, self._api, self.kind_of)
        if caller.party is not None:
            self._check_count(session, caller)
        secret = new_secret()
        subscription = Subscription(new_id(self._clock), callback, query, secret)
        session.connection.execute(
            insert(hub).values(
                realm=caller.realm,
                party=caller.party,
                id=subscription.id,
                api=self._api.name,
                callback=callback,
                query=query,
                secret=secret,
                part=part_of(subscription.id),
                created=self._clock.micros(),
            )
        )
        return subscription

    def _check_count(self, session: Session, caller: Caller) -> None:
        counted = select(func.count()).select_from(hub).where(*self._of(caller))
        if session.connection.execute(counted).scalar_one() >= self._partner_listeners:
            most = self._partner_listeners
            raise GuidelineError(
                "conflict", f"there are {most} listeners already: delete one first"
            )

    def find(self, session: Session, caller: Caller, identity: str) -> Subscription | None:
        """The listener of this id, or None."""
        row = session.connection.execute(
            select(hub.c.id, hub.c.callback, hub.c.query).where(
                *self._of(caller), hub.c.id == identity
            )
        ).first()
        return Subscription(*row) if row else None

    def all(self, session: Session, caller: Caller) -> list[Subscription]:
        """The listeners in order of registration."""
        rows = session.connection.execute(
            select(hub.c.id, hub.c.callback, hub.c.query)
            .where(*self._of(caller))
            .order_by(hub.c.id)
        )
        return [Subscription(*row) for row in rows]

    def remove(self, session: Session, caller: Caller, identity: str) -> bool:
        """Forget a listener; False if there was none."""
        removed = session.connection.execute(
            delete(hub).where(*self._of(caller), hub.c.id == identity)
        )
        return bool(removed.rowcount)

    def _of(self, caller: Caller) -> tuple[ColumnElement[bool], ...]:
        """Conditions of the listeners that are the caller's: its realm's, a partner's party's."""
        own = (hub.c.realm == caller.realm, hub.c.api == self._api.name)
        return own if caller.party is None else (*own, hub.c.party == caller.party)

    def kind_of(self, path: tuple[str, ...]) -> Kind | None:
        """How an attribute of an event is compared: of the envelope, or of the resource in it."""
        if path[0] != "event":  # the envelope is flat: eventType.regex is an operator
            return _ENVELOPE.get(path[0]) if len(path) == 1 else None
        resources: Mapping[str, object] = self._api.resources
        if len(path) < 3 or path[1] not in resources:
            return "object" if len(path) < 3 and (len(path) == 1 or path[1] in resources) else None
        return self._api.resources[path[1]].kind_of(path[2:])
