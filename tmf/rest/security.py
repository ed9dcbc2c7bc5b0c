"""Who is calling: Connexion's security, with the keys of this server behind it.

The documents declare how a key is sent and who may call what (`x-roles`). Connexion's own
factory makes the check of the former from the declaration.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any, TypeAlias

from connexion.exceptions import OAuthProblem
from connexion.lifecycle import ConnexionRequest
from connexion.middleware.security import SecurityOperation
from connexion.operations import AbstractOperation
from connexion.security import ApiKeySecurityHandler, BearerSecurityHandler, SecurityHandlerFactory
from starlette.types import Scope

from tmf.access.callers import Caller
from tmf.access.keyring import Keyring
from tmf.rest.exchange import CALLER, Request
from tmf.spec.security import SCHEMES, SECURITY
from tmf.tmf630_guidelines.errors import GuidelineError

Authorise: TypeAlias = Callable[[Request], Awaitable[None]]
Find: TypeAlias = Callable[[str], Caller | None]


class _Checked:
    """A check of keys by `find`, for Connexion's handlers to call with the key that was sent.

    Connexion's own way to call it looks at the function's signature on every request.
    """

    def __init__(self, find: Find) -> None:
        self._find = find

    def _resolve_func(self, _scheme: Mapping[str, Any]) -> Find:
        return self._find

    def _generic_check(self, find: Find, _message: str) -> Callable[..., Mapping[str, Any]]:
        def check(_request: Any, key: str, **_: Any) -> Mapping[str, Any]:
            caller = find(key.strip())
            if caller is None:
                raise OAuthProblem("the key is not valid")
            return {"sub": caller.key, "caller": caller}

        return check


class _Bearer(_Checked, BearerSecurityHandler):  # type: ignore[misc]  # Connexion ships no types
    """`Authorization: Bearer KEY`."""


class _ApiKey(_Checked, ApiKeySecurityHandler):  # type: ignore[misc]
    """A key in a header of the scheme's."""


def security_map(keyring: Keyring) -> dict[str, Callable[[], Any]]:
    """What Connexion's factory makes its checks with, by kind of scheme."""
    return {"bearer": partial(_Bearer, keyring.find), "apiKey": partial(_ApiKey, keyring.find)}


def authorisation(
    operation: AbstractOperation, factory: SecurityHandlerFactory, roles: Collection[str] | None
) -> Authorise | None:
    """The check of the operation's security as declared, or None where none is declared.

    It tells the request its caller: 401 without a valid key, 403 if none of the roles fits.
    """
    if not operation.security:
        return None
    declared = SecurityOperation.from_operation(
        operation, next_app=None, security_handler_factory=factory
    )
    allowed = None if roles is None else frozenset(roles)

    async def authorise(request: Request) -> None:
        caller = await _verified(declared, request.scope)
        if caller is not None:
            request.caller = caller
        if allowed is not None:
            check_role(caller, allowed)

    return authorise


class Gate:
    """The same check for the pages that no specification describes."""

    def __init__(self, keyring: Keyring) -> None:
        self._declared = SecurityOperation(
            None,
            security_handler_factory=SecurityHandlerFactory(security_map(keyring)),
            security=SECURITY,
            security_schemes=SCHEMES,
        )

    async def caller(self, scope: Scope, allowed: Collection[str]) -> Caller:
        """The caller; 401 without a valid key, 403 if none of the allowed roles fits."""
        return check_role(await _verified(self._declared, scope), allowed)


def check_role(caller: Caller | None, allowed: Collection[str]) -> Caller:
    """The caller again; 403 unless its role is one of those allowed."""
    if caller is None or caller.role not in allowed:
        raise GuidelineError(
            "forbidden", f"this takes a key of one of: {', '.join(sorted(allowed))}"
        )
    return caller


def caller_by_key(keyring: Keyring, scope: Scope) -> Caller | None:
    """Whom a key among the headers stands for, before any operation asks for one."""
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        if name == b"authorization" and text[:7].lower() == "bearer ":
            text = text[7:]
        elif name != b"x-api-key":
            continue
        if (caller := keyring.find(text.strip())) is not None:
            return caller
    return None


async def _verified(declared: SecurityOperation, scope: Scope) -> Caller | None:
    """The caller by Connexion's check; None where the declaration lets anybody in."""
    asked = ConnexionRequest(scope)
    try:
        await declared.verification_fn(asked)
    except OAuthProblem as problem:
        raise _unauthorized(problem, asked) from problem
    caller: Caller | None = asked.context["token_info"].get("caller")
    if caller is not None:
        scope[CALLER] = caller
    return caller


def _unauthorized(problem: OAuthProblem, asked: ConnexionRequest) -> GuidelineError:
    """The challenge says whether a key was sent (RFC 6750, 3.1)."""
    challenge = 'Bearer realm="tmf"'
    message = "send a key as Authorization: Bearer KEY or X-API-Key: KEY"
    if any(header in asked.headers for header in ("authorization", "x-api-key")):
        challenge += ', error="invalid_token"'
        message = problem.detail
    return GuidelineError("unauthorized", message, headers={"WWW-Authenticate": challenge})
