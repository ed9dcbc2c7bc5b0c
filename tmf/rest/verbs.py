"""The verbs, each written once for all resources: list, create, retrieve, patch, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tmf.access.visibility import Visibility
from tmf.rest.attributes import output, output_all, whole
from tmf.rest.audit import Audit
from tmf.rest.changes import Changes, NeedsSessionError
from tmf.rest.entity_tags import entity_tag, names_state
from tmf.rest.exchange import Answer, Request, request_id
from tmf.rest.idempotency import HEADER, Idempotency
from tmf.rest.negotiation import sent_media_type
from tmf.rest.telling import Cause
from tmf.spec.model import Api, Resource
from tmf.spec.operations import PATCH_MEDIA
from tmf.store.database import Database
from tmf.store.rows import Found, Row
from tmf.store.session import Session, document_of
from tmf.tmf630_guidelines.documents import Document, encode, parse_body
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.fields import Selection, select
from tmf.tmf630_guidelines.paging import Page, page_headers, page_status
from tmf.tmf630_guidelines.query import ListQuery, parse_list_query, parse_selection

Verb: TypeAlias = Callable[[Request], Awaitable[Answer]]

_CREATE_MEDIA = frozenset({"application/json"})
_PATCH_MEDIA = frozenset(PATCH_MEDIA)

_SMALL = 65_536
"""Bytes of a body that is judged without a thread: it takes about a millisecond."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What the verbs work with. `default_limit` and `max_limit` are resources a page,
    `max_body` is in bytes, `partner_listeners` are those that one partner may have at an API;
    `wake` tells the worker that there may be work. `audit` is told of changes once they are
    committed. `intakes`, by resource key, take in what clients want to create in a way of their
    own, and give what stands for it.
    """

    database: Database
    changes: Changes
    idempotency: Idempotency
    audit: Audit
    default_limit: int
    max_limit: int
    max_body: int
    partner_listeners: int
    wake: Callable[[], None]
    intakes: Mapping[str, Callable[[Session, Cause, Document], Row]] = field(default_factory=dict)


class ResourceVerbs:
    """The verbs of one resource."""

    def __init__(self, engine: Engine, api: Api, resource: Resource) -> None:
        self._engine = engine
        self._resource = resource
        self._collection = f"{api.base_path}{resource.path}"
        self._visibility = Visibility(resource)

    def verb(self, name: str) -> Verb:
        """The verb by its name in the specification (`list`, `create` …)."""
        verbs: dict[str, Verb] = {
            "list": self.list,
            "create": self.create,
            "retrieve": self.retrieve,
            "patch": self.patch,
            "delete": self.delete,
        }
        return verbs[name]

    async def list(self, request: Request) -> Answer:
        """The page of matching resources, with counts and links."""
        query = parse_list_query(
            request.query_string,
            self._resource.kind_of,
            default_limit=self._engine.default_limit,
            max_limit=self._engine.max_limit,
        )
        query = self._visibility.narrowed(query, request.caller)
        hrefs = self._hrefs(request)
        found = await self._engine.database.find(self._resource, request.realm, query, hrefs)
        page = Page(
            query.offset,
            query.limit,
            len(found.rows),
            found.total,
            estimated=found.estimated,
            next_cursor=found.next_cursor,
        )
        headers = page_headers(page, request.origin + request.path, request.query_string)
        return Answer(page_status(page), _page_body(found, query, hrefs), headers)

    async def create(self, request: Request) -> Answer:
        """Store what was sent and what the server sets; 201 with its address."""
        selection = parse_selection(request.query_string)
        sent_media_type(request, _CREATE_MEDIA)
        body = await request.body(self._engine.max_body)
        sent = parse_body(body)
        self._visibility.check_id(request.caller, sent)
        cause = _cause(request)

        def make(session: Session) -> Row:
            return self._own(request, self._made(session, cause, sent))

        key = request.header(HEADER)
        if key is not None:
            return await self._create_once(request, key, body, make, selection)
        if request.caller.party is None and len(body) <= _SMALL:
            row = await self._create_at_once(cause, sent, make)
        else:
            row = await self._engine.database.run(make, write=True)
        self._created(request, row)
        return self._creation(request, row, selection)

    def _made(self, session: Session, cause: Cause, sent: Any) -> Row:
        """The row of what was sent, or of what it was put to."""
        changes, resource = self._engine.changes, self._resource
        intake = self._engine.intakes.get(resource.key)
        if intake is None:
            return changes.create(session, resource, cause, sent)
        return intake(session, cause, changes.judged(session, resource, cause, sent))

    async def _create_at_once(self, cause: Cause, sent: Any, make: Callable[[Session], Row]) -> Row:
        """The new row, without a thread if nothing needs a session for it."""
        engine = self._engine
        plain = self._resource.key not in engine.intakes and engine.changes.is_plain(self._resource)
        if engine.database.direct and plain:
            with suppress(NeedsSessionError):
                return await engine.changes.create_at_once(
                    engine.database, self._resource, cause, sent
                )
        return await engine.database.run(make, write=True)

    async def _create_once(
        self,
        request: Request,
        key: str,
        body: bytes,
        make: Callable[[Session], Row],
        selection: Selection | None,
    ) -> Answer:
        """As `create`, but what was done under the request's key before is not done again."""

        def made(session: Session) -> tuple[Row, Answer]:
            row = make(session)
            return row, self._creation(request, row, selection)

        row, answer = await self._engine.idempotency.answer(request, key, body, made)
        if row is not None:
            self._created(request, row)
        return answer

    def _created(self, request: Request, row: Row) -> None:
        """What follows a creation that is committed."""
        self._audit("create", request, row)
        self._engine.wake()

    def _creation(self, request: Request, row: Row, selection: Selection | None) -> Answer:
        answer = self._single(request, row, selection, status=201)
        answer.headers["Location"] = self._hrefs(request) + row.id
        return answer

    async def retrieve(self, request: Request) -> Answer:
        """The resource, or 304 if the client's copy is still good."""
        selection = parse_selection(request.query_string)
        row = await self._engine.database.get(self._resource, request.realm, request.identity)
        if row is None or not self._seen(request, row):
            raise self._missing(request)
        if names_state(request.header(b"if-none-match"), row):
            return Answer(304, headers={"ETag": entity_tag(row)})
        return self._single(request, row, selection)

    async def patch(self, request: Request) -> Answer:
        """The resource with the patch applied; validated as a whole."""
        selection = parse_selection(request.query_string)
        media_type = sent_media_type(request, _PATCH_MEDIA)
        patch = parse_body(await request.body(self._engine.max_body))
        cause = _cause(request)

        def change(session: Session) -> tuple[Row, Row]:
            before = self._locked(session, request)
            changed = self._engine.changes.patch(
                session, self._resource, cause, before, media_type, patch
            )
            return before, self._own(request, changed)

        before, row = await self._engine.database.run(change, write=True)
        if row.revision != before.revision:
            self._audit("patch", request, row)
        return self._single(request, row, selection)

    async def delete(self, request: Request) -> Answer:
        """Nothing: the resource is gone."""
        cause = _cause(request)

        def remove(session: Session) -> Row:
            row = self._locked(session, request)
            self._engine.changes.delete(session, self._resource, cause, row)
            return row

        row = await self._engine.database.run(remove, write=True)
        self._audit("delete", request, row)
        return Answer(204)

    def _audit(self, operation: str, request: Request, row: Row) -> None:
        """Tell of a change that is committed; of a deleted resource, its last revision."""
        self._engine.audit(
            operation,
            request.caller_name,
            request.realm,
            self._resource.key,
            row.id,
            revision=row.revision,
        )

    def _locked(self, session: Session, request: Request) -> Row:
        """The row, held for change; 404 without it, 412 if it is not what the client read."""
        row = session.lock(self._resource, request.realm, request.identity)
        if row is None or not self._seen(request, row):
            raise self._missing(request)
        self._own(request, row)
        if_match = request.header(b"if-match")
        if if_match is not None and not names_state(if_match, row, strong=True):
            raise GuidelineError("preconditionFailed", f"the entity tag is now {entity_tag(row)}")
        if names_state(request.header(b"if-none-match"), row):
            raise GuidelineError("preconditionFailed", "the resource is as If-None-Match says")
        return row

    def _seen(self, request: Request, row: Row) -> bool:
        """Whether the caller may know of the row: always, but for partners."""
        caller = request.caller
        return caller.party is None or self._visibility.sees(caller, document_of(row))

    def _own(self, request: Request, row: Row) -> Row:
        """The row, if it is the caller's to write; 403 undoes what was written."""
        if request.caller.party is not None:
            self._visibility.check_own(request.caller, document_of(row))
        return row

    def _missing(self, request: Request) -> GuidelineError:
        return GuidelineError(
            "notFound", f"there is no {self._resource.name} with the id {request.identity}"
        )

    def _hrefs(self, request: Request) -> str:
        """What every href of the collection starts with."""
        return f"{request.origin}{self._collection}/"

    def _single(
        self, request: Request, row: Row, selection: Selection | None, *, status: int = 200
    ) -> Answer:
        href = self._hrefs(request) + row.id
        if selection is None:
            body = output(row.id, href, row.body)
        else:
            body = encode(select(whole(row.id, href, document_of(row)), selection))
        return Answer(status, body, {"ETag": entity_tag(row)})


def _cause(request: Request) -> Cause:
    """To be asked for on the event loop: the store's threads do not know the request's id."""
    return Cause(request.realm, request.origin, request_id.get())


def _page_body(found: Found, query: ListQuery, hrefs: str) -> bytes:
    if query.selection is None:
        return output_all(hrefs, found.rows)
    selected: list[Any] = [
        select(whole(row.id, hrefs + row.id, document_of(row)), query.selection)
        for row in found.rows
    ]
    return encode(selected)
