"""What documents say where callers need keys: how they are sent, and who may call what."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import openapi_spec_validator
import pytest

from tests.contract.structure import served
from tmf.spec.bundle import load_api
from tmf.spec.security import secured_for_operators
from tmf.spec.sources import read

APIS = served()
ADMIN = "admin"


def document(name: str) -> dict[str, Any]:
    """The document as it is published, or enforced, on a server with keys."""
    if name == ADMIN:
        return secured_for_operators(read("admin.yaml"))
    return deepcopy(dict(load_api(name, keys=True).document))


def operations(of: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """`GET /hub` and the like, with what is declared of it."""
    for path, methods in of["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


@pytest.mark.parametrize("name", [*APIS, ADMIN])
def test_the_document_is_valid_openapi(name: str) -> None:
    openapi_spec_validator.validate(document(name))


@pytest.mark.parametrize("name", [*APIS, ADMIN])
def test_every_operation_takes_a_key_in_either_header(name: str) -> None:
    closed = document(name)

    schemes = closed["components"]["securitySchemes"]
    declared = {
        (scheme["type"], scheme.get("scheme"), scheme.get("in"), scheme.get("name"))
        for scheme in schemes.values()
    }
    assert declared == {("http", "bearer", None, None), ("apiKey", None, "header", "X-API-Key")}
    assert closed["security"] == [{scheme: []} for scheme in schemes]
    assert [one for one, operation in operations(closed) if "security" in operation] == []


@pytest.mark.parametrize("name", [*APIS, ADMIN])
def test_every_operation_declares_its_refusals_and_its_roles(name: str) -> None:
    closed = document(name)

    for place, operation in operations(closed):
        for status in ("401", "403"):
            answer = f"#/components/responses/{status}"
            assert operation["responses"][status] == {"$ref": answer}, place
        assert "operator" in operation["x-roles"], place
    responses = closed["components"]["responses"]
    assert "WWW-Authenticate" in responses["401"]["headers"]
    for status in ("401", "403"):
        assert "application/json" in responses[status]["content"]


def test_the_operators_interface_is_the_operators() -> None:
    assert {tuple(operation["x-roles"]) for _, operation in operations(document(ADMIN))} == {
        ("operator",)
    }


@pytest.mark.parametrize("name", [*APIS, ADMIN])
def test_but_for_that_the_document_is_the_same(name: str) -> None:
    closed = document(name)
    opened: Any = read("admin.yaml") if name == ADMIN else load_api(name).document

    del closed["security"], closed["components"]["securitySchemes"]
    for place, operation in operations(closed):
        del operation["x-roles"]
        for status in ("401", "403"):
            if status not in dict(operations(opened))[place]["responses"]:
                del operation["responses"][status]
    for status in ("401", "403"):
        responses = closed["components"]["responses"]
        del responses[status]
        if status in opened["components"]["responses"]:
            responses[status] = opened["components"]["responses"][status]
    assert closed == opened


@pytest.mark.parametrize("name", APIS)
def test_without_keys_nothing_is_said_of_them(name: str) -> None:
    opened = dict(load_api(name).document)

    assert "security" not in opened
    assert "securitySchemes" not in opened["components"]
    assert [place for place, operation in operations(opened) if "x-roles" in operation] == []
