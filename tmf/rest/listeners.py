"""The hub's verbs: register, list, retrieve and unregister listeners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tmf.access.callers import Caller
from tmf.rest.exchange import Answer, Request
from tmf.rest.idempotency import HEADER
from tmf.rest.negotiation import sent_media_type
from tmf.rest.validation import BodyValidator
from tmf.rest.verbs import Engine, Verb
from tmf.spec.attributes import attribute_graph
from tmf.spec.model import Api
from tmf.store.session import Session
from tmf.tmf630_guidelines.documents import Document, encode, parse_body
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.fields import Selection, select
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.operands import refuse
from tmf.tmf630_guidelines.paging import Page, page_headers, page_status
from tmf.tmf630_guidelines.query import ListQuery, parse_list_query, parse_selection
from tmf.tmf630_guidelines.sorting import sort_documents
from tmf.tmf630_guidelines.values import Kind

_MEDIA = frozenset({"application/json"})


class Listener(Protocol):
    """A registered listener (rest and hub do not know each other)."""

    @property
    def id(self) -> str:
        """Identifies the listener."""

    def document(self) -> dict[str, str]:
        """The listener as clients see it."""


class Registry(Protocol):
    """Where listeners are kept."""

    def register(
        self, session: Session, caller: Caller, callback: str, query: str | None
    ) -> Listener:
        """Keep a new listener."""

    def find(self, session: Session, caller: Caller, identity: str) -> Listener | None:
        """One listener."""

    def all(self, session: Session, caller: Caller) -> Sequence[Listener]:
        """The caller's listeners, of which there are few, in order of registration."""

    def remove(self, session: Session, caller: Caller, identity: str) -> bool:
        """Forget a listener."""


class HubVerbs:
    """The hub of one API."""

    def __init__(self, engine: Engine, api: Api, registry: Registry) -> None:
        self._engine = engine
        self._registry = registry
        self._key = f"{api.name}.hub"
        self._path = f"{api.base_path}/hub/"
        schemas = api.document["components"]["schemas"]
        self._input = BodyValidator(schemas["EventSubscriptionInput"], schemas)
        self._attributes = attribute_graph(schemas, "EventSubscription").children

    def verbs(self) -> dict[str, Verb]:
        """The verbs by operationId."""
        return {
            "listListener": self.list,
            "registerListener": self.register,
            "retrieveListener": self.retrieve,
            "unregisterListener": self.unregister,
        }

    async def list(self, request: Request) -> Answer:
        """The page of matching listeners; in order of registration, unless asked to sort."""
        query = parse_list_query(
            request.query_string,
            self._kind_of,
            default_limit=self._engine.default_limit,
            max_limit=self._engine.max_limit,
        )
        if query.cursor is not None:
            raise refuse("cursor", "is none that a link of this list has given")
        documents, total = await self._engine.database.run(
            lambda session: _found(self._registry.all(session, request.caller), query)
        )
        page = Page(query.offset, query.limit, len(documents), total)
        headers = page_headers(page, request.origin + request.path, request.query_string)
        return Answer(page_status(page), encode(documents), headers)

    async def register(self, request: Request) -> Answer:
        """Keep a listener; 201 with its address."""
        sent_media_type(request, _MEDIA)
        body = await request.body(self._engine.max_body)
        sent = parse_body(body)
        self._input.check(sent)

        def make(session: Session) -> tuple[Listener | None, Answer]:
            listener = self._registry.register(
                session, request.caller, sent["callback"], sent.get("query")
            )
            location = request.origin + self._path + listener.id
            return listener, Answer(201, encode(listener.document()), {"Location": location})

        key = request.header(HEADER)
        if key is None:
            listener, answer = await self._engine.database.run(make, write=True)
        else:
            listener, answer = await self._engine.idempotency.answer(request, key, body, make)
        if listener is not None:
            self._audit("register", request, listener.id)
        return answer

    async def retrieve(self, request: Request) -> Answer:
        """One listener."""
        selection = parse_selection(request.query_string)
        listener = await self._engine.database.run(
            lambda session: self._registry.find(session, request.caller, request.identity)
        )
        if listener is None:
            raise self._missing(request)
        return Answer(200, encode(_selected(listener.document(), selection)))

    async def unregister(self, request: Request) -> Answer:
        """Forget a listener: nothing is delivered to it any more."""
        removed = await self._engine.database.run(
            lambda session: self._registry.remove(session, request.caller, request.identity),
            write=True,
        )
        if not removed:
            raise self._missing(request)
        self._audit("unregister", request, request.identity)
        return Answer(204)

    def _kind_of(self, path: tuple[str, ...]) -> Kind | None:
        """How an attribute of a listener is compared."""
        attribute = self._attributes.get(path[0]) if len(path) == 1 else None
        return attribute.kind if attribute else None

    def _audit(self, operation: str, request: Request, identity: str) -> None:
        """Tell of a change that is committed."""
        self._engine.audit(operation, request.caller_name, request.realm, self._key, identity)

    @staticmethod
    def _missing(request: Request) -> GuidelineError:
        return GuidelineError("notFound", f"there is no listener with the id {request.identity}")


def _found(listeners: Sequence[Listener], query: ListQuery) -> tuple[Sequence[Document], int]:
    """The documents of one page, and how many listeners match."""
    documents: list[Document] = [listener.document() for listener in listeners]
    matching = [document for document in documents if matches(query.criteria, document)]
    if query.sort:
        matching = sort_documents(matching, query.sort, lambda document: str(document["id"]))
    page = matching[query.offset : query.offset + query.limit]
    return [_selected(document, query.selection) for document in page], len(matching)


def _selected(document: Document, selection: Selection | None) -> Document:
    return document if selection is None else select(document, selection)
