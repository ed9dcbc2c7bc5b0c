"""The AsyncAPI document names every event of every API, and its schemas judge real events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.contract.structure import served
from tests.e2e import commands
from tests.e2e.client import Client
from tests.e2e.minimal import CREATED
from tests.processes import Server
from tmf.apis import APIS
from tmf.spec.asyncapi import asyncapi_document
from tmf.spec.bundle import load_api

ALL = [load_api(name) for name, _ in APIS]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi_document(ALL, "tmf.events", "1")


def references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_all_apis_are_in_it() -> None:
    assert {api.name for api in ALL} == set(served())


@pytest.mark.parametrize("api", ALL, ids=lambda api: api.name)
def test_every_event_has_a_channel_and_a_message_with_the_published_payload(
    api: Any, document: dict[str, Any]
) -> None:
    callbacks = set(api.document["paths"]["/hub"]["post"]["callbacks"])
    found = set()
    for address, channel in document["channels"].items():
        realm, name, resource, event = address.split(".")
        if name != api.name.lower():
            continue
        found.add(event)
        assert realm == "{realm}"
        assert channel["parameters"].keys() == {"realm"}
        assert channel["bindings"]["amqp"]["exchange"]["name"] == "tmf.events"
        message = document["components"]["messages"][f"{api.name}.{event}"]
        assert channel["subscribe"]["message"] == {
            "$ref": f"#/components/messages/{api.name}.{event}"
        }
        assert message["payload"] == {"$ref": f"#/components/schemas/{api.name}.{event}"}
        shape = document["components"]["schemas"][f"{api.name}.{event}"]
        assert shape["properties"].keys() == (
            api.document["components"]["schemas"][event]["properties"].keys()
        )
        assert message["headers"]["properties"]["resource"]["enum"] == [resource]
    assert found == callbacks


def test_every_reference_leads_somewhere_and_every_schema_is_used(
    document: dict[str, Any],
) -> None:
    components = document["components"]
    named = {f"#/components/{kind}/{name}" for kind, parts in components.items() for name in parts}
    assert set(references(document)) == named
    ids = [channel["subscribe"]["operationId"] for channel in document["channels"].values()]
    assert len(ids) == len(set(ids)) >= 80


def test_the_served_document_is_the_printed_one_and_judges_events(
    server: Server, module_database_url: str, tmp_path: Path
) -> None:
    served_document = requests.get(f"{server.url}/asyncapi.json", timeout=60).json()
    printed = commands.tmf("asyncapi", folder=tmp_path)
    assert json.loads(printed.stdout) == served_document
    assert served_document["asyncapi"] == "2.6.0"

    with Client(server.url) as tmf:
        for place in ("TMF620/category", "TMF638/service", "TMF642/alarm"):
            created = tmf.create(place, CREATED[place])
            assert tmf.patch(created["href"], {"our": 1}).status_code == 200
    engine = create_engine(module_database_url, poolclass=NullPool)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT api, type, body FROM outbox")).all()
    engine.dispose()
    assert len(rows) >= 6
    for api, kind, body in rows:
        whole = {**deepcopy(served_document), "$ref": f"#/components/schemas/{api}.{kind}"}
        judge = jsonschema_rs.Draft202012Validator(whole)
        judge.validate(json.loads(body))
        with pytest.raises(jsonschema_rs.ValidationError):
            judge.validate({**json.loads(body), "eventType": 5})
