"""Resources as files for people, such as a bill's PDF, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tmf.access.callers import ANYBODY
from tmf.rest.acting import Acting, ReactionContext
from tmf.spec.security import READERS
from tmf.store.database import Database
from tmf.store.session import Session

if TYPE_CHECKING:  # it takes Connexion along, which commands do without
    from tmf.rest.security import Gate

Paper: TypeAlias = Callable[[ReactionContext, str, str], tuple[bytes, str] | None]
"""(read access, id, kind of file) -> a resource as a file for people, with its media type."""


class Papers:
    """Serves `/files/NAME/ID.KIND`, each name by the paper of that name, to who may read."""

    def __init__(
        self, database: Database, papers: Mapping[str, tuple[Acting, Paper]], gate: Gate | None
    ) -> None:
        self._database = database
        self._papers = papers
        self._gate = gate

    def route(self) -> Route:
        """Where they are."""
        return Route("/files/{paper}/{name}", self._file)

    async def _file(self, request: Request) -> Response:
        caller = ANYBODY
        if self._gate is not None:
            caller = await self._gate.caller(request.scope, READERS)
        identity, _, kind = request.path_params["name"].rpartition(".")
        known = self._papers.get(request.path_params["paper"])
        if known is None:
            raise HTTPException(404, "there is no such file")
        acting, paper = known

        def make(session: Session) -> tuple[bytes, str] | None:
            return paper(acting.within(session, caller.realm), identity, kind)

        made = await self._database.run(make)
        if made is None:
            raise HTTPException(404, "there is no such file")
        body, media_type = made
        return Response(body, media_type=media_type)
