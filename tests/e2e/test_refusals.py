"""What the server refuses, always as the guideline's Error, and what it tells of what it takes."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e.client import JSON, MERGE, PATHS, Client

CATEGORY = "TMF620/category"
PATCH_TYPES = (
    "application/merge-patch+json, application/json-patch+json, "
    "application/json-patch-query+json, application/json"
)


def check_error(answer: requests.Response, status: int, code: str) -> None:
    """The answer is the guideline's Error, of this status and code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == JSON
    error = answer.json()
    assert error["code"] == code
    assert error["@type"] == "Error"
    assert error["status"] == str(status)
    assert error["reason"]
    assert error["requestId"] == answer.headers["X-Request-Id"]
    assert error.keys() <= {
        "code", "reason", "message", "status", "@type", "requestId", "referenceError", "path"
    }  # fmt: skip


@pytest.mark.parametrize(
    "place",
    [
        f"{CATEGORY}/none",
        f"{CATEGORY}/a%2Fb",
        f"{CATEGORY}/a/b",
        f"{CATEGORY}/%00",
        f"{CATEGORY}/%FF",
        "TMF620/nothing",
        "TMF620",
        "TMF622/category",
        "/tmf-api/unknown/v4/thing",
        "/nothing",
        "/admin/v1/clock",
        "/admin/v1/nothing",
        "/files/export/none.json",
        "/files/export/..%2F..%2Ftmf.db",
        "/docs/static/none.js",
        "//",
    ],
)
def test_what_is_not_there_is_404(tmf: Client, place: str) -> None:
    check_error(tmf.get(place), 404, "notFound")


@pytest.mark.parametrize(
    ("method", "place", "allowed"),
    [
        ("PUT", CATEGORY, "GET, OPTIONS, POST"),
        ("PATCH", CATEGORY, "GET, OPTIONS, POST"),
        ("DELETE", CATEGORY, "GET, OPTIONS, POST"),
        ("POST", f"{CATEGORY}/1", "DELETE, GET, OPTIONS, PATCH"),
        ("PUT", f"{CATEGORY}/1/", "DELETE, GET, OPTIONS, PATCH"),
        ("PROPFIND", f"{CATEGORY}/1", "DELETE, GET, OPTIONS, PATCH"),
        ("POST", "TMF678/customerBill", "GET, OPTIONS"),
        ("DELETE", "TMF678/customerBill/1", "GET, OPTIONS, PATCH"),
        ("PATCH", "TMF678/appliedCustomerBillingRate/1", "GET, OPTIONS"),
        ("PATCH", "TMF620/importJob/1", "DELETE, GET, OPTIONS"),
        ("DELETE", "TMF622/cancelProductOrder/1", "GET, OPTIONS"),
        ("PUT", "TMF622/hub", "GET, OPTIONS, POST"),
    ],
)
def test_a_method_that_is_not_offered_is_405_and_told_what_is(
    tmf: Client, method: str, place: str, allowed: str
) -> None:
    answer = tmf.ask(method, place)

    check_error(answer, 405, "methodNotAllowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("place", ["/", "/health/live", "/metrics", "/docs", "TMF620/openapi.json"])
def test_the_pages_beside_the_apis_are_read_only(tmf: Client, place: str) -> None:
    answer = tmf.ask("POST", place)

    check_error(answer, 405, "methodNotAllowed")
    assert "GET" in answer.headers["Allow"]


def declared(tmf: Client) -> Iterator[tuple[str, set[str]]]:
    """Every path of every API, with the methods that its specification declares."""
    for api in PATHS:
        for path, item in tmf.read(f"{api}/openapi.json")["paths"].items():
            methods = {name.upper() for name in item if name in ("get", "post", "patch", "delete")}
            if "/listener" not in path:
                yield f"{api}{path}".replace("{id}", "some-id"), methods


def test_options_tells_every_declared_method(tmf: Client) -> None:
    asked = 0
    for place, methods in declared(tmf):
        answer = tmf.ask("OPTIONS", place)
        assert answer.status_code == 204, place
        assert answer.content == b""
        assert set(answer.headers["Allow"].split(", ")) == {*methods, "OPTIONS"}, place
        assert answer.headers.get("Accept-Patch") == (PATCH_TYPES if "PATCH" in methods else None)
        asked += 1
    assert asked > 60


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        MERGE,
    ],
)
def test_a_body_of_another_type_is_415(tmf: Client, media_type: str) -> None:
    answer = tmf.post(CATEGORY, {"name": "x"}, Content_Type=media_type)

    check_error(answer, 415, "unsupportedMediaType")
    assert "Accept-Patch" not in answer.headers


@pytest.mark.parametrize("media_type", ["text/plain", "application/json-patch", "application/xml"])
def test_a_patch_of_another_type_is_415_and_told_what_is_taken(
    tmf: Client, media_type: str
) -> None:
    created = tmf.create(CATEGORY, {"name": "x"})

    answer = tmf.patch(created["href"], {"name": "y"}, media_type)

    check_error(answer, 415, "unsupportedMediaType")
    assert answer.headers["Accept-Patch"] == PATCH_TYPES
    assert tmf.read(created["href"]) == created


def test_a_compressed_body_is_415(tmf: Client) -> None:
    answer = tmf.post(CATEGORY, {"name": "x"}, Content_Encoding="gzip")

    check_error(answer, 415, "unsupportedMediaType")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("application/*;q=0.1", 200),
        ("text/html, application/json;q=0.5", 200),
        ("application/json;charset=utf-8", 200),
        ("", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("*/*, application/json;q=0", 406),
    ],
)
def test_only_json_can_be_had(tmf: Client, accept: str, status: int) -> None:
    answer = tmf.get(f"{CATEGORY}?limit=1", Accept=accept)

    if status == 200:
        assert answer.status_code in (200, 206)
        assert answer.headers["Content-Type"] == JSON
    else:
        check_error(answer, 406, "notAcceptable")


def raw(tmf: Client, method: str, place: str, **headers: str) -> http.client.HTTPConnection:
    """A connection on which only the head of a request has been sent."""
    url = urlsplit(tmf.url(place))
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    connection.putrequest(method, url.path)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    return connection


@pytest.mark.parametrize("request_line", [b"BREW / HTTP/1.1", b"GET / HTTP/9.9", b"\x16\x03\x01"])
def test_what_is_not_http_is_400(tmf: Client, request_line: bytes) -> None:
    address = urlsplit(tmf.root)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(request_line + b"\r\nHost: x\r\n\r\n")
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/json" in head.lower()
    assert json.loads(body)["code"] == "invalidRequest"


def test_a_body_that_is_too_large_is_413_before_it_is_sent(tmf: Client) -> None:
    connection = raw(tmf, "POST", CATEGORY, Content_Type=JSON, Content_Length="99999999")

    answer = connection.getresponse()

    assert answer.status == 413
    assert b'"code":"bodyTooLarge"' in answer.read()
    connection.close()


def test_a_body_that_grows_too_large_is_413(tmf: Client) -> None:
    connection = raw(tmf, "POST", CATEGORY, Content_Type=JSON, Transfer_Encoding="chunked")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"

    for _ in range(17):
        connection.send(chunk)

    answer = connection.getresponse()
    assert answer.status == 413
    assert b'"code":"bodyTooLarge"' in answer.read()
    connection.close()


def test_a_body_may_come_in_chunks(tmf: Client) -> None:
    connection = raw(tmf, "POST", CATEGORY, Content_Type=JSON, Transfer_Encoding="chunked")

    connection.send(b'8\r\n{"name":\r\n4\r\n"x"}\r\n0\r\n\r\n')

    answer = connection.getresponse()
    assert answer.status == 201
    assert b'"name":"x"' in answer.read()
    connection.close()


@pytest.mark.parametrize(
    ("place", "document", "code"),
    [
        (
            "TMF622/productOrder",
            {"productOrderItem": [{"id": "1", "action": "add"}] * 2},
            "conflict",
        ),
        ("TMF678/customerBillOnDemand", {}, "conflict"),
        (
            "TMF629/customer",
            {
                "name": "x",
                "engagedParty": {"id": "1"},
                "contactMedium": [{"mediumType": "email", "preferred": True, "characteristic": {}}]
                * 2,
            },
            "conflict",
        ),
        (
            "TMF638/service",
            {
                "id": "self-supporting",
                "state": "active",
                "serviceSpecification": {"id": "1"},
                "supportingService": [{"id": "self-supporting"}],
            },
            "conflict",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_rule_refuses_is_409(tmf: Client, place: str, document: object, code: str) -> None:
    check_error(tmf.post(place, document), 409, code)


def test_a_schema_violation_names_every_place(tmf: Client) -> None:
    document = {
        "productOrderItem": [{"id": "1", "action": "add"}, {"id": 2, "action": "paint"}],
        "requestedStartDate": "soon",
    }

    answer = tmf.post("TMF622/productOrder", document)

    check_error(answer, 400, "invalidDocument")
    message = answer.json()["message"]
    for place in ("productOrderItem[1].id", "productOrderItem[1].action", "requestedStartDate"):
        assert place in message
