"""Keys as Connexion comes with them: functions that the document names, called with what was sent.

Roles are no part of OpenAPI; the handler judges the operation's `x-roles` by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from typing import Any

from connexion.context import context
from connexion.operations import AbstractOperation
from connexion.resolver import Resolution, Resolver
from starlette.responses import Response

from tmf.access.callers import Caller
from tmf.tmf630_guidelines.errors import GuidelineError

KNOWN: dict[str, Caller] = {}
"""The caller of each key; set by the test."""


def of_bearer(token: str) -> Mapping[str, Any] | None:
    """What Connexion keeps of a key in `Authorization`, or None."""
    return {"sub": token, "caller": KNOWN[token]} if token in KNOWN else None


def of_header(apikey: str, required_scopes: Any = None) -> Mapping[str, Any] | None:
    """The same for a key in `X-API-Key`."""
    return of_bearer(apikey)


def naming_functions(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the names of those functions in its schemes, as Connexion asks for."""
    named = deepcopy(dict(document))
    for scheme in named["components"]["securitySchemes"].values():
        function, extension = (
            (of_bearer, "x-bearerInfoFunc")
            if scheme["type"] == "http"
            else (of_header, "x-apikeyInfoFunc")
        )
        scheme[extension] = f"{__name__}.{function.__name__}"
    return named


class RoleResolver(Resolver):
    """Another resolver's handlers, each behind its operation's roles."""

    def __init__(self, document: Mapping[str, Any], inner: Resolver) -> None:
        super().__init__()
        self._inner = inner
        self._roles = {
            operation["operationId"]: set(operation["x-roles"])
            for item in document["paths"].values()
            for method, operation in item.items()
            if method != "parameters"
        }

    def resolve(self, operation: AbstractOperation) -> Resolution:
        found = self._inner.resolve(operation)
        return Resolution(
            _behind(self._roles[found.operation_id], found.function), found.operation_id
        )


def _behind(
    roles: set[str], handle: Callable[..., Awaitable[Response]]
) -> Callable[..., Awaitable[Response]]:
    async def judged(id: object = None) -> Response:
        caller: Caller = context["token_info"]["caller"]
        if caller.role not in roles:
            raise GuidelineError("forbidden")
        return await handle(id, caller)

    return judged
