"""What is not an API of its own: landing page, docs, specifications, health, metrics, files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import prometheus_client
from connexion.lifecycle import ConnexionResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ExceptionHandler
from swagger_ui_bundle import swagger_ui_path

import tmf
from tmf.access.callers import ANYBODY, Caller
from tmf.events.figures import backlog
from tmf.rest.exchange import JSON, Origins, error_answer
from tmf.rest.faults import HANDLERS
from tmf.rest.metrics import Metrics
from tmf.rest.pages import ApiCard, LandingView, ResourceRow, render_docs, render_landing
from tmf.rest.security import Gate
from tmf.spec.model import Api
from tmf.spec.security import OPERATOR, READERS
from tmf.store.database import Database
from tmf.store.session import Session
from tmf.tmf630_guidelines.documents import encode
from tmf.tmf630_guidelines.errors import GuidelineError

_DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class Site:
    """The pages around the APIs. `events` makes the AsyncAPI document."""

    def __init__(
        self,
        apis: Sequence[Api],
        database: Database,
        metrics: Metrics,
        origins: Origins,
        export_dir: Path,
        events: Callable[[], Mapping[str, Any]],
        gate: Gate | None = None,
    ) -> None:
        self._apis = apis
        self._database = database
        self._metrics = metrics
        self._origins = origins
        self._export_dir = export_dir
        self._events = events
        self._gate = gate

    def application(
        self, extra: Sequence[BaseRoute] = (), after: Sequence[BaseRoute] = ()
    ) -> Starlette:
        """The pages as an application; `extra` routes come first, those in `after` last."""
        return Starlette(
            routes=[
                *extra,
                Route("/", self._landing),
                Route("/docs", self._docs),
                Route("/docs/", self._docs),
                Mount("/docs/static", StaticFiles(directory=swagger_ui_path)),
                Route("/health/live", self._live),
                Route("/health/ready", self._ready),
                Route("/metrics", self._metrics_page),
                Route("/files/export/{name}", self._export_file),
                Route("/asyncapi.json", _Document(self._events)),
                *self._specifications(),
                *after,
            ],
            exception_handlers={fault: _told_by(tell) for fault, tell in HANDLERS},
        )

    def _specifications(self) -> list[BaseRoute]:
        return [
            Route(f"{path}/openapi.json", _Document(partial(getattr, api, "document")))
            for api in self._apis
            for path in api.base_paths
        ]

    async def _landing(self, request: Request) -> Response:
        # Without a key nobody has a realm of which something could be told.
        counts = {} if self._gate else await self._database.run(self._counts)
        cards = tuple(_card(api, counts) for api in self._apis)
        view = LandingView(
            version=tmf.__version__,
            database=_DATABASES[self._database.engine.dialect.name],
            apis=cards,
            base_url=self._origins.of(request.scope),
            keys=self._gate is not None,
        )
        return HTMLResponse(render_landing(view))

    def _counts(self, session: Session) -> dict[str, int]:
        return {
            resource.key: session.count(resource, "default")
            for api in self._apis
            for resource in api.resources.values()
        }

    async def _docs(self, request: Request) -> Response:
        apis = [(api.name, api.title, f"{api.base_path}/openapi.json") for api in self._apis]
        return HTMLResponse(render_docs(apis, request.query_params.get("api")))

    async def _live(self, _: Request) -> Response:
        return JSONResponse({"status": "up"})

    async def _ready(self, _: Request) -> Response:
        await self._database.run(lambda session: session.connection.exec_driver_sql("SELECT 1"))
        return JSONResponse({"status": "up", "database": self._database.engine.dialect.name})

    async def _metrics_page(self, request: Request) -> Response:
        await self._caller(request, OPERATOR)
        self._metrics.events.backlog = None
        with suppress(Exception):  # the other figures matter most while the database is away
            self._metrics.events.backlog = await self._database.run(backlog)
        text = prometheus_client.generate_latest(self._metrics.registry)
        return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)

    async def _caller(self, request: Request, allowed: Collection[str]) -> Caller:
        """Who asks: anybody on a server without keys, else 401 or 403 if it may not."""
        if self._gate is None:
            return ANYBODY
        return await self._gate.caller(request.scope, allowed)

    async def _export_file(self, request: Request) -> Response:
        caller = await self._caller(request, READERS)
        folder = self._export_dir / caller.realm
        path = folder / request.path_params["name"]
        # Files that are still being written have another suffix.
        served = path.parent == folder and path.suffix == ".json"
        if not served or not path.is_file():
            raise HTTPException(404, "there is no such file")
        return FileResponse(path, media_type=JSON)


def _told_by(tell: Callable[[Any, Any], ConnexionResponse]) -> ExceptionHandler:
    """A hook of Connexion's as one of Starlette's: the pages refuse as the APIs do."""

    async def answer(request: Request, error: Exception) -> Response:
        told = tell(request, error)
        return Response(told.body, told.status_code, told.headers, media_type=JSON)

    return answer


class _Document:
    """Serves a document that describes an interface, made and encoded when first asked for."""

    def __init__(self, make: Callable[[], Mapping[str, Any]]) -> None:
        self._make = make

    @cached_property
    def _body(self) -> bytes:
        return encode(self._make())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The document as JSON."""
        if scope["method"] not in ("GET", "HEAD"):
            answer = error_answer(
                GuidelineError("methodNotAllowed", headers={"Allow": "GET, HEAD"})
            )
            await answer.send(send)
            return
        await Response(self._body, media_type=JSON)(scope, receive, send)


def _card(api: Api, counts: dict[str, int]) -> ApiCard:
    descriptions = {tag["name"]: tag["description"] for tag in api.document["tags"]}
    return ApiCard(
        name=api.name,
        title=api.title,
        version=api.version,
        base_path=api.base_path,
        docs_url=f"/docs?api={api.name}",
        spec_url=f"{api.base_path}/openapi.json",
        resources=tuple(
            ResourceRow(
                resource.name,
                descriptions[resource.name],
                f"{api.base_path}{resource.path}",
                counts.get(resource.key),
            )
            for resource in api.resources.values()
        ),
        description=api.document["info"]["description"],
    )
