"""Reactions: what an API does when it hears of an event, in the transaction of its receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from tmf.events.takers import Taker
from tmf.rest.attributes import whole
from tmf.rest.audit import SERVER, Audit
from tmf.rest.changes import Changes
from tmf.rest.telling import Cause
from tmf.spec.model import Api, Resource
from tmf.store.outbox import OutboxEvent
from tmf.store.rows import Row
from tmf.store.session import Session, document_of
from tmf.tmf630_guidelines.criteria import All, Compare, Field
from tmf.tmf630_guidelines.documents import Document, decode
from tmf.tmf630_guidelines.patch import MERGE
from tmf.tmf630_guidelines.query import ListQuery, parse_criteria

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Event:
    """What has happened: `type` as in `ProductOrderStateChangeEvent`, `resource` as in
    `TMF622.productOrder`, `id` that of the resource, `document` the resource as the change left
    it, `changed` the attributes that an attribute change names.
    """

    type: str
    resource: str
    id: str
    document: Document
    changed: tuple[str, ...] = ()


Reaction: TypeAlias = Callable[["ReactionContext", Event], None]
"""Does what follows from an event. If it raises, nothing of it is done and it is tried again."""


class ReactionContext:
    """What a reaction may do: read every API's resources, change those of its own.

    All within the realm of the event, and in one transaction with the receipt of the event: both
    or neither. The changes tell their own events, which belong to the same request.
    """

    def __init__(
        self,
        session: Session,
        changes: Changes,
        paths: Mapping[str, str],
        api: str,
        cause: Cause,
        audit: Callable[..., None],
    ) -> None:
        self._session = session
        self._changes = changes
        self._paths = paths
        self._api = api
        self._cause = cause
        self._audit = audit

    @property
    def now(self) -> str:
        """The server's time, as it is written into documents."""
        return self._changes.clock.text()

    def read(self, key: str, identity: str) -> Document | None:
        """A resource of any API (`TMF620.productOffering`), with its id, or None."""
        resource = self._changes.resources[key]
        row = self._session.get(resource, self._cause.realm, identity)
        return None if row is None else self._whole(resource, row)

    def find(self, key: str, query: str) -> Iterator[Document]:
        """The resources of any API that match a query as in an address, in id order."""
        resource = self._changes.resources[key]
        criteria = parse_criteria(query, resource.kind_of)
        last = ""
        while True:
            after = All((criteria, Field("id", Compare("gt", "text", (last,)))))
            asked = ListQuery(after, None, (), 0, _PAGE, None)
            rows = self._session.find(resource, self._cause.realm, asked).rows
            yield from (self._whole(resource, row) for row in rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1].id

    def create(self, name: str, document: Document) -> Document:
        """Create a resource of the own API, as a client would; it, with its id."""
        resource = self._own(name)
        row = self._changes.create(self._session, resource, self._cause, document)
        self._note("create", resource, row)
        return self._whole(resource, row)

    def patch(self, name: str, identity: str, patch: Document) -> Document | None:
        """Merge changes into a resource of the own API; it, or None if it is not there.

        The resource is locked until the reaction is done, as it is by `lock`.
        """
        resource = self._own(name)
        row = self._session.lock(resource, self._cause.realm, identity)
        if row is None:
            return None
        changed = self._changes.patch(self._session, resource, self._cause, row, MERGE, patch)
        if changed is not row:
            self._note("patch", resource, changed)
        return self._whole(resource, changed)

    def lock(self, name: str, identity: str) -> Document | None:
        """A resource of the own API, kept from others' changes until the reaction is done."""
        resource = self._own(name)
        row = self._session.lock(resource, self._cause.realm, identity)
        return None if row is None else self._whole(resource, row)

    def delete(self, name: str, identity: str) -> bool:
        """Delete a resource of the own API; False if it is not there."""
        resource = self._own(name)
        row = self._session.lock(resource, self._cause.realm, identity)
        if row is None:
            return False
        self._changes.delete(self._session, resource, self._cause, row)
        self._note("delete", resource, row)
        return True

    def _own(self, name: str) -> Resource:
        return self._changes.resources[f"{self._api}.{name}"]

    def _whole(self, resource: Resource, row: Row) -> Document:
        href = f"{self._cause.origin}{self._paths[resource.key]}/{row.id}"
        return whole(row.id, href, document_of(row))

    def _note(self, operation: str, resource: Resource, row: Row) -> None:
        """Tell the audit, once all is committed."""
        told = partial(self._audit, operation, SERVER, self._cause.realm, resource.key, row.id)
        self._session.afterwards.append(partial(told, revision=row.revision))


class Reactions:
    """The reactions of one API's package, by event type; takes events for them."""

    def __init__(
        self,
        api: Api,
        reactions: Mapping[str, Sequence[Reaction]],
        changes: Changes,
        audit: Audit,
        origin: str,
    ) -> None:
        known = {event for resource in changes.resources.values() for event in resource.events}
        if unknown := reactions.keys() - known:
            raise ValueError(f"{api.name} reacts to what never happens: {sorted(unknown)}")
        self._api = api.name
        self._reactions = reactions
        self._changes = changes
        self._audit = audit
        self._origin = origin
        self._paths = {key: rules.collection for key, rules in changes.rules.items()}

    def taker(self) -> Taker:
        """The taker that the bus gives events to."""
        return Taker(
            f"reactions.{self._api}", self._take, lambda event: event.type in self._reactions
        )

    def _take(self, session: Session, events: Sequence[OutboxEvent]) -> None:
        for told in events:
            self._react(session, told)

    def _react(self, session: Session, told: OutboxEvent) -> None:
        body: dict[str, Any] = decode(told.body)
        cause = Cause(told.realm, self._origin, body.get("correlationId", ""))
        context = ReactionContext(
            session, self._changes, self._paths, self._api, cause, self._audit
        )
        event = Event(
            told.type,
            f"{told.api}.{told.resource}",
            told.subject,
            body["event"][told.resource],
            tuple(filter(None, body.get("fieldPath", "").split(","))),
        )
        for reaction in self._reactions[told.type]:
            reaction(context, event)
