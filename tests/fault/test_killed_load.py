"""kill -9 in the middle of `tmf load` leaves nothing, and the database usable."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from tests.e2e import commands
from tests.e2e.client import Client
from tests.processes import Program, start_server

COUNT = 2000


def text_of(count: int) -> bytes:
    """A vendor file of that many categories of about half a kilobyte each."""
    documents = [
        {"id": f"category-{number}", "name": "x", "description": "y" * 400}
        for number in range(count)
    ]
    return json.dumps({"TMF620": {"category": documents}}).encode()


def test_a_load_that_is_killed_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    whole = text_of(COUNT)
    pipe = tmp_path / "vendor.json"
    os.mkfifo(pipe)
    with start_server(database_url, tmp_path) as server, Client(server.url) as tmf:
        load = Program(
            [*commands.TMF, "load", pipe.name],
            tmp_path,
            tmp_path / "load.log",
            env=commands.environment(TMF_DATABASE_URL=database_url),
        )
        with load, pipe.open("wb", buffering=0) as file:
            # A pipe holds little: once all this is written, most of it has been stored.
            file.write(whole[: len(whole) // 2])
            assert tmf.read("TMF620/category") == []
            assert load.process.poll() is None, load.log()
            load.process.send_signal(signal.SIGKILL)
            assert load.ended(within=30)

        assert tmf.read("TMF620/category") == []
        assert tmf.post("TMF620/catalog", {"name": "x"}).status_code == 201
        (tmp_path / "again").mkdir()
        said = commands.loaded(whole.decode(), database_url, tmp_path / "again")
        assert said == f"{COUNT} documents loaded, 0 were there already\n"
        assert tmf.read(f"TMF620/category/category-{COUNT - 1}")["name"] == "x"
        assert tmf.ids("TMF620/category?name=x&id=category-7") == ["category-7"]
