"""The operator's interface does what `openapi/admin.yaml` says, judged by openapi-core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_spec_validator import validate

from tests.contract.judge import Judge
from tests.e2e.recipients import Recipients, Reply, recipients
from tests.e2e.waiting import until
from tests.processes import Server, start_server
from tmf.spec.security import secured_for_operators
from tmf.spec.sources import read

BASE = "/admin/v1"
HUB = "/tmf-api/productCatalogManagement/v4/hub"
CATEGORY = "/tmf-api/productCatalogManagement/v4/category"
SINCE = {"since": "2020-01-01T00:00:00Z"}
SETTINGS = {"TMF_HUB_ALLOW_PRIVATE_CALLBACKS": "true", "TMF_HUB_RETRY_SCHEDULE": "0.05"}


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a movable clock that delivers to this machine."""
    folder: Path = tmp_path_factory.mktemp("admin")
    settings = {**SETTINGS, "TMF_CLOCK": "2030-01-01T00:00:00Z"}
    with start_server(module_database_url, folder, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def receiving() -> Iterator[Recipients]:
    with recipients() as receiving:
        receiving.answers["/failing"] = lambda _: Reply(status=500, body=b"no")
        yield receiving


@pytest.fixture
def judge(server: Server) -> Iterator[Judge]:
    judge = Judge(server.url, BASE, document=read("admin.yaml"))
    yield judge
    judge.close()


@pytest.mark.parametrize(
    "document",
    [
        made
        for file in ("admin.yaml", "impact.yaml")
        for made in (read(file), secured_for_operators(read(file)))
    ],
)
def test_the_document_is_one(document: Any) -> None:
    validate(document)


def post(server: Server, path: str, document: Any) -> Any:
    answer = requests.post(server.url + path, json=document, timeout=60)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_every_operation_answers_as_declared(
    judge: Judge, server: Server, receiving: Recipients
) -> None:
    well, badly = (
        post(server, HUB, {"callback": receiving.url + path, "query": "eventType.ne=x"})["id"]
        for path in ("/well", "/failing")
    )
    post(server, CATEGORY, {"name": "x"})

    def state(identity: str) -> Any:
        return requests.get(f"{judge.base}/hub/{identity}", timeout=60).json()

    until(lambda: state(badly)["parked"] == 1 and state(well)["waiting"] == 0, "the end of tries")

    ask = judge.ask
    ask("GET", "/clock", 200)
    ask("POST", "/clock", 200, {"advanceSeconds": 1})
    ask("POST", "/clock", 400, {"advanceSeconds": -1})
    ask("POST", "/clock", 409, {"now": "2029-01-01T00:00:00Z"})
    ask("POST", "/clock", 415, b"<a/>", media_type="application/xml")
    ask("GET", "/hub", 200)
    ask("GET", "/hub", 200, query="?api=TMF620&offset=1&limit=1")
    ask("GET", "/hub", 400, query="?limit=1001")
    for identity in (well, badly):
        ask("GET", "/hub/{id}", 200, identity=identity)
        ask("GET", "/hub/{id}/attempts", 200, identity=identity)
        ask("GET", "/hub/{id}/attempts", 200, query="?failed=true&limit=1", identity=identity)
        ask("GET", "/hub/{id}/attempts", 400, query="?limit=0", identity=identity)
        ask("POST", "/hub/{id}/test", 200, identity=identity)
        ask("POST", "/hub/{id}/resend", 200, SINCE, identity=identity)
        ask("POST", "/hub/{id}/resend", 200, {**SINCE, "parked": True}, identity=identity)
        ask("POST", "/hub/{id}/resend", 400, {}, identity=identity)
        ask("POST", "/hub/{id}/resend", 415, b"<a/>", identity=identity, media_type="text/xml")
        ask("POST", "/hub/{id}/rotate", 200, identity=identity)
        ask("POST", "/hub/{id}/rotate", 409, {}, identity=identity)
        ask("POST", "/hub/{id}/rotate", 200, {"atOnce": True}, identity=identity)
        ask("POST", "/hub/{id}/rotate", 400, {"atOnce": 1}, identity=identity)
        ask("POST", "/hub/{id}/rotate", 415, b"<a/>", identity=identity, media_type="text/xml")
        ask("POST", "/hub/{id}/disable", 200, identity=identity)
        ask("GET", "/hub/{id}", 200, identity=identity)
        ask("POST", "/hub/{id}/resend", 409, SINCE, identity=identity)
        ask("POST", "/hub/{id}/enable", 200, identity=identity)
    for template, methods in judge.document["paths"].items():
        for method in methods:
            if "{id}" in template and method != "parameters":
                body = SINCE if template.endswith("resend") else None
                ask(method.upper(), template, 404, body, identity="nobody")

    assert judge.problems == []
    assert {
        operation["operationId"]: missing
        for item in judge.document["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
        if (missing := _declared(operation) - judge.exercised[operation["operationId"]])
    } == {"retrieveClock": {404}, "moveClock": {404}}, "but for those of a server without TMF_CLOCK"


def test_the_impact_is_answered_as_declared(server: Server) -> None:
    judge = Judge(server.url, BASE, document=read("impact.yaml"))
    card, service = {"id": "impact-card"}, {"id": "x"}
    alarm = post(
        server,
        "/tmf-api/alarm/v4/alarm",
        {
            "alarmType": "equipmentAlarm",
            "perceivedSeverity": "major",
            "probableCause": "x",
            "alarmedObject": card,
            "sourceSystemId": "ems",
            "state": "raised",
            "alarmRaisedTime": "2030-01-01T00:00:00Z",
        },
    )["id"]
    party = {"id": "impact-party", "role": "customer", "@referredType": "Individual"}
    rests = {"supportingResource": [card], "relatedParty": [party]}
    post(
        server,
        "/tmf-api/serviceInventory/v4/service",
        {"state": "active", "serviceSpecification": service, **rests},
    )

    answer = judge.ask("GET", "/impact/{id}", 200, identity=alarm)
    judge.ask("GET", "/impact/{id}", 200, query="?offset=1&limit=1", identity=alarm)
    judge.ask("GET", "/impact/{id}", 400, query="?limit=-1", identity=alarm)
    judge.ask("GET", "/impact/{id}", 404, identity="nobody")
    judge.close()
    assert (answer.json()["serviceCount"], answer.json()["partyCount"]) == (1, 1)
    assert judge.problems == []
    (operation,) = (item["get"] for item in judge.document["paths"].values())
    assert judge.exercised["retrieveImpact"] == _declared(operation)


def _declared(operation: Any) -> set[int]:
    return set(map(int, operation["responses"]))
