"""Browsers: pages of listed origins may ask, of others not; without the setting none may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.e2e.client import Client
from tests.e2e.test_refusals import check_error
from tests.processes import start_server

PLACE = "TMF620/category"
PORTAL, SHOP = "https://portal.example.net", "http://localhost:3000"
STRANGER = "https://portal.example.net.evil.example"

pytestmark = pytest.mark.over("SQLite")


def served(
    origins: str, database_url: str, factory: pytest.TempPathFactory, **settings: str
) -> Iterator[Client]:
    folder = factory.mktemp("browsers")
    with (
        start_server(database_url, folder, TMF_CORS_ORIGINS=origins, **settings) as server,
        Client(server.url) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def listed(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    yield from served(f"{PORTAL}, {SHOP}", module_database_url, tmp_path_factory)


@pytest.fixture(scope="module")
def anybody(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    yield from served("*", module_database_url, tmp_path_factory)


def preflight(tmf: Client, origin: str, method: str, *headers: str) -> Mapping[str, str]:
    answer = tmf.ask(
        "OPTIONS",
        PLACE,
        Origin=origin,
        Access_Control_Request_Method=method,
        Access_Control_Request_Headers=", ".join(headers),
    )
    assert answer.status_code == 200, answer.text
    return answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE"])
def test_a_listed_origin_may_use_every_method_with_every_header(
    listed: Client, method: str
) -> None:
    headers = preflight(
        listed,
        PORTAL,
        method,
        "authorization",
        "x-api-key",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "content-type",
        "x-request-id",
    )

    assert headers["Access-Control-Allow-Origin"] == PORTAL
    assert method in headers["Access-Control-Allow-Methods"].split(", ")
    assert "Origin" in headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in headers
    assert headers["X-Request-Id"]


@pytest.mark.parametrize("origin", [PORTAL, SHOP])
def test_a_page_of_a_listed_origin_reads_answers_and_their_headers(
    listed: Client, origin: str
) -> None:
    answers = [
        listed.post(PLACE, {"name": "x"}, Origin=origin),
        listed.get(PLACE, Origin=origin),
        listed.get(f"{PLACE}/nobody", Origin=origin),
        listed.ask("PUT", PLACE, Origin=origin),
        listed.get("/nothing", Origin=origin),
        listed.get("/health/ready", Origin=origin),
    ]

    assert [answer.status_code for answer in answers] == [201, 200, 404, 405, 404, 200]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in answer.headers["Vary"]
        told = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
        assert told >= {
            "Link", "Location", "ETag", "X-Total-Count", "X-Total-Count-Estimated",
            "X-Result-Count", "X-Request-Id", "Retry-After", "Accept-Patch", "Allow",
        }  # fmt: skip


@pytest.mark.parametrize("origin", [STRANGER, "null", "http://portal.example.net", f"{PORTAL}:444"])
def test_another_origin_may_not(listed: Client, origin: str) -> None:
    asked = listed.ask("OPTIONS", PLACE, Origin=origin, Access_Control_Request_Method="POST")
    answer = listed.get(PLACE, Origin=origin)

    check_error(asked, 403, "forbidden")
    for each in (asked, answer):
        assert "Access-Control-Allow-Origin" not in each.headers
        assert "Origin" in each.headers["Vary"]


def test_a_header_or_method_that_nobody_needs_is_refused(listed: Client) -> None:
    for method, headers in (("POST", "x-anything"), ("PUT", ""), ("TRACE", "")):
        answer = listed.ask(
            "OPTIONS",
            PLACE,
            Origin=PORTAL,
            Access_Control_Request_Method=method,
            **({"Access_Control_Request_Headers": headers} if headers else {}),
        )
        check_error(answer, 403, "forbidden")


def test_any_origin_may_if_the_operator_says_so(anybody: Client) -> None:
    headers = preflight(anybody, STRANGER, "PATCH", "authorization")
    answer = anybody.get(PLACE, Origin=STRANGER)

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_plain_options_tell_the_methods(listed: Client, anybody: Client, tmf: Client) -> None:
    for client in (listed, anybody, tmf):
        for headers in ({}, {"Origin": PORTAL}):
            answer = client.ask("OPTIONS", PLACE, **headers)
            assert answer.status_code == 204
            assert answer.headers["Allow"] == "GET, OPTIONS, POST"


def test_without_the_setting_no_page_may_ask(tmf: Client) -> None:
    asked = tmf.ask("OPTIONS", PLACE, Origin=PORTAL, Access_Control_Request_Method="POST")
    answer = tmf.get(PLACE, Origin=PORTAL)

    assert asked.status_code == 204
    for each in (asked, answer):
        assert not [name for name in each.headers if name.lower().startswith("access-control")]


def test_a_page_is_told_that_it_asks_too_often(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    limits = {"TMF_RATE_LIMIT": "0.001", "TMF_RATE_BURST": "1"}
    for tmf in served(PORTAL, module_database_url, tmp_path_factory, **limits):
        tmf.get(PLACE, Origin=PORTAL)
        answer = tmf.get(PLACE, Origin=PORTAL)

        check_error(answer, 429, "tooManyRequests")
        assert answer.headers["Access-Control-Allow-Origin"] == PORTAL
        assert preflight(tmf, PORTAL, "GET", "authorization")  # no preflight counts
