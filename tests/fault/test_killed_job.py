"""kill -9 in the middle of an import and of an export: another server takes both up and ends them.

The import is held by the address that it reads from, the export by a pipe in the place of the
file that it writes, so both are certain to be under way when their server is killed.
"""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.e2e.client import PATHS, Client
from tests.e2e.feeds import Feed, FeedServer, served
from tests.e2e.waiting import until
from tests.processes import Server, start_server

COUNT = 40
LEASE = "1"
"""Seconds after which most work of a dead server is free again, and jobs a little later."""


def catalogue() -> bytes:
    documents = [{"id": str(number), "name": "x", "note": "y" * 4000} for number in range(COUNT)]
    return json.dumps({"TMF620": {"category": documents}}).encode()


@pytest.fixture
def go_on() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


@pytest.fixture
def feeds(go_on: Event) -> Iterator[FeedServer]:
    """A catalogue whose second half comes only when it may."""
    feed = Feed(catalogue(), pause=lambda: go_on.wait(timeout=120))
    with served({"/catalogue.json": feed}) as server:
        yield server


def start(database_url: str, folder: Path, feeds: FeedServer) -> Server:
    return start_server(
        database_url,
        folder,
        TMF_LEASE_SECONDS=LEASE,
        TMF_IMPORT_URLS=feeds.url,
        TMF_EXPORT_DIR=str(folder / "export"),
    )


def status(tmf: Client, job: str) -> str:
    return str(tmf.read(job)["status"])


def ended(tmf: Client, job: str) -> Any:
    found = tmf.read(job)
    return found if "completionDate" in found else None


def stored(tmf: Client) -> int:
    return int(tmf.get("TMF620/category?limit=0").headers["X-Total-Count"])


def test_jobs_of_killed_servers_are_taken_up_and_ended(
    database_url: str, tmp_path: Path, feeds: FeedServer, go_on: Event
) -> None:
    export, pipe = "TMF620/exportJob/held", tmp_path / "export" / "default" / "held.part"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    with ExitStack() as stack:
        # Two servers on one database, since each does one job at a time.
        servers = [stack.enter_context(start(database_url, tmp_path, feeds)) for _ in range(2)]
        tmf = stack.enter_context(Client(servers[0].url))
        import_ = "TMF620/importJob/held"
        tmf.create("TMF620/importJob", {"id": "held", "url": f"{feeds.url}/catalogue.json"})
        until(lambda: stored(tmf) > 0, "the import to be half done")
        tmf.create("TMF620/exportJob", {"id": "held", "url": f"{PATHS['TMF620']}/category"})
        until(lambda: status(tmf, export) == "Running", "the export to be under way")
        assert status(tmf, import_) == "Running"
        assert 0 < stored(tmf) < COUNT
        for server in servers:
            server.process.send_signal(signal.SIGKILL)
        for server in servers:
            assert server.ended(within=30)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    pipe.unlink()

    with start(database_url, tmp_path, feeds) as server, Client(server.url) as tmf:
        assert status(tmf, import_) == "Running"
        go_on.set()
        imported = until(lambda: ended(tmf, import_), "the import to end")
        exported = until(lambda: ended(tmf, export), "the export to end")
        count = stored(tmf)
        file = tmf.read(exported["path"])
        log = server.log()

    assert imported["status"] == "Succeeded", imported
    result = imported["result"]
    assert result["loaded"] + result["alreadyThere"] == COUNT
    assert result["alreadyThere"] > 0
    assert result["refused"] == 0
    assert exported["status"] == "Succeeded", exported
    assert exported["result"]["exported"] == len(file["TMF620"]["category"])
    assert 0 < exported["result"]["exported"] <= count == COUNT
    assert not pipe.exists()
    assert "Traceback" not in log


def test_a_job_of_a_server_that_is_stopped_is_ended_there_or_by_the_next(
    database_url: str, tmp_path: Path, feeds: FeedServer, go_on: Event
) -> None:
    job = "TMF620/importJob/held"
    with start(database_url, tmp_path, feeds) as server, Client(server.url) as tmf:
        tmf.create("TMF620/importJob", {"id": "held", "url": f"{feeds.url}/catalogue.json"})
        until(lambda: stored(tmf) > 0, "the import to be half done")
        server.process.send_signal(signal.SIGTERM)
        go_on.set()
        assert server.ended(within=60)
        assert "Traceback" not in server.log()

    with start(database_url, tmp_path, feeds) as server, Client(server.url) as tmf:
        imported = until(lambda: ended(tmf, job), "the import to end")
        assert imported["status"] == "Succeeded"
        assert stored(tmf) == COUNT
