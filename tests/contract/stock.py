"""The same documents and the same verbs on Connexion as it comes, with all its middlewares.

Only its errors are told by our hooks, as those of the compiled path are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connexion import AsyncApp
from connexion.context import receive, scope
from connexion.operations import AbstractOperation
from connexion.resolver import Resolution, Resolver
from starlette.responses import Response

from tests.contract.stock_keys import RoleResolver, naming_functions
from tmf.access.callers import ANYBODY, Caller
from tmf.rest.exchange import JSON, Origins, Request
from tmf.rest.faults import HANDLERS
from tmf.rest.verbs import Verb
from tmf.tmf630_guidelines.documents import decode, encode


class StockResolver(Resolver):
    """Finds an operation's verb by its operationId, and makes it a handler of Connexion's."""

    def __init__(self, verbs: Mapping[str, Verb], origins: Origins) -> None:
        super().__init__()
        self._verbs = verbs
        self._origins = origins

    def resolve(self, operation: AbstractOperation) -> Resolution:
        operation_id = self.resolve_operation_id(operation)
        return Resolution(_handler(self._verbs[operation_id], self._origins), operation_id)


def _handler(verb: Verb, origins: Origins) -> Callable[..., Awaitable[Response]]:
    """Connexion's call, which has the request in its context, as a call of the verb."""

    async def handle(id: object = None, caller: Caller = ANYBODY) -> Response:
        asked = {name: scope[name] for name in scope.keys()}  # noqa: SIM118 (a proxy)

        async def body() -> Any:
            return await receive()

        # As it was sent: Connexion makes a number of it where one is declared.
        identity = "" if id is None else str(asked["path"]).rpartition("/")[2]
        answer = await verb(Request(asked, body, origins.of(asked), identity, caller))
        media_type = None if answer.status in (204, 304) else JSON
        return Response(answer.body, answer.status, answer.headers, media_type)

    return handle


def stock_application(
    document: Mapping[str, Any], base_path: str, verbs: Mapping[str, Verb], origins: Origins
) -> AsyncApp:
    """One document served by stock Connexion, which checks keys if the document asks for them."""
    application = AsyncApp("stock")
    for fault, handler in HANDLERS:
        application.add_error_handler(fault, handler)
    resolver: Resolver = StockResolver(verbs, origins)
    if "security" in document:
        resolver = RoleResolver(document, resolver)
        document = naming_functions(document)
    application.add_api(decode(encode(document)), base_path=base_path, resolver=resolver)
    return application
