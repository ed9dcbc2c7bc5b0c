"""What operators may look at that is no resource: views of an API's package, below `/admin/v1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from tmf.rest.acting import Acting, ReactionContext
from tmf.rest.exchange import Answer, Request
from tmf.rest.verbs import Verb
from tmf.store.database import Database
from tmf.store.session import Session
from tmf.tmf630_guidelines.documents import Document, encode

View: TypeAlias = Callable[[ReactionContext, str, Mapping[str, str]], Document]
"""(read access, id, parameters as declared) -> what there is to see, or a GuidelineError."""


def view_verbs(database: Database, acting: Acting, views: Mapping[str, View]) -> dict[str, Verb]:
    """The views of one package as verbs, by operationId."""
    return {name: _verb(database, acting, view) for name, view in views.items()}


def _verb(database: Database, acting: Acting, view: View) -> Verb:
    async def verb(request: Request) -> Answer:
        given = dict(parse_qsl(request.query_string, errors="replace"))

        def look(session: Session) -> Document:
            return view(acting.within(session, request.realm), request.identity, given)

        return Answer(200, encode(await database.run(look)))

    return verb
