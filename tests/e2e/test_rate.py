"""A rate limit: each caller has its own, and is told when to come again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.client import PATHS, Client
from tests.e2e.test_refusals import check_error
from tests.processes import start_server

PLACE = "TMF620/category"
BURST = 5

pytestmark = pytest.mark.over("SQLite")


@pytest.fixture
def limited(database_url: str, tmp_path: Path) -> Iterator[Client]:
    """A server that lets a caller send some requests and then one in a thousand seconds."""
    limits = {"TMF_RATE_LIMIT": "0.001", "TMF_RATE_BURST": str(BURST)}
    with (
        start_server(database_url, tmp_path, **limits) as server,
        Client(server.url) as client,
    ):
        yield client


def test_who_asks_too_often_is_refused_and_told_how_long(limited: Client) -> None:
    statuses = [limited.get(PLACE).status_code for _ in range(BURST)]
    refused = [
        limited.get(PLACE),
        limited.post(PLACE, {"name": "x"}),
        limited.get("/docs"),
        limited.get("/nothing"),
    ]

    assert statuses == [200] * BURST
    for answer in refused:
        check_error(answer, 429, "tooManyRequests")
        assert 900 < int(answer.headers["Retry-After"]) <= 1000


def test_health_is_told_to_anybody_at_any_rate(limited: Client) -> None:
    statuses = {limited.get("/health/live").status_code for _ in range(3 * BURST)}
    statuses |= {limited.get("/health/ready").status_code for _ in range(3 * BURST)}

    assert statuses == {200}
    assert limited.get(PLACE).status_code == 200


def test_callers_behind_a_proxy_have_a_limit_each(limited: Client) -> None:
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
        statuses = [
            limited.get(PLACE, X_Forwarded_For=address).status_code for _ in range(BURST + 1)
        ]
        assert statuses == [200] * BURST + [429]
    neighbour = limited.get(PLACE, X_Forwarded_For="2001:db8::2")
    assert neighbour.status_code == 429


def test_the_documents_say_so(limited: Client, tmf: Client) -> None:
    path = f"{PATHS['TMF642']}/openapi.json"
    declared, plain = limited.read(path), tmf.read(path)

    operations = [
        operation
        for item in declared["paths"].values()
        for operation in item.values()
        if "operationId" in operation
    ]
    assert operations
    assert all("429" in operation["responses"] for operation in operations)
    answer = declared["components"]["responses"]["429"]
    assert set(answer["headers"]) == {"X-Request-Id", "Retry-After"}
    assert "429" not in str(plain)
