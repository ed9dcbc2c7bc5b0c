"""`tmf demo`: a server with the demo catalogue, made anew on each run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.e2e.client import Client
from tests.e2e.waiting import until
from tests.processes import start_server

COMMAND = (sys.executable, "-m", "tmf", "demo")


def check_story(log: str, tmf: Client) -> None:
    """What was told has happened, and the events of it were heard, signed."""
    assert [line[0] for line in log.splitlines() if line[1:3] == ". "] == list("12345678")
    orders = {one["id"]: one["state"] for one in tmf.read("TMF622/productOrder")}
    told = {name: state for name, state in orders.items() if name.startswith("story-")}
    assert told == {
        "story-order": "completed",
        "story-fallout": "completed",
        "story-cancelled": "cancelled",
    }
    bills = tmf.read("TMF678/customerBill?billingAccount.id=story")
    assert [bill["state"] for bill in bills] == ["settled", "sent"]
    (credit,) = tmf.read(f"TMF678/appliedCustomerBillingRate?bill.id={bills[1]['id']}&type=credit")
    assert credit["taxIncludedAmount"]["value"] < 0
    assert "It explains the 28 others." in log
    assert "It hurts 28 services of 14 customers" in log
    (pdf,) = re.findall(r"The bill of .*: (http\S+\.pdf)", log)
    assert tmf.get(pdf).content.startswith(b"%PDF-")
    for state in ("inProgress", "held", "completed"):
        assert re.search(rf"productOrder story-fallout +{state} .*signature ok", log), state


def test_the_demo_serves_its_catalogue_and_forgets_what_was_added(tmp_path: Path) -> None:
    with start_server("sqlite:///other.db", tmp_path, command=COMMAND) as server:
        with Client(server.url) as tmf:
            until(lambda: "documents loaded" in server.log(), "the demo to be loaded")
            offerings = tmf.read("TMF620/productOffering?lifecycleStatus=Launched")
            assert len(offerings) > 5
            assert all("Launched" in offering["lifecycleStatus"] for offering in offerings)
            for place in ("TMF629/customer", "TMF622/productOrder", "TMF638/service"):
                assert tmf.read(place), place
            until(lambda: "Stop with Ctrl-C" in server.log(), "the story to be told")
            counted = tmf.get("TMF620/category?limit=0").headers["X-Total-Count"]
            tmf.create("TMF620/category", {"id": "added", "name": "x"})
            check_story(server.log(), tmf)
        assert f"Start here      {server.url}/" in server.log()
        server.stop()
        assert "Traceback" not in server.log()

    assert not (tmp_path / "other.db").exists()
    demo = start_server("sqlite:///other.db", tmp_path, command=COMMAND)
    with demo as server, Client(server.url) as tmf:
        until(lambda: "documents loaded" in server.log(), "the demo to be loaded")
        assert tmf.get("TMF620/category/added").status_code == 404
        assert tmf.get("TMF620/category?limit=0").headers["X-Total-Count"] == counted
