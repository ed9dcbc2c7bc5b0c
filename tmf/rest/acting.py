"""What the packages' own work may do: read every API's resources, change those of one API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from tmf.events.work import AT_ONCE, enqueue, forget
from tmf.rest.attributes import whole
from tmf.rest.audit import SERVER, Audit
from tmf.rest.changes import Changes
from tmf.rest.finding import matching, names_any
from tmf.rest.telling import Cause
from tmf.spec.model import Api, Resource
from tmf.store.records import Records
from tmf.store.rows import Row
from tmf.store.session import Session, document_of
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.patch import MERGE
from tmf.tmf630_guidelines.query import ListQuery
from tmf.tmf630_guidelines.values import parse_instant


class ReactionContext:
    """What a reaction or a duty may do: read every API's resources, change those of its own.

    All within one realm, and in one transaction with the receipt of the event or the end of the
    duty: both or neither. The changes tell their own events, which belong to the same request.
    `settings` are those that the API's extension names. What a client's request leads to is for
    the request to tell the audit: it is not `noted` here.
    """

    def __init__(
        self, session: Session, acting: Acting, cause: Cause, *, noted: bool = True
    ) -> None:
        self._noted = noted
        self._session = session
        self._acting = acting
        self._changes = acting.changes
        self._cause = cause
        self._locked: dict[tuple[str, str], Row] = {}
        self.settings = acting.settings

    @property
    def now(self) -> str:
        """The server's time, as it is written into documents."""
        return self._changes.clock.text()

    @property
    def realm(self) -> str:
        """The realm in which it happens."""
        return self._cause.realm

    def read(self, key: str, identity: str) -> Document | None:
        """A resource of any API (`TMF620.productOffering`), with its id, or None."""
        resource = self._changes.resources[key]
        row = self._session.get(resource, self._cause.realm, identity)
        return None if row is None else self._whole(resource, row)

    def read_all(self, key: str, ids: Collection[str]) -> list[Document]:
        """Those resources of any API with these ids that there are, in no order."""
        resource = self._changes.resources[key]
        rows = self._session.several(resource, self.realm, ids)
        return [self._whole(resource, row) for row in rows]

    def naming(self, key: str, path: Sequence[str], values: Collection[str]) -> list[Document]:
        """The resources of any API that have one of the texts at a path, such as
        `("supportingResource", "id")`; in no order. For many values, where `find` would be slow.
        """
        resource = self._changes.resources[key]
        wanted = frozenset(values)
        rows = self._session.naming(resource, self.realm, path, wanted)
        found = (self._whole(resource, row) for row in rows)
        return [one for one in found if names_any(one, tuple(path), wanted)]

    def find(self, key: str, query: str) -> Iterator[Document]:
        """The resources of any API that match a query as in an address, in id order."""
        resource = self._changes.resources[key]

        def page(asked: ListQuery) -> list[Row]:
            return self._session.find(resource, self.realm, asked, count=False).rows

        return (self._whole(resource, row) for row in matching(resource, query, page))

    def hold(self, key: str, identity: str) -> Document | None:
        """The same as `read`, and nobody changes the resource until the reaction is done."""
        resource = self._changes.resources[key]
        row = self._session.hold(resource, self._cause.realm, identity)
        return None if row is None else self._whole(resource, row)

    def together(self) -> AbstractContextManager[None]:
        """A block within which what is stored and patched may be written at its end, in few
        statements: for many resources. Ids that are taken fail the whole block.
        """
        return self._session.together()

    def create(self, name: str, document: Document) -> Document:
        """Create a resource of the own API, as a client would; it, with its id."""
        resource = self._own(name)
        row = self._changes.create(self._session, resource, self._cause, document)
        return self._changed("create", resource, row)

    def store(self, name: str, document: Document) -> Document:
        """Create a resource of the own API that clients do not create, or not so."""
        resource = self._own(name)
        row = self._changes.store(self._session, resource, self._cause, document)
        return self._changed("create", resource, row)

    def patch(
        self, name: str, identity: str, patch: Document, *, own: bool = False
    ) -> Document | None:
        """Merge changes into a resource of the own API; it, or None if it is not there.

        With `own` it may change what clients may not. The resource is locked until the reaction
        is done, as it is by `lock`.
        """
        resource = self._own(name)
        row = self._lock(resource, identity)
        if row is None:
            return None
        changed = self._changes.patch(
            self._session, resource, self._cause, row, MERGE, patch, own=own
        )
        if changed is row:
            return self._whole(resource, row)
        return self._changed("patch", resource, changed)

    def lock(self, name: str, identity: str) -> Document | None:
        """A resource of the own API, kept from others' changes until the reaction is done."""
        resource = self._own(name)
        row = self._lock(resource, identity)
        return None if row is None else self._whole(resource, row)

    def lock_all(self, name: str, ids: Collection[str]) -> dict[str, Document]:
        """Resources of the own API by id, kept from others' changes until the reaction is done."""
        resource = self._own(name)
        rows = self._session.several(resource, self.realm, ids, lock=True)
        self._locked |= {(resource.key, row.id): row for row in rows}
        return {row.id: self._whole(resource, row) for row in rows}

    def delete(self, name: str, identity: str) -> bool:
        """Delete a resource of the own API; False if it is not there."""
        resource = self._own(name)
        row = self._lock(resource, identity)
        if row is None:
            return False
        self._changes.delete(self._session, resource, self._cause, row)
        del self._locked[resource.key, identity]
        self._note("delete", resource, row)
        return True

    def tell(self, name: str, identity: str, event: str) -> None:
        """Tell an event of a resource of the own API that is no change of it:
        `InformationRequiredEvent`.
        """
        resource = self._own(name)
        row = self._session.get(resource, self.realm, identity)
        if row is not None:
            self._changes.tell(self._session, resource, self._cause, row, event)

    def records(self, kind: str) -> Records:
        """What the API's package remembers of a kind, in this realm."""
        return self._session.records(self.realm, self._acting.api.name, kind)

    def schedule(self, duty: str, subject: str, at: str | None = None) -> None:
        """Have a duty of the own API done with this subject: at a time (RFC 3339), or at once.

        There is one such duty for each subject: one that was planned before, or is under way, is
        replaced and has no effect.
        """
        kind = f"{self._acting.api.name}.{duty}"
        due = AT_ONCE if at is None else parse_instant(at)
        if due is None:
            raise ValueError(f"{at} is no time")
        forget(self._session, self._cause.realm, kind, subject)
        enqueue(self._session, self._cause.realm, kind, subject, due)
        self._session.afterwards.append(self._acting.ring)

    def call_for(self, duty: str, subject: str) -> None:
        """Have a duty of the own API begun after this transaction, once, whatever else is planned
        or under way: there may be several of such a subject.
        """
        kind = f"{self._acting.api.name}.{duty}"
        call = (self.realm, kind, subject)
        if call not in self._session.called:
            self._session.called.add(call)
            enqueue(self._session, self.realm, kind, subject)
            self._session.afterwards.append(self._acting.ring)

    def unschedule(self, duty: str, subject: str) -> None:
        """Have such a duty not done; one that is under way has no effect."""
        kind = f"{self._acting.api.name}.{duty}"
        forget(self._session, self._cause.realm, kind, subject)

    def _own(self, name: str) -> Resource:
        return self._changes.resources[f"{self._acting.api.name}.{name}"]

    def _whole(self, resource: Resource, row: Row) -> Document:
        return self._acting.whole(resource, row)

    def row(self, resource: Resource, identity: str) -> Row:
        """The row of a resource that is there."""
        row = self._locked.get((resource.key, identity))
        row = row or self._session.get(resource, self.realm, identity)
        assert row is not None  # noqa: S101 (for mypy)
        return row

    def _lock(self, resource: Resource, identity: str) -> Row | None:
        """A locked row, which is read once: nobody else changes it."""
        key = (resource.key, identity)
        row = self._locked.get(key) or self._session.lock(resource, self.realm, identity)
        if row is not None:
            self._locked[key] = row
        return row

    def _changed(self, operation: str, resource: Resource, row: Row) -> Document:
        """A resource that is new or changed, which makes it locked."""
        self._locked[resource.key, row.id] = row
        self._note(operation, resource, row)
        return self._whole(resource, row)

    def _note(self, operation: str, resource: Resource, row: Row) -> None:
        """Tell the audit, once all is committed."""
        if not self._noted:
            return
        told = partial(self._acting.audit, operation, SERVER, self.realm, resource.key, row.id)
        self._session.afterwards.append(partial(told, revision=row.revision))


Intake: TypeAlias = Callable[[ReactionContext, Document], str]
"""Takes in what a client wants to create, judged and with its id: stores it, or puts it to what
is there already. The id of what stands for it now.
"""


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts: the package of one API. `origin` is what hrefs start with, `ring` wakes those who
    do duties, from any thread.
    """

    api: Api
    changes: Changes
    audit: Audit
    origin: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    ring: Callable[[], None] = lambda: None

    def within(self, session: Session, realm: str, correlation: str = "") -> ReactionContext:
        """What may be done in a transaction."""
        return ReactionContext(session, self, Cause(realm, self.origin, correlation))

    def take_in(
        self, intake: Intake, resource: Resource, session: Session, cause: Cause, document: Document
    ) -> Row:
        """Take in a client's document, in its request's transaction; what stands for it now."""
        context = ReactionContext(session, self, cause, noted=False)
        return context.row(resource, intake(context, document))

    def whole(self, resource: Resource, row: Row) -> Document:
        """A resource as a client would see it."""
        href = f"{self.origin}{self.changes.rules[resource.key].collection}/{row.id}"
        return whole(row.id, href, document_of(row))
