"""Every kind of parameter is judged by the compiled path as by stock Connexion."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.asgi import Asked, ask
from tests.contract.made_up_documents import BASE, Served, document, served
from tests.contract.stock_differences import OF_PARAMETERS, differing

INTEGERS = {"type": "array", "items": {"type": "integer"}, "minItems": 2}
TEXTS = {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "uniqueItems": True}

SCALARS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "string", "minLength": 2, "maxLength": 3},
    {"type": "string", "pattern": "^[a-c1-3]+$"},
    {"type": "string", "enum": ["a", "b", "1"]},
    {"type": "integer"},
    {"type": "integer", "minimum": -1, "maximum": 10, "default": 3},
    {"type": "integer", "minimum": 1, "multipleOf": 5},
    {"type": "number"},
    {"type": "number", "minimum": 0.5, "maximum": 1e2},
    {"type": "boolean"},
    {"type": "boolean", "default": True},
]
ARRAYS: list[dict[str, Any]] = [
    {"schema": INTEGERS},
    {"schema": INTEGERS, "explode": False},
    {"schema": INTEGERS, "style": "form", "explode": True},
    {"schema": INTEGERS, "style": "pipeDelimited"},
    {"schema": INTEGERS, "style": "spaceDelimited"},
    {"schema": INTEGERS, "style": "pipeDelimited", "explode": True},
    {"schema": TEXTS},
    {"schema": TEXTS, "explode": False},
    {"schema": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}},
]
QUERY = [
    {"name": "p", "in": "query", **stated, **required}
    for stated, required in product(
        [*({"schema": schema} for schema in SCALARS), *ARRAYS], [{}, {"required": True}]
    )
]
HEADER = [
    {"name": "P-Header", "in": "header", "schema": schema, **required}
    for schema, required in product(SCALARS, [{}, {"required": True}])
    if schema["type"] == "string"
]
PATH = [
    {"name": "id", "in": "path", "required": True, "schema": schema}
    for schema in SCALARS
    if schema["type"] in ("string", "integer") and "default" not in schema
]

VALUES = [
    *(
        "",
        "a",
        "b",
        "ab",
        "abc",
        "abcd",
        "1",
        "5",
        "10",
        "11",
        "-1",
        "-2",
        "0",
        "0.5",
        "1.5",
        "100.1",
    ),
    *(
        "1e1",
        "1e400",
        "-0",
        "01",
        "1.",
        ".5",
        "+1",
        " 1",
        "1 ",
        "1_0",
        "\u0661",
        "nan",
        "inf",
        "NaN",
    ),
    *("true", "false", "True", "TRUE", "yes", "null", "none", "a,b", "a,a", "b,a,b", "1,2", "1,x"),
    *(
        "1,",
        ",",
        "1|2",
        "1|2|x",
        "1 2",
        "true,false",
        "true,false,true",
        "a b",
        "{}",
        "[1]",
        "9" * 30,
    ),
]
MANY = ["p=1&p=2", "p=a&p=b", "p=a&p=a", "p=1,2&p=3", "p=x&p=1,2", "p=1&p=x", "p=true&p=x", "p&p=1"]


def paths() -> dict[str, dict[str, Any]]:
    """An operation for each parameter."""
    places = {f"/q{number}": [one] for number, one in enumerate(QUERY)}
    places |= {f"/h{number}": [one] for number, one in enumerate(HEADER)}
    places |= {f"/p{number}/{{id}}": [one] for number, one in enumerate(PATH)}
    places["/all"] = [
        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 5}},
        {"name": "flag", "in": "query", "required": True, "schema": {"type": "boolean"}},
        {"name": "P-Header", "in": "header", "required": True, "schema": {"type": "string"}},
    ]
    return {path: {"parameters": parameters} for path, parameters in places.items()}


def requests() -> Iterator[Asked]:
    for number in range(len(QUERY)):
        place = f"{BASE}/q{number}"
        yield Asked("GET", place)
        yield Asked("GET", f"{place}?other=1")
        yield from (Asked("GET", f"{place}?p={quote(value)}") for value in VALUES)
        yield from (Asked("GET", f"{place}?{query}") for query in MANY)
        yield from (Asked("GET", f"{place}?{query}") for query in ("p", "%70=1", "p%3D1", "P=1"))
    for number in range(len(HEADER)):
        place = f"{BASE}/h{number}"
        yield Asked("GET", place)
        yield from (
            Asked("GET", place, headers=(("P-Header", value),))
            for value in VALUES
            if value.isascii()
        )
    for number in range(len(PATH)):
        place = f"{BASE}/p{number}"
        yield from (Asked("GET", f"{place}/{quote(value)}") for value in VALUES if value)
    good = (("p-header", "x"),)
    for query in ("flag=true", "flag=true&limit=5", "flag=true&limit=6", "limit=5", "flag=x", ""):
        yield Asked("GET", f"{BASE}/all?{query}", headers=good)
        yield Asked("GET", f"{BASE}/all?{query}")


@pytest.fixture(scope="module")
def both() -> Served:
    return served(document(paths()))


@pytest.fixture(scope="module")
def found(both: Served) -> dict[str, list[str]]:
    """What differs."""
    compiled, stock = both
    asking = differing(
        requests(),
        lambda asked: ask(compiled, asked),
        lambda asked: ask(stock, asked),
        OF_PARAMETERS,
    )
    return asyncio.run(asking)


def test_parameters_are_judged_as_by_stock_connexion(found: dict[str, list[str]]) -> None:
    assert found.get("", []) == []


@pytest.mark.parametrize("name", [each.name for each in OF_PARAMETERS])
def test_every_listed_difference_is_still_there(found: dict[str, list[str]], name: str) -> None:
    assert found.get(name, []) != []


def test_each_parameter_is_both_met_and_missed(both: Served) -> None:
    """Or the agreement above would say little; a text that may be anything is always met."""
    statuses: dict[str, set[int]] = {}
    for asked in requests():
        place = asked.target.removeprefix(BASE).partition("?")[0].rsplit("/", 1)
        answer = asyncio.run(ask(both.compiled, asked))
        statuses.setdefault(place[0] or place[1], set()).add(answer.status)

    free = {"q0", "h0", "/p0"}
    assert {place for place, seen in statuses.items() if not seen & {400, 404}} <= free
    assert {place for place, seen in statuses.items() if 200 not in seen} == set()
