"""Changes to resources: what a create, a patch and a delete do, whichever door they come by.

The same steps serve HTTP, `tmf load` and import jobs: what the server sets, lifecycle, the
API's own rules, then one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from tmf.events.clock import Clock
from tmf.events.ids import new_id
from tmf.events.work import enqueue
from tmf.rest.attributes import OUTSIDE, patched, received, with_defaults
from tmf.rest.rules import Circumstances, Reader, ResourceRules
from tmf.rest.telling import Cause, outbox_events, told_paths
from tmf.spec.model import Resource
from tmf.store.database import Database
from tmf.store.outbox import OutboxEvent
from tmf.store.rows import Row
from tmf.store.session import Session, document_of
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.events import Happening, created, deleted
from tmf.tmf630_guidelines.events import changed as changes_of
from tmf.tmf630_guidelines.patch import apply_patch, changed_paths


@dataclass(frozen=True, slots=True)
class Changes:
    """Creates, patches and deletes within a session of the caller.

    `rules` are by resource key. Build with `compile_rules`.
    """

    clock: Clock
    rules: Mapping[str, ResourceRules]
    resources: Mapping[str, Resource] = field(repr=False)

    def create(self, session: Session, resource: Resource, cause: Cause, sent: Any) -> Row:
        """Store a new resource from a client's document."""
        known = self.rules[resource.key]
        read = self._reader(session, cause.realm)
        identity, document = self._new(known, sent, read)
        row = session.insert(resource, cause.realm, identity, document)
        self._tell(session, known, cause, row, created(resource.schema, resource.events))
        if known.job:
            enqueue(session, cause.realm, resource.key, row.id)
        return row

    def judged(self, session: Session, resource: Resource, cause: Cause, sent: Any) -> Document:
        """A client's document as it would be stored, with its id, if it were new."""
        known = self.rules[resource.key]
        identity, document = self._new(known, sent, self._reader(session, cause.realm))
        return {"id": identity, **document}

    def is_plain(self, resource: Resource) -> bool:
        """Whether creating one writes nothing but the resource and its event."""
        return not self.rules[resource.key].job

    async def create_at_once(
        self, database: Database, resource: Resource, cause: Cause, sent: Any
    ) -> Row:
        """The same as `create`, without a session, for a plain resource.

        NeedsSessionError, with nothing done, if a rule reads.
        """
        known = self.rules[resource.key]
        identity, document = self._new(known, sent, _read_nothing)

        def tell(row: Row) -> Iterator[OutboxEvent]:
            happened = created(resource.schema, resource.events)
            return outbox_events(self.clock, known, cause, row, happened)

        return await database.create(resource, cause.realm, identity, document, tell)

    def _new(self, known: ResourceRules, sent: Any, read: Reader) -> tuple[str, Document]:
        """A client's document as the id and the document to store."""
        resource = known.resource
        if known.create is None:
            raise GuidelineError("methodNotAllowed", f"{resource.name} cannot be created")
        known.create.check(sent)
        now = self.clock.text()
        document = received(resource, sent, now)
        known.lifecycles.check(None, document)
        known.lifecycles.start(document)
        identity = sent.get("id") or new_id(self.clock)
        return identity, _ruled(known, known.circumstances(identity, now, read), document, None)

    def load(
        self,
        session: Session,
        resource: Resource,
        cause: Cause,
        sent: Any,
        there: Row | None,
        *,
        tell: bool = True,
    ) -> Row | None:
        """Store a document of a vendor's file: any state, its own id; None if there already.

        What is `there` under its id is for the caller to look up. Raises 409 if that is a
        different document.
        """
        known = self.rules[resource.key]
        known.stored.check(sent)
        known.identity.check(sent)
        document = {name: value for name, value in sent.items() if name not in OUTSIDE}
        completed = with_defaults(resource, dict(document))
        known.lifecycles.start(completed)
        if there is not None:
            unsent = resource.server_set.keys() - document.keys()
            if changed_paths(_without(document_of(there), unsent), _without(completed, unsent)):
                raise GuidelineError(
                    "alreadyExists", f"a different {resource.name} has the id {sent['id']}"
                )
            return None
        for name, rule in resource.server_set.items():
            if rule in ("created", "changed"):
                completed.setdefault(name, self.clock.text())
        row = session.insert(resource, cause.realm, sent["id"], completed)
        if tell:
            self._tell(session, known, cause, row, created(resource.schema, resource.events))
        return row

    def patch(
        self,
        session: Session,
        resource: Resource,
        cause: Cause,
        row: Row,
        media_type: str,
        patch: Any,
        *,
        own: bool = False,
    ) -> Row:
        """Store the next revision of a locked row; the same row if nothing changed.

        A change of the server's `own` may set what clients may not.
        """
        known = self.rules[resource.key]
        old = document_of(row)
        before = {"id": row.id, **old}
        after = apply_patch(media_type, before, patch)
        now = self.clock.text()
        different = patched(resource, before, after, now, own=own)
        if different is None:
            return row
        document, meant = different
        known.check_result(document, media_type, patch)
        known.lifecycles.check(old, document)
        known.lifecycles.start(document)
        read = self._reader(session, cause.realm)
        seen = known.circumstances(row.id, now, read, own=own)
        document = _ruled(known, seen, document, old)
        changed = session.update(resource, cause.realm, row, document)
        paths = told_paths(resource, meant, changed_paths(old, document))
        happened = changes_of(resource.schema, resource.events, paths, resource.states)
        self._tell(session, known, cause, changed, happened)
        return changed

    def delete(self, session: Session, resource: Resource, cause: Cause, row: Row) -> None:
        """Remove a locked row."""
        session.delete(resource, cause.realm, row.id)
        happened = deleted(resource.schema, resource.events)
        self._tell(session, self.rules[resource.key], cause, row, happened)

    def store(self, session: Session, resource: Resource, cause: Cause, made: Document) -> Row:
        """Store a new resource that the server itself has made, with all that clients may not set.

        It has `id`, or is given one.
        """
        known = self.rules[resource.key]
        identity = made.get("id") or new_id(self.clock)
        document = {name: value for name, value in made.items() if name not in OUTSIDE}
        for name, rule in resource.server_set.items():
            if rule in ("created", "changed"):
                document.setdefault(name, self.clock.text())
        document = with_defaults(resource, document)
        known.stored.check(document)
        row = session.insert(resource, cause.realm, identity, document)
        self._tell(session, known, cause, row, created(resource.schema, resource.events))
        return row

    def tell(
        self, session: Session, resource: Resource, cause: Cause, row: Row, event: str
    ) -> None:
        """Tell of something that is no change, such as `InformationRequiredEvent`."""
        happened = Happening(f"{resource.schema}{event}")
        if happened.type not in resource.events:
            raise ValueError(f"{resource.key} offers no {happened.type}")
        self._tell(session, self.rules[resource.key], cause, row, [happened])

    def _tell(
        self,
        session: Session,
        known: ResourceRules,
        cause: Cause,
        row: Row,
        happened: Iterable[Happening],
    ) -> None:
        """Write what happened to the outbox, with the resource as it is in `row`."""
        session.tell(outbox_events(self.clock, known, cause, row, happened))

    def _reader(self, session: Session, realm: str) -> Reader:
        def read(key: str, identity: str) -> Document | None:
            found = session.get(self.resources[key], realm, identity)
            return document_of(found) if found else None

        return read


class NeedsSessionError(Exception):
    """A rule reads what is stored: it must be judged within a session."""


def _ruled(
    known: ResourceRules, seen: Circumstances, document: Document, old: Document | None
) -> Document:
    """The document after the lifecycle's time stamps and the API's own rules."""
    known.lifecycles.stamp(old, document, seen.now)
    for rule in known.rules:
        document = rule(document, old, seen)
    return document


def _read_nothing(key: str, identity: str) -> Document | None:
    raise NeedsSessionError


def _without(document: Document, names: Set[str]) -> Document:
    return {name: value for name, value in document.items() if name not in names}


def stated_id(sent: Any) -> str | None:
    """The id that a document states, as far as it is one."""
    identity = sent.get("id") if isinstance(sent, dict) else None
    return identity if isinstance(identity, str) else None
