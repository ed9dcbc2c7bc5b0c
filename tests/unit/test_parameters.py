"""Query parameters against their declaration."""

from __future__ import annotations

from typing import Any

import pytest

from tmf.rest.exchange import Request
from tmf.rest.parameters import ParameterChecks
from tmf.tmf630_guidelines.errors import GuidelineError


def declared(schema: dict[str, Any], name: str = "limit", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


CHECKS = ParameterChecks(
    [
        declared({"type": "integer", "minimum": 0, "maximum": 1000}),
        declared({"type": "boolean"}, "deep"),
        declared({"type": "string", "pattern": "^[a-z]+$"}, "mode"),
        declared({"type": "string"}, "fields"),
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
    ]
)


async def nothing() -> Any:
    raise AssertionError("parameters do not stand in the body")


def asked(query: str = "", identity: str = "", **headers: str) -> Request:
    scope = {
        "query_string": query.encode("utf-8", "surrogateescape"),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    return Request(scope, nothing, "http://localhost", identity=identity)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "limit=0",
        "limit=1000",
        "limit=007",
        "deep=true&deep=false",
        "mode=abc",
        "mode=%61bc",
        "fields=",
        "fields=%00",
        "unknown=--&x.gt=5&y",
        "li%6Dit=5",
        "&&limit=5&",
        "a=\udcff&limit=1",
    ],
)
def test_what_is_as_declared_passes(query: str) -> None:
    CHECKS.check(asked(query))


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=-1", "limit"),
        ("limit=1001", "limit"),
        ("limit=1001&limit=1", "limit"),
        ("limit=1&limit=1001", "limit"),
        ("limit=", "limit"),
        ("limit", "limit"),
        ("limit=x", "limit"),
        ("limit=1.0", "limit"),
        ("limit=1e2", "limit"),
        ("limit=+5", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=--5", "limit"),
        ("limit=-", "limit"),
        ("limit=5-", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=%C2%B2", "limit"),
        ("limit=1_000", "limit"),
        ("limit=" + "9" * 10_000, "limit"),
        ("limit=\udcff", "limit"),
        ("limit=%FF", "limit"),
        ("li%6Dit=x", "limit"),
        ("deep=yes", "deep"),
        ("deep=True", "deep"),
        ("deep=", "deep"),
        ("mode=ABC", "mode"),
        ("mode=", "mode"),
    ],
)
def test_what_is_not_is_refused_by_name(query: str, name: str) -> None:
    with pytest.raises(GuidelineError) as caught:
        CHECKS.check(asked(query))

    assert caught.value.code == "invalidQuery"
    assert str(caught.value.message).startswith(f"{name}: ")
    assert len(str(caught.value.message)) < 300


def test_what_must_be_sent_is_missed() -> None:
    checks = ParameterChecks([declared({"type": "string"}, "realm", required=True)])

    checks.check(asked("realm="))
    checks.check(asked("x=1&realm=a"))
    for query in ("", "x=1", "realms=a"):
        with pytest.raises(GuidelineError, match="invalidQuery: realm is required"):
            checks.check(asked(query))


def test_nothing_declared_is_nothing_refused() -> None:
    ParameterChecks([]).check(asked("limit=x&deep=yes"))
    ParameterChecks([declared({"type": "string"})]).check(asked("limit=x&=&%"))


HEADER = ParameterChecks(
    [
        {
            "name": "Depth",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "pattern": "^5$"},
        }
    ]
)


def test_a_header_is_found_whatever_its_case_and_not_in_the_query() -> None:
    HEADER.check(asked("depth=x", DEPTH="5"))
    for request, message in (
        (asked("Depth=5"), "Depth is required"),
        (asked(depth="x"), "Depth: .* does not match"),
    ):
        with pytest.raises(GuidelineError, match=f"invalidHeader: {message}"):
            HEADER.check(request)


def test_what_cannot_stand_in_a_path_is_not_found() -> None:
    declared_path = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    checks = ParameterChecks([declared_path])

    checks.check(asked(identity="15"))
    with pytest.raises(GuidelineError, match="notFound"):
        checks.check(asked(identity="x"))


@pytest.mark.parametrize(
    ("more", "query"),
    [
        ({}, "limit=1,2"),
        ({}, "limit=1&limit=2"),
        ({}, "limit=1&limit=2,3"),
        ({"explode": False}, "limit=x&limit=1,2"),
        ({"style": "pipeDelimited"}, "limit=1|2"),
        ({"style": "spaceDelimited"}, "limit=1%202"),
        ({"style": "spaceDelimited", "explode": True}, "limit=1&limit=2"),
    ],
)
def test_arrays_are_read_as_their_style_says(more: dict[str, Any], query: str) -> None:
    schema = {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "integer"}}
    checks = ParameterChecks([declared(schema, **more)])

    checks.check(asked(query))
    for bad in ("limit=1", "limit=1,x", "limit=1,2,3,4", "limit="):
        with pytest.raises(GuidelineError, match="invalidQuery: limit: "):
            checks.check(asked(bad))


@pytest.mark.parametrize(
    "parameter",
    [
        declared({"type": "object"}),
        declared({}),
        declared({"type": "string", "nullable": True}),
        declared({"type": "array", "items": {"type": "object"}}),
        declared({"type": "array", "items": {"type": "string"}}, style="deepObject"),
        {"name": "limit", "in": "query", "content": {"application/json": {}}},
        {"name": "limit", "in": "header", "schema": {"type": "integer"}},
        {"name": "limit", "in": "cookie", "schema": {"type": "string"}},
        {"name": "limit", "in": "header", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "id", "in": "path", "required": True, "schema": {"type": "boolean"}},
    ],
)
def test_what_would_not_be_enforced_stops_the_start(parameter: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not supported"):
        ParameterChecks([parameter])
