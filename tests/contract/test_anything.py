"""Whatever is sent, the answer is the guideline's and a refusal changes nothing.

With TMF_LONG=1 there are thousands of examples, other ones each time; a failure prints its request.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import text
from starlette.types import ASGIApp

from tests.contract.asgi import Asked, Reply, ask
from tests.contract.mutations import requests_to
from tests.contract.stock_cases import asked
from tmf.app import build_application
from tmf.program import Program, build_program
from tmf.settings import Settings
from tmf.store import schema

LONG = os.environ.get("TMF_LONG") == "1"
EXAMPLES = 10_000 if LONG else 300

CATALOG = "/tmf-api/productCatalogManagement/v4"
VICTIM = {
    "id": "victim",
    "name": "victim",
    "note": [{"author": "a", "text": "b"}],
    "validFor": {"endDateTime": "2030-01-01T00:00:00Z"},
}
DOCUMENTS: list[Any] = [
    {"name": "x", "isRoot": True, "version": "1.0", "validFor": {"endDateTime": "2030-01-01"}},
    {"name": "x", "relatedParty": [{"id": "1", "role": "owner"}], "extension": {"a": [1.50, None]}},
    {"callback": "http://127.0.0.1:9/events", "query": "eventType=CategoryCreateEvent"},
    [
        {"op": "replace", "path": "/name", "value": "y"},
        {"op": "test", "path": "/name", "value": "y"},
    ],
    [
        {"op": "remove", "path": "/note?author=a/text"},
        {"op": "copy", "from": "/note", "path": "/n"},
    ],
    {"name": None, "note": [{"text": "z"}]},
]
PATHS = [
    *(f"{CATALOG}/category", f"{CATALOG}/category/victim", f"{CATALOG}/hub", f"{CATALOG}/hub/1"),
    *("/tmf-api/alarm/v4/alarm", "/tmf-api/productOrderingManagement/v4/productOrder/victim"),
    *("/", "/docs", "/health/ready", "/metrics", f"{CATALOG}/openapi.json", "/admin/v1/clock"),
    *("/export/x", "/static/x"),
]

PROFILE = settings(
    max_examples=EXAMPLES,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    print_blob=False,
)


class Served(NamedTuple):
    """The application, the program behind it, and the loop that all requests share."""

    application: ASGIApp
    program: Program
    runner: asyncio.Runner

    def ask(self, request: Asked) -> Reply:
        return self.runner.run(ask(self.application, request))

    def state(self) -> list[Any]:
        """All that is stored, in numbers."""
        tables = (
            "SELECT count(*), sum(revision) FROM tmf620_category",
            "SELECT count(*), sum(revision) FROM tmf642_alarm",
            "SELECT count(*), sum(revision) FROM tmf622_product_order",
            "SELECT count(*), 0 FROM hub",
            "SELECT count(*), 0 FROM outbox",
            "SELECT count(*), 0 FROM idempotency",
            "SELECT count(*), 0 FROM work",
        )
        with self.program.database.engine.connect() as connection:
            return [tuple(connection.execute(text(table)).one()) for table in tables]


@pytest.fixture(scope="module")
def served(module_database_url: str) -> Iterator[Served]:
    """An application with one resource, without background work."""
    made = Settings(database_url=module_database_url, log_level="error", max_body=100_000)
    program = build_program(made)
    schema.prepare(program.database)
    with asyncio.Runner() as runner:
        served = Served(build_application(program), program, runner)
        assert served.ask(asked("POST", f"{CATALOG}/category", VICTIM)).status == 201
        yield served
        program.close()


def check(request: Asked, reply: Reply) -> None:
    """A success, a redirection, or the guideline's Error."""
    assert reply.status < 500 or reply.status == 501, (request, reply)
    if reply.status >= 400 and request.method != "HEAD":
        error = json.loads(reply.body)
        assert (error["@type"], error["status"]) == ("Error", str(reply.status)), request
        assert error["code"], request
        assert error["reason"], request
        assert len(reply.body) < 10_000, request


def test_anything_is_answered_and_a_refusal_changes_nothing(served: Served) -> None:
    refused = [0]

    @PROFILE
    @given(request=requests_to(PATHS, DOCUMENTS))
    def answered(request: Asked) -> None:
        before = served.state()
        reply = served.ask(request)
        check(request, reply)
        if reply.status >= 400 or request.method in ("GET", "HEAD", "OPTIONS"):
            refused[0] += 1
            assert served.state() == before, (request, reply)

    answered()

    assert refused[0] > EXAMPLES / 4
    assert served.ask(asked("POST", f"{CATALOG}/category", {"name": "after"})).status == 201
    assert served.ask(asked("GET", f"{CATALOG}/category?name=after")).status == 200
