"""What an operator looks at: health, metrics, the landing page, the docs, the log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import PATHS, Client, unique
from tests.e2e.waiting import until
from tests.processes import Server, start_server


class Page(HTMLParser):
    """The addresses that a page leads to or fetches, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, _: str, attributes: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attributes if name in ("href", "src") and value]

    def handle_data(self, data: str) -> None:
        self.text += data


# --- Health and metrics ---


def test_the_server_says_that_it_lives_and_is_ready(tmf: Client, database: str) -> None:
    assert tmf.read("/health/live") == {"status": "up"}
    assert tmf.read("/health/ready") == {"status": "up", "database": database.lower()}


def requests_counted(tmf: Client, operation: str, status: int) -> float:
    answer = tmf.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    sample = re.escape(f'tmf_requests_total{{operation="{operation}",status="{status}"}}')
    found = re.search(rf"^{sample} (\S+)$", answer.text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_metrics_count_requests_by_operation_and_status(tmf: Client) -> None:
    before = [
        requests_counted(tmf, "createCategory", 201),
        requests_counted(tmf, "retrieveCategory", 404),
    ]

    tmf.create("TMF620/category", {"name": "x"})
    tmf.get("TMF620/category/none")

    assert requests_counted(tmf, "createCategory", 201) == before[0] + 1
    assert requests_counted(tmf, "retrieveCategory", 404) == before[1] + 1
    text = tmf.get("/metrics").text
    assert "# TYPE tmf_requests_total counter" in text
    assert "# TYPE tmf_request_seconds histogram" in text
    assert 'tmf_request_seconds_bucket{le="+Inf",operation="createCategory"}' in text


def test_addresses_and_ids_are_no_labels_of_metrics(tmf: Client) -> None:
    """A label of which everybody can make new values fills the memory."""
    name = unique("label")
    tmf.get(f"TMF620/category/{name}")
    tmf.get(f"/{name}")
    tmf.ask("PROPFIND", f"TMF620/category/{name}")

    assert name not in tmf.get("/metrics").text


# --- Pages ---


def test_the_landing_page_shows_every_resource_with_its_count(tmf: Client) -> None:
    for _ in range(2):
        tmf.create("TMF666/billFormat", {"name": "x"})

    answer = tmf.get("/", Accept="text/html")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    page = Page(answer.text)
    for path in PATHS.values():
        assert f"{path}/openapi.json" in page.addresses
    rows = re.sub(r"<[^>]+>", " ", answer.text).split()
    for place in ("TMF666/billFormat", "TMF620/category"):
        total = tmf.get(f"{place}?limit=0").headers["X-Total-Count"]
        name = place.partition("/")[2]
        count = re.search(rf'{name}</a>.*?class="count[^"]*"[^>]*>([^<]+)<', answer.text, re.DOTALL)
        assert count, rows
        assert count[1].replace("\N{NARROW NO-BREAK SPACE}", "") == total


@pytest.mark.parametrize("place", ["/", "/docs", "/docs/", "/docs?api=TMF622"])
def test_whatever_a_page_leads_to_is_there(tmf: Client, place: str) -> None:
    answer = tmf.get(place)
    assert answer.status_code == 200

    links = [link for link in Page(answer.text).addresses if link.startswith("/")]

    assert len(links) > 3
    for link in set(links):
        found = tmf.get(link)
        assert found.status_code in (200, 206), link
        assert found.content, link


def test_the_docs_know_every_api_and_their_scripts_are_served(tmf: Client) -> None:
    text = tmf.get("/docs").text

    for path in PATHS.values():
        assert f"{path}/openapi.json" in text
    script = next(link for link in Page(text).addresses if link.endswith(".js"))
    assert "javascript" in tmf.get(script).headers["Content-Type"]


# --- The log ---


@pytest.fixture(scope="module")
def logging_server(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that logs as JSON."""
    folder: Path = tmp_path_factory.mktemp("logs")
    with start_server(module_database_url, folder, TMF_LOG_FORMAT="json") as server:
        yield server


def lines(server: Server) -> list[dict[str, Any]]:
    """The log; every line of it is a JSON object."""
    whole = server.log().rpartition("\n")[0]
    return [
        json.loads(line) for line in whole.splitlines() if not line.startswith("tmf is serving")
    ]


def logged(server: Server, identity: str) -> list[dict[str, Any]]:
    return [line for line in lines(server) if line.get("request_id") == identity]


def test_a_request_is_a_line_of_json_under_its_id(logging_server: Server) -> None:
    tmf = Client(logging_server.url)
    identity = unique("mine")

    answer = tmf.get("TMF620/category/none?fields=name", X_Request_Id=identity)
    tmf.close()

    assert answer.headers["X-Request-Id"] == identity
    assert answer.json()["requestId"] == identity
    (line,) = until(lambda: logged(logging_server, identity), "the line of the request")
    assert line["event"] == "request"
    assert line["method"] == "GET"
    assert line["path"] == f"{PATHS['TMF620']}/category/none"
    assert line["status"] == 404
    assert line["milliseconds"] >= 0
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_every_request_has_an_id_of_its_own(tmf: Client) -> None:
    ids = {tmf.get("/health/live").headers["X-Request-Id"] for _ in range(10)}
    ids |= {tmf.get("/nothing").headers["X-Request-Id"], tmf.get("/").headers["X-Request-Id"]}

    assert len(ids) == 12
    assert all(re.fullmatch("[0-9a-f]{32}", identity) for identity in ids)


@pytest.mark.parametrize(
    "sent", ["a b", "x" * 200, '"<script>"', "a;b", "é".encode().decode("latin-1")]
)
def test_an_id_that_does_not_belong_in_a_log_is_replaced(tmf: Client, sent: str) -> None:
    answer = tmf.get("/nothing", X_Request_Id=sent)

    assert answer.headers["X-Request-Id"] != sent
    assert answer.json()["requestId"] == answer.headers["X-Request-Id"]


def test_nothing_that_a_client_sends_breaks_a_line(logging_server: Server) -> None:
    tmf = Client(logging_server.url)
    identity = unique("lines")

    tmf.get("/%0A%22%7Dforged%0D%0A%1B[31m", X_Request_Id=identity)
    tmf.close()

    (line,) = until(lambda: logged(logging_server, identity), "the line of the request")
    assert "forged" in line["path"]
    assert len(logged(logging_server, identity)) == 1
