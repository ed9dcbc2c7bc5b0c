"""Documents that no file of ours bundles, served by the compiled path and by stock Connexion.

Their verbs only tell what reached them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from connexion.middleware.exceptions import ExceptionMiddleware
from starlette.applications import Starlette
from starlette.types import ASGIApp

from tests.contract.stock import stock_application
from tmf.rest.compiled import CompiledMiddleware, SpecifiedApplication, VerbResolver
from tmf.rest.exchange import Answer, Origins, Request
from tmf.rest.faults import HANDLERS
from tmf.tmf630_guidelines.documents import encode

BASE = "/made-up/v1"
ORIGINS = Origins(None, frozenset())

Json = dict[str, Any]


class Served(NamedTuple):
    """One document, served both ways."""

    compiled: ASGIApp
    stock: ASGIApp


async def tell(request: Request) -> Answer:
    """What reached the verb."""
    told = {"id": request.identity, "query": request.query_string, "path": request.path}
    return Answer(200, encode(told))


def document(paths: Mapping[str, Json], **more: Any) -> Json:
    """A document of GET operations; `paths` gives what each says besides its answer."""
    operations = {
        path: {
            "get": {
                "operationId": f"get{number}",
                "responses": {"200": {"description": "What reached the verb."}},
                **said,
            }
        }
        for number, (path, said) in enumerate(paths.items())
    }
    about = {"title": "Made up", "version": "1"}
    return {"openapi": "3.0.3", "info": about, "paths": operations, **more}


def served(stated: Json) -> Served:
    """Both applications of a document."""
    verbs = {item["get"]["operationId"]: tell for item in stated["paths"].values()}
    compiled = SpecifiedApplication(
        Starlette(),
        import_name="made-up",
        middlewares=[partial(CompiledMiddleware, origins=ORIGINS), ExceptionMiddleware],
    )
    for fault, handler in HANDLERS:
        compiled.add_error_handler(fault, handler)
    compiled.add_bundled(stated, BASE, VerbResolver(verbs))
    return Served(compiled, stock_application(stated, BASE, verbs, ORIGINS))
