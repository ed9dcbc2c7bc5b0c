"""Derives what a document says where callers need keys: how keys are sent, who may do what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from tmf.spec.model import Resource

SCHEMES: Mapping[str, Mapping[str, str]] = {
    "bearerKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "The key as in `Authorization: Bearer KEY`.",
    },
    "headerKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The key as in `X-API-Key: KEY`.",
    },
}

SECURITY: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
"""Either way of sending the key will do."""

ROLES = "x-roles"
"""Of an operation: the roles of which a caller must have one."""

OPERATOR = ("operator",)
READERS = ("reader", "writer", "operator")
WRITERS = ("writer", "operator")

_CHALLENGE: Mapping[str, Any] = {
    "description": "How a key can be sent (RFC 9110, 11.6.1).",
    "schema": {"type": "string"},
    "example": 'Bearer realm="tmf"',
}

_REFUSALS = {
    "401": "No valid key was sent.",
    "403": "The key's role, or the party it stands for, does not allow this.",
}


def secured(document: Mapping[str, Any], resources: Mapping[str, Resource]) -> dict[str, Any]:
    """The document of an API whose callers need keys."""

    def roles(path: str, method: str) -> tuple[str, ...]:
        resource = resources.get(path.split("/")[1])
        return roles_of(resource, method)

    return _secured(document, roles)


def secured_for_operators(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of an interface that is the operator's alone."""
    return _secured(document, lambda _path, _method: OPERATOR)


def roles_of(resource: Resource | None, method: str) -> tuple[str, ...]:
    """Who may call an operation with that method: of a resource, or of the hub (None).

    Partners come in where there is something that can be theirs, or to read what is public.
    """
    reading = method == "get"
    for_partners = resource is None or bool(resource.parties) or (reading and resource.public)
    return (*(READERS if reading else WRITERS), *(("partner",) if for_partners else ()))


def _secured(
    document: Mapping[str, Any], roles: Callable[[str, str], tuple[str, ...]]
) -> dict[str, Any]:
    closed = deepcopy(dict(document))
    closed["security"] = deepcopy(SECURITY)
    components = closed["components"]
    components["securitySchemes"] = deepcopy(dict(SCHEMES))
    error = next(iter(components["responses"].values()))  # all shared answers are errors
    for status, description in _REFUSALS.items():
        components["responses"][status] = {**deepcopy(error), "description": description}
    headers = components["responses"]["401"].setdefault("headers", {})
    headers["WWW-Authenticate"] = deepcopy(dict(_CHALLENGE))
    for path, methods in closed["paths"].items():
        for method, operation in methods.items():
            if "responses" in operation:
                operation[ROLES] = list(roles(path, method))
                for status in _REFUSALS:
                    operation["responses"][status] = {"$ref": f"#/components/responses/{status}"}
    return closed
