"""One server for all tests here: they tell their resources apart by names of their own.

A test that needs an empty or a specially configured server starts one with `start_server`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import RUN
from tests.e2e.client import Client
from tests.e2e.closed import Closed, closed_server
from tests.processes import Server, start_server


@pytest.fixture(scope="session")
def session_database_url(
    database: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a database that all tests of this process share."""
    yield from _shared_database(database, tmp_path_factory, request)


@pytest.fixture(scope="session")
def still_database_url(
    database: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Another one, in which nobody reacts to what happens."""
    yield from _shared_database(database, tmp_path_factory, request)


def _shared_database(
    kind: str, folders: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    if kind == "SQLite":
        yield f"sqlite:///{folders.mktemp('shared-database') / 'tmf.db'}"
        return
    databases = request.config.stash[RUN].databases
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def server(session_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with default settings that the tests of this folder share."""
    with start_server(session_database_url, tmp_path_factory.mktemp("shared-server")) as server:
        yield server


@pytest.fixture(scope="session")
def tmf(server: Server) -> Iterator[Client]:
    """A client of the shared server."""
    client = Client(server.url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def still(still_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server where nobody reacts: each resource stays as its requests leave it."""
    folder = tmp_path_factory.mktemp("still-server")
    with (
        start_server(still_database_url, folder, TMF_SERVE_WORK="false") as server,
        Client(server.url) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def closed(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """A server with keys that the tests of one file share, on `module_database_url`."""
    with closed_server(module_database_url, tmp_path_factory.mktemp("closed")) as closed:
        yield closed


@pytest.fixture(scope="module")
def victim(tmf: Client) -> Iterator[str]:
    """The path of a category that the tests of one file attack."""
    names = ["first", "second", "third"]
    document = {
        "name": "victim",
        "version": "1",
        "note": [{"author": name, "text": f"the {name}"} for name in names],
    }
    created = tmf.create("TMF620/category", document)
    yield created["href"].removeprefix(tmf.root)
    assert tmf.delete(created["href"]).status_code == 204


@pytest.fixture(scope="module")
def nothing_changes_at_all(tmf: Client, victim: str) -> Iterator[None]:
    """After the tests of one file the catalogue holds what it held before."""
    before = [tmf.read(f"TMF620/{name}?limit=1000") for name in ("category", "hub")]
    yield
    assert [tmf.read(f"TMF620/{name}?limit=1000") for name in ("category", "hub")] == before


@pytest.fixture
def nothing_changes(tmf: Client, victim: str, nothing_changes_at_all: None) -> Iterator[None]:
    """After the test the server still answers, the victim is as it was, and nothing was added."""
    before = _told(tmf, victim)
    yield
    assert _told(tmf, victim) == before


def _told(tmf: Client, victim: str) -> tuple[bytes, str]:
    """The victim, and how many categories there are."""
    return tmf.get(victim).content, tmf.get("TMF620/category?limit=0").headers["X-Total-Count"]
