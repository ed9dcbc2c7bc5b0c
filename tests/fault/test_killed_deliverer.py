"""kill -9 and wayward listeners together: everything arrives, and each resource's in order."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.recipients import Recipients, recipients
from tests.e2e.waiting import until
from tests.fault.chance import SEED
from tests.fault.houses import House
from tests.fault.listeners import Wayward, check_order
from tests.processes import Server, start_server

SETTINGS = {"TMF_HUB_ALLOW_PRIVATE_CALLBACKS": "true"}


def make_changes(root: str, first: int, categories: int, changes: int) -> None:
    """Categories numbered from `first` on, each changed some times."""
    with Client(root) as tmf:
        for category in range(first, first + categories):
            tmf.create("TMF620/category", {"id": str(category), "name": "x"})
        for change in range(changes):
            for category in range(first, first + categories):
                answer = tmf.patch(f"TMF620/category/{category}", {"name": f"{change}"})
                assert answer.status_code == 200


def test_a_kill_between_post_and_mark_repeats_and_loses_nothing(house: House) -> None:
    server, worker = house.start()
    listener = Wayward(SEED, stop_at=20)
    path = house.listen(server.url, listener)
    make_changes(server.url, 0, categories=8, changes=5)
    assert listener.stopped.wait(timeout=60)
    house.work()  # where another one stands by
    worker.process.send_signal(signal.SIGKILL)
    assert worker.ended(within=30)
    assert set(house.ledger.states(house.listeners[path])) != {"delivered"}
    killed_at = len(house.receiving.at(path))
    listener.go_on.set()
    if worker is server:
        server = house.serve()
    make_changes(server.url, 8, categories=4, changes=3)
    house.wait_until_all_is_taken()
    house.check_deliveries()

    received = house.receiving.at(path)
    assert listener.accepted == {one.sequence for one in received}
    before = {one.id for one in received[:killed_at]}
    assert before & {one.id for one in received[killed_at:]}


def attempts(server: Server) -> float:
    """How many deliveries a server has made."""
    with Client(server.url) as tmf:
        lines = tmf.get("/metrics").text.splitlines()
    (line,) = [one for one in lines if one.startswith('tmf_hub_attempts_total{outcome="deliv')]
    return float(line.split()[1])


def deliver_everywhere(servers: list[Server], receiving: Recipients, paths: list[str]) -> int:
    """Make changes until every server has delivered some; how many events there are."""
    made = 0
    with Client(servers[0].url) as tmf:
        while not all(attempts(server) > 0 for server in servers):
            tmf.create("TMF620/category", {"id": str(made), "name": "x"})
            tmf.patch(f"TMF620/category/{made}", {"name": "y"})
            made += 2
            until(
                lambda so_far=made: all(len(receiving.at(path)) >= so_far for path in paths),
                f"{made} events to be delivered to all",
            )
    return made


@pytest.mark.over("PostgreSQL")
def test_deliverers_share_the_listeners_and_keep_the_order(
    database_url: str, tmp_path: Path
) -> None:
    paths = [f"/{number}" for number in range(12)]
    with ExitStack() as stack:
        receiving = stack.enter_context(recipients())
        first = stack.enter_context(start_server(database_url, tmp_path, **SETTINGS))
        with Client(first.url) as tmf:
            for path in paths:
                tmf.create("TMF620/hub", {"callback": receiving.url + path})
        second = stack.enter_context(start_server(database_url, tmp_path, **SETTINGS))
        events = deliver_everywhere([first, second], receiving, paths)

        for path in paths:
            received = receiving.at(path)
            check_order(received)
            assert [one.sequence for one in received] == list(range(1, events + 1))
