"""Requests to ask of stock Connexion and of the compiled path alike: every operation, each way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.contract.asgi import Asked, Header
from tests.contract.exercise import RULED
from tests.contract.instances import Instances
from tests.contract.judge import JSON, JSON_PATCH, JSON_PATCH_QUERY, MERGE
from tmf.spec.model import Api, Resource

KNOWN = "known"
"""The id of a resource of each kind that is there from the start."""

ADD = [{"op": "add", "path": "/our", "value": 1}]
SELECT = [{"op": "add", "path": "/our?our=1", "value": 2}]

SELECTIONS = ["", "?fields=none", "?fields=name,id", "?fields=", "?fields=a&fields=b", "?unknown=1"]
PAGES = [
    *(
        "limit=0",
        "limit=1",
        "limit=1000",
        "limit=1&offset=1",
        "offset=0",
        "offset=9007199254740991",
    ),
    *(
        "limit=",
        "limit=x",
        "limit=-1",
        "limit=1001",
        "limit=1.5",
        "limit=1e1",
        "limit=%31",
        "limit",
    ),
    *(
        "limit=1&limit=2",
        "limit=true",
        "limit=1%20",
        "offset=",
        "offset=-1",
        "offset=9007199254740992",
    ),
]
QUERIES = [
    "id=known",
    "id=nobody",
    "id.gt=",
    "sort=-id",
    "sort=id,id",
    "filter=$[?(@.id=='known')]",
]
BAD_QUERIES = ["filter=$[", "noOperator", "sort=", "cursor=x", "%FF=1", "id=%00"]


def asked(
    method: str, target: str, body: Any = None, media_type: str | None = JSON, **headers: str
) -> Asked:
    """A request; the body as JSON unless it is bytes. Header names are written with `_` for `-`."""
    listed: list[Header] = [("X-Request-Id", "same")]
    listed += [(name.replace("_", "-"), value) for name, value in headers.items()]
    if body is None:
        return Asked(method, target, b"", tuple(listed))
    if media_type is not None:
        listed.append(("Content-Type", media_type))
    return Asked(method, target, _json(body), tuple(listed))


def _json(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def requests_of(api: Api) -> Iterator[Asked]:
    """All requests, in an order that keeps `known` until it is deleted."""
    made = Instances(api.document["components"]["schemas"])
    for resource in api.resources.values():
        collection = f"{api.base_path}{resource.path}"
        yield from _lists(collection)
        yield from _creates(collection, api, resource, made)
        yield from _retrieves(f"{collection}/{KNOWN}")
        yield from _patches(f"{collection}/{KNOWN}", api, resource, made)
        yield from _elsewhere(collection)
        yield from _deletes(collection)
    yield from _hub(f"{api.base_path}/hub")


def _lists(collection: str) -> Iterator[Asked]:
    for query in ("", *PAGES, *QUERIES, *BAD_QUERIES, *(one[1:] for one in SELECTIONS)):
        yield asked("GET", f"{collection}?{query}" if query else collection)
    for accept in ("application/json", "*/*", "text/html", "application/*;q=0.1", ""):
        yield asked("GET", collection, Accept=accept)
    yield asked("GET", f"{collection}/")
    yield asked("GET", f"{collection}//")
    yield asked("HEAD", collection)
    yield asked("OPTIONS", collection)
    yield asked("GET", collection, b'{"a":1}')


def _creates(collection: str, api: Api, resource: Resource, made: Instances) -> Iterator[Asked]:
    if "create" not in resource.operations:
        yield asked("POST", collection, {"name": "x"})
        return
    shape = f"{resource.schema}_Create"
    least = {**made.least(shape), **RULED.get(resource.name, {})}
    full = {**made.everything(shape), "id": "full"}
    yield asked("POST", collection, least)
    yield asked("POST", collection, full)
    yield asked("POST", collection, {**least, "id": KNOWN})
    yield asked("POST", f"{collection}?fields=none", {**least, "id": "selected"})
    yield asked("POST", f"{collection}/", {**least, "id": "slash"})
    yield asked("POST", collection, {**least, "id": "untyped"}, media_type=None)
    yield asked("POST", collection, {**least, "id": "typed"}, f"{JSON}; charset=utf-8")
    yield asked("POST", collection, {**least, "id": "upper"}, "Application/JSON;charset=UTF-8")
    yield asked("POST", collection, {**least, "id": "chunks"})._replace(chunked=True)
    yield asked("POST", collection, b"{")._replace(chunked=True)
    for number in range(2):
        key = {"Idempotency_Key": "once"}
        yield asked("POST", collection, {**least, "id": "once"}, **key)
        yield asked("POST", collection, {**least, "id": f"other{number}"}, **key)
    for key_text in ("", "a b", "x" * 256, "\xe9"):
        yield asked("POST", collection, {**least, "id": "key"}, Idempotency_Key=key_text)
    yield from _bad_bodies("POST", collection, least)
    yield asked("POST", collection, {**least, "id": KNOWN}, Accept="text/html")


def _bad_bodies(method: str, target: str, least: dict[str, Any]) -> Iterator[Asked]:
    yield asked(method, target)
    yield asked(method, target, b"", JSON)
    for body in (b" ", b"{", b"\xff", b"{}x", b"nul", b"null", b"[]", b'"x"', b"1"):
        yield asked(method, target, body)
    for wrong in ({"@type": 5}, {"id": 5}, {"id": "a/b"}, {"href": 5}):
        yield asked(method, target, {**least, **wrong})
    for name in least:
        yield asked(method, target, {key: value for key, value in least.items() if key != name})
        yield asked(method, target, {**least, name: None})
        yield asked(method, target, {**least, name: {"a": [1]}})
    for media_type in (
        "text/plain",
        "application/xml",
        "*/*",
        "json",
        "multipart/form-data",
        "a/b;c",
    ):
        yield asked(method, target, least, media_type)


def _retrieves(single: str) -> Iterator[Asked]:
    for query in SELECTIONS:
        yield asked("GET", single + query)
    yield asked("GET", f"{single}?fields={'x' * 5000}")
    yield asked("GET", single, If_None_Match="*")
    yield asked("GET", single, If_None_Match='"other"')
    yield asked("GET", single, Accept="text/html")
    yield asked("GET", f"{single}/")
    yield asked("HEAD", single)
    yield asked("OPTIONS", single)


def _patches(single: str, api: Api, resource: Resource, made: Instances) -> Iterator[Asked]:
    if "patch" not in resource.operations:
        yield asked("PATCH", single, {"our": 1}, MERGE)
        return
    changes = made.everything(f"{resource.schema}_Update")
    for media_type in (JSON, MERGE):
        yield asked("PATCH", single, {"our": [media_type]}, media_type)
        yield asked("PATCH", single, {"our": None}, media_type)
        yield asked("PATCH", single, changes, media_type)
        yield asked("PATCH", single, {}, media_type)
        yield asked("PATCH", single, {"@type": 5}, media_type)
        yield asked("PATCH", single, {"id": "other"}, media_type)
    for media_type, operations in ((JSON_PATCH, ADD), (JSON_PATCH_QUERY, SELECT)):
        yield asked("PATCH", single, {"our": [1]})
        yield asked("PATCH", single, operations, media_type)
        yield asked("PATCH", single, [], media_type)
        yield asked("PATCH", single, [{"op": "remove", "path": "/nothing"}], media_type)
        yield asked("PATCH", single, [{"op": "drop", "path": "/our"}], media_type)
        yield asked("PATCH", single, {"op": "add"}, media_type)
        yield asked("PATCH", single, b"{", media_type)
        yield asked("PATCH", single, operations, f"{media_type};charset=utf-8")
    yield asked("PATCH", single, {"our": 2}, MERGE)._replace(chunked=True)
    yield asked("PATCH", single, {"our": 3}, MERGE, If_Match='"other"')
    yield asked("PATCH", single, {"our": 3}, MERGE, If_Match="*")
    yield asked("PATCH", f"{single}?fields=our", {"our": 4}, MERGE)
    yield asked("PATCH", f"{single}/", {"our": 5}, MERGE)
    yield asked("PATCH", single, {}, MERGE, Accept="text/html")
    yield asked("PATCH", single.replace(KNOWN, "nobody"), {"our": 1}, MERGE)
    yield asked("PATCH", single.replace(KNOWN, "nobody"), {"@type": 5}, MERGE)
    yield from _bad_bodies("PATCH", single, {})


def _elsewhere(collection: str) -> Iterator[Asked]:
    for identity in ("nobody", "a%2Fb", "a/b", "%C3%A9", "a%20b", "%00", "x" * 129, ".%2e", "full"):
        yield asked("GET", f"{collection}/{identity}")
    for method in ("PUT", "TRACE", "PROPFIND"):
        yield asked(method, collection, {"a": 1})
        yield asked(method, f"{collection}/{KNOWN}", {"a": 1})
    yield asked("DELETE", collection)
    yield asked("POST", f"{collection}/{KNOWN}", {"a": 1})


def _deletes(collection: str) -> Iterator[Asked]:
    single = f"{collection}/{KNOWN}"
    yield asked("DELETE", f"{collection}/nobody")
    yield asked("DELETE", single, If_Match='"other"')
    yield asked("DELETE", f"{collection}/nobody", Accept="text/html")
    yield asked("DELETE", f"{single}/")
    yield asked("DELETE", single)
    yield asked("GET", single)


def _hub(hub: str) -> Iterator[Asked]:
    listener = {"callback": "http://127.0.0.1:9/events"}
    yield asked("POST", hub, listener)
    yield asked("POST", hub, {**listener, "query": "eventType=XCreateEvent"})
    yield asked("POST", hub, listener)._replace(chunked=True)
    yield asked("POST", hub, {**listener, "query": "noOperator"})
    yield asked("POST", hub, {**listener, "query": "eventTime.gt=soon"})
    yield from _bad_bodies("POST", hub, listener)
    yield from _lists(hub)
    yield from _elsewhere(hub)
    yield from _deletes(hub)
    yield asked("PATCH", f"{hub}/{KNOWN}", {"a": 1}, MERGE)
