"""The database goes away and comes back: requests are refused meanwhile, and nothing restarts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url

from tests.databases import connected
from tests.e2e.client import Client
from tests.e2e.waiting import until
from tests.processes import start_server


@contextmanager
def away(admin: Connection, name: str) -> Iterator[None]:
    """Nobody is connected to the database, and nobody can."""
    admin.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    admin.exec_driver_sql(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
    )
    try:
        yield
    finally:
        admin.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.mark.over("PostgreSQL")
def test_without_its_database_the_server_says_so_and_recovers(
    database_url: str, tmp_path: Path
) -> None:
    url = make_url(database_url)
    with (
        start_server(database_url, tmp_path) as server,
        Client(server.url) as tmf,
        connected(url.set(database="postgres")) as admin,
    ):
        category = tmf.create("TMF620/category", {"name": "x"})

        with away(admin, str(url.database)):
            for answer in (
                tmf.get(category["href"]),
                tmf.get("TMF620/category"),
                tmf.post("TMF620/category", {"name": "y"}),
                tmf.patch(category["href"], {"name": "y"}),
                tmf.get("/health/ready"),
                tmf.get("/"),
            ):
                assert answer.status_code == 503
                assert answer.json()["code"] == "unavailable"
                assert int(answer.headers["Retry-After"]) > 0
            assert tmf.get("/health/live").status_code == 200
            assert tmf.get("/metrics").status_code == 200

        until(lambda: tmf.get("/health/ready").status_code == 200, "the server to recover")
        assert tmf.read(category["href"]) == category
        assert tmf.post("TMF620/category", {"name": "y"}).status_code == 201
        assert server.process.poll() is None
