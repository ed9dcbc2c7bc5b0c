"""Every operation of every API, asked well and badly, and judged by openapi-core.

For each path of the published documents: good requests with the least and with the fullest
documents that the schema describes, then each way to be refused. In the end every operation must
have given every answer that is expected of its kind, at every address of its API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.exercise import LARGEST, Exercise, ask_for_undeclared_methods
from tests.contract.judge import JSON, Judge
from tests.contract.loaded import load, vendor_data
from tests.processes import Server, start_server
from tmf.apis import APIS
from tmf.spec.bundle import load_api
from tmf.spec.model import Api, Resource

SERVED: dict[str, Api] = {
    base_path: api for api in (load_api(name) for name, _ in APIS) for base_path in api.base_paths
}
RESOURCES = [(base_path, name) for base_path, api in SERVED.items() for name in api.resources]

EXPECTED = {
    "list": {200, 206, 400, 406},
    "create": {201, 400, 406, 409, 413, 415},
    "retrieve": {200, 304, 400, 404, 406},
    "patch": {200, 400, 404, 406, 409, 412, 413, 415},
    "delete": {204, 404, 406, 412},
    "listListener": {200, 206, 400, 406},
    "registerListener": {201, 400, 406, 413, 415},
    "retrieveListener": {200, 404, 406},
    "unregisterListener": {204, 404, 406},
}
"""The statuses that each kind of operation must have answered. Others are declared too, and here
out of reach: 401 and 403 (nobody has to identify himself yet), 405 (asked for below, as it is
never the answer to a declared method), 500 and 503 (faults)."""


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes small bodies, with documents that no POST can create.

    Nobody reacts to what happens here, so every resource stays as the requests leave it.
    """
    folder = tmp_path_factory.mktemp("operations")
    settings = {"TMF_MAX_BODY": str(LARGEST), "TMF_SERVE_WORK": "false"}
    with start_server(module_database_url, folder, **settings) as server:
        load(vendor_data(without_post(), ["least"]), module_database_url, folder)
        yield server


def without_post() -> list[tuple[Api, Resource]]:
    """Resources that no client creates."""
    return [
        (api, resource)
        for api in SERVED.values()
        for resource in api.resources.values()
        if "create" not in resource.operations
    ]


@pytest.fixture
def judge(server: Server, base_path: str) -> Iterator[Judge]:
    judge = Judge(server.url, base_path)
    yield judge
    judge.close()


# --- Operations of resources ---


@pytest.mark.parametrize(("base_path", "name"), RESOURCES)
def test_operations_of_a_resource(judge: Judge, base_path: str, name: str) -> None:
    api = SERVED[base_path]
    exercise = Exercise(judge, api, name, api.base_paths.index(base_path))
    exercise.create()
    exercise.list()
    exercise.retrieve()
    exercise.patch()
    exercise.refused_methods()
    exercise.delete()

    assert judge.problems == []
    assert statuses_missing(judge, f"/{name}") == {}


# --- The hub ---


@pytest.mark.parametrize("base_path", SERVED)
def test_operations_of_the_hub(judge: Judge, server: Server, base_path: str) -> None:
    ask = judge.ask
    hub = f"{server.url}{SERVED[base_path].base_path}/hub"
    for query in (None, "", "eventType=SomethingCreateEvent&fields=eventType"):
        listener = {"callback": "http://127.0.0.1:9/events"}
        sent = listener if query is None else {**listener, "query": query}
        answer = ask("POST", "/hub", 201, sent)
        stored = answer.json()
        identity = stored.pop("id")
        judge.expect(bool(stored.pop("secret", None)), "the secret to sign with")
        judge.expect(stored == sent, f"registered {sent} as {stored}")
        judge.expect(answer.headers["Location"] == f"{hub}/{identity}", "Location")
        again = ask("GET", "/hub/{id}", 200, identity=identity)
        judge.expect(again.json() == {"id": identity, **sent}, f"read as {again.text}")

    ask("GET", "/hub", 200)
    ask("GET", "/hub", 206, query="?limit=1")
    ask("GET", "/hub", 400, query="?limit=1001")
    ask("GET", "/hub", 200, query="?fields=callback&sort=-callback&callback.regex=events$")
    ask("GET", "/hub", 400, query="?filter=$[")
    ask("GET", "/hub/{id}", 200, query="?fields=query", identity=identity)
    ask("GET", "/hub", 406, Accept="text/html")
    ask("POST", "/hub", 400, b"{")
    ask("POST", "/hub", 400, {"callback": "ftp://127.0.0.1/"})
    ask("POST", "/hub", 400, {**listener, "query": "no operator"})
    ask("POST", "/hub", 400, {**listener, "query": "eventTime.gt=soon"})
    ask("POST", "/hub", 406, listener, Accept="text/html")
    ask("POST", "/hub", 413, b" " * (LARGEST + 1))
    ask("POST", "/hub", 415, b"<a/>", media_type="application/xml")
    ask("GET", "/hub/{id}", 404, identity="nobody")
    ask("GET", "/hub/{id}", 406, identity=identity, Accept="text/html")
    ask("DELETE", "/hub/{id}", 406, identity=identity, Accept="text/html")
    ask("DELETE", "/hub/{id}", 204, identity=identity)
    ask("DELETE", "/hub/{id}", 404, identity=identity)
    ask_for_undeclared_methods(judge, "/hub")
    ask_for_undeclared_methods(judge, "/hub/{id}")

    assert judge.problems == []
    assert statuses_missing(judge, "/hub") == {}


# --- Nothing was left out ---


def statuses_missing(judge: Judge, collection: str) -> dict[str, set[int]]:
    """What the operations under a path should have answered and did not, by operationId."""
    missing = {}
    for template in (collection, f"{collection}/{{id}}"):
        for operation in judge.methods(template).values():
            identity = operation["operationId"]
            lacking = expected(identity) - judge.exercised[identity]
            if lacking:
                missing[identity] = lacking
    return missing


def expected(identity: str) -> set[int]:
    """The statuses expected of an operation, by its id: `createAlarm`, `listListener`."""
    if identity in EXPECTED:
        return EXPECTED[identity]
    return next(
        statuses
        for kind, statuses in EXPECTED.items()
        if identity.removeprefix(kind)[:1].isupper() and identity.startswith(kind)
    )


@pytest.mark.parametrize("base_path", SERVED)
def test_every_path_is_exercised_above(judge: Judge, base_path: str) -> None:
    exercised = {name for base, name in RESOURCES if base == base_path} | {"hub"}
    templates = {f"/{name}{end}" for name in exercised for end in ("", "/{id}")}

    assert judge.document["paths"].keys() == templates


# --- The judge is no rubber stamp ---


def list_customers(document: Any) -> Any:
    """The operation, as published."""
    return document["paths"]["/customer"]["get"]


def forget_the_status(document: Any) -> None:
    del list_customers(document)["responses"]["200"]


def promise_an_object(document: Any) -> None:
    content = list_customers(document)["responses"]["200"]["content"]
    content[JSON] = {"schema": {"type": "object"}}


def promise_text(document: Any) -> None:
    content = list_customers(document)["responses"]["200"]["content"]
    content["text/plain"] = content.pop(JSON)


def forget_a_header(document: Any) -> None:
    del list_customers(document)["responses"]["200"]["headers"]["Link"]


def promise_many(document: Any) -> None:
    total = document["components"]["headers"]["X-Total-Count"]
    total["schema"] = {"type": "integer", "minimum": 1_000_000}


def narrow_the_limit(document: Any) -> None:
    document["components"]["parameters"]["limit"]["schema"] = {"type": "integer", "maximum": 1}


@pytest.mark.over("SQLite")
@pytest.mark.parametrize(
    ("alter", "problem"),
    [
        (forget_the_status, "Unknown response http status: 200"),
        (promise_an_object, "InvalidData"),
        (promise_text, "Content for the following mimetype not found"),
        (promise_many, "InvalidHeader"),
        (forget_a_header, "undeclared ['Link']"),
        (narrow_the_limit, "limit"),
    ],
)
def test_the_judge_notices(server: Server, alter: Any, problem: str) -> None:
    judge = Judge(server.url, "/tmf-api/customerManagement/v4", alter)
    judge.ask("GET", "/customer", 200, query="?limit=1000")
    judge.close()

    assert len(judge.problems) == 1
    assert problem in judge.problems[0]
