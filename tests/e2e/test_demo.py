"""`tmf demo`: a server with the demo catalogue, made anew on each run."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.client import Client
from tests.e2e.waiting import until
from tests.processes import start_server

COMMAND = (sys.executable, "-m", "tmf", "demo")


def test_the_demo_serves_its_catalogue_and_forgets_what_was_added(tmp_path: Path) -> None:
    with start_server("sqlite:///other.db", tmp_path, command=COMMAND) as server:
        with Client(server.url) as tmf:
            until(lambda: "documents loaded" in server.log(), "the demo to be loaded")
            offerings = tmf.read("TMF620/productOffering?lifecycleStatus=Launched")
            assert len(offerings) > 5
            assert all("Launched" in offering["lifecycleStatus"] for offering in offerings)
            for place in ("TMF629/customer", "TMF622/productOrder", "TMF638/service"):
                assert tmf.read(place), place
            counted = tmf.get("TMF620/category?limit=0").headers["X-Total-Count"]
            tmf.create("TMF620/category", {"id": "added", "name": "x"})
        assert f"Start here      {server.url}/" in server.log()
        server.stop()
        assert "Traceback" not in server.log()

    assert not (tmp_path / "other.db").exists()
    demo = start_server("sqlite:///other.db", tmp_path, command=COMMAND)
    with demo as server, Client(server.url) as tmf:
        until(lambda: "documents loaded" in server.log(), "the demo to be loaded")
        assert tmf.get("TMF620/category/added").status_code == 404
        assert tmf.get("TMF620/category?limit=0").headers["X-Total-Count"] == counted
