"""Connexion's specifications served without its per-request work.

Connexion reads the bundled documents, resolves the operations and owns the error hooks; what
its stock path rebuilds on every request (decorators, signatures, validators) is built here
once, when an API is added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.abstract import AbstractRoutingAPI, SpecMiddleware
from connexion.middleware.main import API
from connexion.operations import AbstractOperation
from connexion.resolver import Resolution, Resolver
from connexion.security import SecurityHandlerFactory
from connexion.spec import OpenAPISpecification
from starlette.types import ASGIApp, Receive, Scope, Send

from tmf.rest.exchange import Answer, ClientGoneError, Origins, Request, error_answer
from tmf.rest.faults import told
from tmf.rest.negotiation import check_accept
from tmf.rest.parameters import ParameterChecks
from tmf.rest.security import authorisation
from tmf.rest.verbs import Verb
from tmf.spec.security import ROLES
from tmf.spec.shapes import ID_PATTERN
from tmf.tmf630_guidelines.documents import decode, encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.patch import ACCEPT_PATCH

_ID = re.compile(ID_PATTERN)


class BundledSpecification(OpenAPISpecification):  # type: ignore[misc]  # Connexion ships no types
    """A document that our own bundler made: the tests prove it valid, a start need not.

    Connexion's validation of its specifications would be three quarters of the start-up.
    """

    @classmethod
    def _validate_spec(cls, spec: Any) -> None:
        """Nothing is left to check."""


class SpecifiedApplication(ConnexionMiddleware):  # type: ignore[misc]
    """Connexion's application, taking bundled documents."""

    def add_bundled(self, document: Mapping[str, Any], base_path: str, resolver: Resolver) -> None:
        """Register an API at a base path."""
        options = self.options.replace(resolver=resolver)
        # Connexion resolves references in place: give it a copy in which nothing is shared.
        specification = BundledSpecification(decode(encode(document)))
        self.apis.append(API(specification, base_path=base_path, **options.__dict__))


class VerbResolver(Resolver):  # type: ignore[misc]
    """Finds an operation's verb by its operationId."""

    def __init__(self, verbs: Mapping[str, Verb]) -> None:
        super().__init__()
        self._verbs = verbs

    def resolve(self, operation: AbstractOperation) -> Resolution:
        """The verb; an operation without one is an error at start-up, not a 501 later."""
        operation_id = self.resolve_operation_id(operation)
        return Resolution(self._verbs[operation_id], operation_id)


class CompiledOperation:
    """One operation, ready to run: security, parameters, verb."""

    def __init__(
        self,
        operation: AbstractOperation,
        security: SecurityHandlerFactory,
        roles: Sequence[str] | None,
    ) -> None:
        self.verb: Verb = operation.function
        self.operation_id: str = operation.operation_id
        self._parameters = ParameterChecks(operation.parameters)
        self._authorise = authorisation(operation, security, roles)

    async def run(self, request: Request) -> Answer:
        """The verb's answer, if the caller may ask and asks well."""
        if self._authorise is not None:
            await self._authorise(request)
        if request.identity and _ID.fullmatch(request.identity) is None:
            raise GuidelineError("notFound", "no resource has such an id")
        check_accept(request)
        self._parameters.check(request)
        return await self.verb(request)


class CompiledApi(AbstractRoutingAPI[CompiledOperation]):  # type: ignore[misc]
    """An API of Connexion's whose operations go into the table of the middleware."""

    def __init__(self, *args: Any, table: RoutingTable, **kwargs: Any) -> None:
        self._table = table
        self._security = SecurityHandlerFactory(kwargs.pop("security_map", None))
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> CompiledOperation:
        """Compile one operation."""
        stated = self.specification["paths"][operation.path][operation.method]
        return CompiledOperation(operation, self._security, stated.get(ROLES))

    @staticmethod
    def _framework_path_and_name(operation: AbstractOperation, path: str) -> tuple[str, str]:
        return path, operation.operation_id

    def _add_operation_internal(
        self, method: str, path: str, operation: CompiledOperation, name: str | None = None
    ) -> None:
        self._table.add(method.upper(), self.base_path + path, operation)


Methods = dict[str, CompiledOperation]


class RoutingTable:
    """Paths with at most one parameter, as the last segment or the one before it: three
    dictionaries find any of them.
    """

    def __init__(self) -> None:
        self._exact: dict[str, Methods] = {}
        self._below: dict[str, Methods] = {}
        self._within: dict[tuple[str, str], Methods] = {}

    def add(self, method: str, path: str, operation: CompiledOperation) -> None:
        """Route a method of a path template (`/x`, `/x/{id}` or `/x/{id}/y`)."""
        before, brace, after = path.partition("/{")
        _, _, after = after.partition("}")
        if "{" in after or after.count("/") > 1:
            raise ValueError(f"{path}: one parameter is taken, with one segment after it at most")
        if not brace:
            methods = self._exact.setdefault(path, {})
        elif not after:
            methods = self._below.setdefault(before, {})
        else:
            methods = self._within.setdefault((before, after[1:]), {})
        methods[method] = operation

    def find(self, path: str) -> tuple[Methods | None, str]:
        """The methods of a path (no slash at its end) and the id in it, if any."""
        methods = self._exact.get(path)
        if methods is not None:
            return methods, ""
        parent, _, last = path.rpartition("/")
        methods = self._below.get(parent)
        if methods is not None:
            return methods, last
        parent, _, identity = parent.rpartition("/")
        return self._within.get((parent, last)), identity


class CompiledMiddleware(SpecMiddleware):  # type: ignore[misc]
    """Answers what the specifications declare and hands the rest on."""

    def __init__(self, app: ASGIApp, *, origins: Origins) -> None:
        self.app = app
        self.table = RoutingTable()
        self._origins = origins

    def add_api(self, specification: Any, **kwargs: Any) -> CompiledApi:
        """Compile an API (called by Connexion for each one added to the application)."""
        return CompiledApi(
            specification,
            base_path=kwargs.get("base_path"),
            resolver=kwargs.get("resolver"),
            security_map=kwargs.get("security_map"),
            table=self.table,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: route, run, answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        methods, identity = self.table.find(_routable(scope))
        if methods is None:
            await self.app(scope, receive, send)
            return
        try:
            answer = await self._answer(scope, receive, methods, identity)
        except ClientGoneError:
            return
        except Exception as error:
            answer = error_answer(told(scope["path"], error))
        await answer.send(send)

    async def _answer(
        self, scope: Scope, receive: Receive, methods: Methods, identity: str
    ) -> Answer:
        operation = methods.get(scope["method"])
        if operation is None:
            return _other_method(scope, methods)
        scope["tmf_operation"] = operation.operation_id
        request = Request(scope, receive, self._origins.of(scope), identity=identity)
        return await operation.run(request)


def _routable(scope: Scope) -> str:
    """The path without a slash at its end; one with an encoded slash names nothing."""
    raw = scope.get("raw_path") or b""
    path = str(scope["path"])
    if b"%" in raw and b"%2f" in raw.lower():
        return ""
    return path.rstrip("/")


def _other_method(scope: Scope, methods: Methods) -> Answer:
    headers = {"Allow": ", ".join(sorted({*methods, "OPTIONS"}))}
    if "PATCH" in methods:
        headers["Accept-Patch"] = ACCEPT_PATCH
    if scope["method"] == "OPTIONS":
        return Answer(204, headers=headers)
    raise GuidelineError(
        "methodNotAllowed", f"{scope['method']} is not offered here", headers=headers
    )
