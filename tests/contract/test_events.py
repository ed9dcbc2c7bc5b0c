"""Every kind of change of every resource writes exactly its events, each as its API publishes it.

The published document, read by openapi-core, judges every event.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import openapi_core
import pytest
import requests
from openapi_core.contrib.requests import RequestsOpenAPIRequest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.contract.loaded import load
from tests.contract.structure import served
from tests.e2e.client import Client, unique
from tests.e2e.minimal import CREATED, LOADED
from tests.processes import Server, start_server
from tmf.spec.bundle import load_api
from tmf.spec.model import Api, Resource

APIS = {name: load_api(name) for name in served()}
RESOURCES = {
    resource.key: (api, resource) for api in APIS.values() for resource in api.resources.values()
}
FOLLOWS = {"TMF642.alarm": {"perceivedSeverity", "lastSeverity"}}
"""What a change of state changes as well, by resource: what is cleared has no other severity."""

FOUR = ("CreateEvent", "AttributeValueChangeEvent", "StateChangeEvent", "DeleteEvent")


class Outbox:
    """What has been written to the outbox about one resource, read as it is added."""

    def __init__(self, database_url: str, identity: str) -> None:
        self._engine = create_engine(database_url, poolclass=NullPool)
        self._identity = identity
        self._read = 0

    def more(self) -> list[dict[str, Any]]:
        """The events since the last look, in order."""
        statement = text(
            "SELECT position, event_id, type, body FROM outbox "
            "WHERE subject = :subject AND position > :read ORDER BY position"
        )
        values = {"subject": self._identity, "read": self._read}
        with self._engine.connect() as connection:
            rows = connection.execute(statement, values).all()
        events = []
        for position, identity, kind, body in rows:
            self._read = position
            event = json.loads(body)
            assert (event["eventId"], event["eventType"]) == (identity, kind)
            events.append(event)
        return events


class EventJudge:
    """Tells whether an event is as the API's document describes it."""

    def __init__(self, api: Api) -> None:
        document = deepcopy(dict(api.document))
        hub = document["paths"]["/hub"]["post"]
        self.offered = frozenset(hub["callbacks"])
        # Listeners' addresses are unknown; to be judged, each event has a path of its own.
        document["servers"] = [{"url": "http://listener.example"}]
        document["paths"] = {
            f"/{name}": item
            for name, callback in hub["callbacks"].items()
            for item in callback.values()
        }
        document.pop("security", None)
        self._api = openapi_core.OpenAPI.from_dict(document)

    def check(self, event: Mapping[str, Any]) -> None:
        """openapi-core's error if the event is not as published."""
        url = f"http://listener.example/{event['eventType']}"
        self._api.validate_request(
            RequestsOpenAPIRequest(requests.Request("POST", url, json=event))
        )


@pytest.fixture(scope="module")
def judges() -> dict[str, EventJudge]:
    return {name: EventJudge(api) for name, api in APIS.items()}


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server where nobody reacts: what is told is what was asked for."""
    folder = tmp_path_factory.mktemp("events")
    with start_server(module_database_url, folder, TMF_SERVE_WORK="false") as server:
        yield server


@pytest.fixture(scope="module")
def tmf(server: Server) -> Iterator[Client]:
    client = Client(server.url)
    yield client
    client.close()


@pytest.fixture(scope="module")
def loaded(tmf: Client, module_database_url: str, tmp_path_factory: Any) -> dict[str, str]:
    """Ids of resources that only come by `tmf load`, by place."""
    ids = {place: unique("told") for place in LOADED}
    data: dict[str, dict[str, list[Any]]] = {}
    for place, document in LOADED.items():
        api, resource = place.split("/")
        data.setdefault(api, {})[resource] = [{**document, "id": ids[place]}]
    load(data, module_database_url, tmp_path_factory.mktemp("loaded"))
    return ids


def moves(resource: Resource, document: Mapping[str, Any]) -> list[str]:
    """Two states that the resource may be moved to, one after the other."""
    lifecycle = resource.schemas[resource.schema].get("x-lifecycle")
    (attribute,) = resource.states
    if lifecycle is None or attribute not in document:
        return ["first", "second"]
    found = lifecycle["moves"]
    for first in found[document[attribute]]:
        for second in found[first]:
            return [first, second]
    raise AssertionError(f"{resource.key} cannot be moved twice from {document[attribute]}")


class Watched:
    """One resource, and what its events must be."""

    def __init__(
        self, tmf: Client, judge: EventJudge, resource: Resource, outbox: Outbox, identity: str
    ) -> None:
        self._tmf = tmf
        self._judge = judge
        self._resource = resource
        self._outbox = outbox
        self.place = f"{resource.api}/{resource.name}/{identity}"

    def expect(self, *kinds: str, correlation: str | None = None) -> list[dict[str, Any]]:
        """Exactly these events were added, of those that the resource offers at all."""
        names = [f"{self._resource.schema}{kind}" for kind in kinds]
        events = self._outbox.more()
        assert [event["eventType"] for event in events] == [
            name for name in names if name in self._judge.offered
        ]
        for event in events:
            self._judge.check(event)
            assert event["domain"]
            assert event["eventTime"].endswith("Z")
            assert correlation is None or event["correlationId"] == correlation
        return events

    def patch(self, patch: Mapping[str, Any], *kinds: str) -> None:
        """A patch is these events, each with the resource as it is afterwards."""
        answer = self._tmf.patch(self.place, patch)
        assert answer.status_code == 200, answer.text
        for event in self.expect(*kinds, correlation=answer.headers["X-Request-Id"]):
            assert event["event"] == {self._resource.name: answer.json()}
            if event["eventType"].endswith("AttributeValueChangeEvent"):
                told = set(event["fieldPath"].split(","))
                assert "our" in told
                assert told - {"our"} <= self.noted()

    def noted(self) -> set[str]:
        """What the server may note of its own when something changes: times, above all."""
        attributes = self._resource.attributes.children
        times = {name for name, attribute in attributes.items() if attribute.kind == "instant"}
        return times | FOLLOWS.get(self._resource.key, set())

    def delete(self) -> None:
        """A delete is its event, with the resource as it was."""
        before = self._tmf.read(self.place)
        answer = self._tmf.delete(self.place)
        assert answer.status_code == 204, answer.text
        for event in self.expect("DeleteEvent", correlation=answer.headers["X-Request-Id"]):
            assert event["event"] == {self._resource.name: before}


@pytest.mark.parametrize("key", RESOURCES)
def test_every_kind_of_change_writes_exactly_its_events(
    key: str,
    tmf: Client,
    judges: dict[str, EventJudge],
    module_database_url: str,
    loaded: dict[str, str],
) -> None:
    api, resource = RESOURCES[key]
    place = key.replace(".", "/")
    identity = loaded.get(place, unique("told"))
    watched = Watched(
        tmf, judges[api.name], resource, Outbox(module_database_url, identity), identity
    )
    if place not in loaded:
        tmf.create(place, {**CREATED[place], "id": identity})
    document = tmf.read(watched.place)
    for event in watched.expect("CreateEvent"):
        assert event["event"][resource.name]["id"] == identity
        assert (
            resource.task
            or "create" not in resource.operations
            or (event["event"] == {resource.name: document})
        )

    if "patch" in resource.operations:
        watched.patch({"our": 1}, "AttributeValueChangeEvent")
        watched.patch({"our": 1})
        if resource.states:
            (state,) = resource.states
            first, second = moves(resource, document)
            watched.patch({state: first}, "StateChangeEvent")
            both = {state: second, "our": 2}
            watched.patch(both, "StateChangeEvent", "AttributeValueChangeEvent")
    if "delete" in resource.operations and not resource.task:
        watched.delete()


def test_bills_whose_standard_names_no_events_tell_of_four_for_each_resource() -> None:
    offered = EventJudge(APIS["TMF678"]).offered
    resources = APIS["TMF678"].resources.values()

    assert offered == {f"{one.schema}{kind}" for one in resources for kind in FOUR}
