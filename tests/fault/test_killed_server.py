"""kill -9 of a server at work: what it has answered is kept, and everything kept is whole."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import requests

from tests.e2e.client import Client
from tests.e2e.waiting import until
from tests.processes import Server, start_server

WRITERS = 4
ENOUGH = 60
"""Documents that are answered for before the server is killed."""


def write_until_it_dies(server: Server, number: int, answered: list[str], dead: Event) -> None:
    """Create and change documents; `answered` are the ids of those created with a 201."""
    with Client(server.url) as tmf:
        for count in range(10_000):
            identity = f"{number}-{count}"
            try:
                answer = tmf.post("TMF620/category", {"id": identity, "name": "x", "tags": ["a"]})
                assert answer.status_code == 201
                answered.append(identity)
                patched = tmf.patch(answer.headers["Location"], {"tags": ["b", "c"]})
                assert patched.status_code == 200
            except requests.RequestException:
                assert dead.wait(timeout=30), "a request failed before the server was killed"
                return


def test_what_was_answered_is_there_after_a_kill(database_url: str, tmp_path: Path) -> None:
    answered: list[str] = []
    dead = Event()
    with start_server(database_url, tmp_path) as server, ThreadPoolExecutor(WRITERS) as pool:
        writers = [
            pool.submit(write_until_it_dies, server, number, answered, dead)
            for number in range(WRITERS)
        ]
        until(lambda: len(answered) >= ENOUGH, "documents to be written")
        server.process.send_signal(signal.SIGKILL)
        dead.set()
        for writer in writers:
            writer.result(timeout=60)

    with start_server(database_url, tmp_path) as server, Client(server.url) as tmf:
        documents = {one["id"]: one for one in tmf.read("TMF620/category?limit=1000")}
        by_tag = {
            tag: set(tmf.ids(f"TMF620/category?tags={tag}&limit=1000")) for tag in ("a", "b", "c")
        }

    assert set(answered) <= documents.keys()
    assert len(documents) <= len(answered) + WRITERS  # at most those that were under way
    for identity, document in documents.items():
        assert document["tags"] in (["a"], ["b", "c"])
        for tag, found in by_tag.items():
            assert (identity in found) == (tag in document["tags"]), identity
