"""What happens to events when the parts of an installation are killed, stopped or cut off.

Over every bus and database; after each, everything answered for took effect once and in order, and
every listener has heard of it, each resource's events in order.
"""

from __future__ import annotations

import signal
from urllib.parse import urlsplit

import pytest

from tests.e2e.client import Client
from tests.e2e.waiting import until
from tests.fault.chance import LONG, SEED, new_draw
from tests.fault.houses import House, expected, seen
from tests.fault.listeners import Wayward
from tests.fault.proxies import Proxy
from tests.fault.writers import Writers

DAY = 24 * 3600


def test_a_change_whose_server_is_killed_before_it_is_published_is_published_by_another(
    house: House,
) -> None:
    servers = [house.start()[0]]
    house.listen(servers[0].url)
    cut_off = 0
    with Writers(lambda: servers[-1].url) as writers:
        for _ in range(10):
            writers.wait_for_more()
            servers[-1].process.send_signal(signal.SIGKILL)
            assert servers[-1].ended(within=30)
            cut_off = house.count("outbox WHERE published IS NULL")
            servers.append(house.serve())
            if cut_off:
                break

    assert cut_off > 0
    writers.check(house, servers[-1].url)


def test_an_event_whose_taker_is_killed_before_it_commits_takes_effect_once_elsewhere(
    house: House,
) -> None:
    server, worker = house.start()
    house.gate.touch()
    with Client(server.url) as tmf:
        identity = tmf.create("TMF620/category", {"name": "gated", "count": 0})["id"]
        until(lambda: house.entered.exists() and house.entered.read_text(), "the event to be taken")
        assert int(house.entered.read_text()) == worker.process.pid
        worker.process.send_signal(signal.SIGKILL)
        assert worker.ended(within=30)
        house.gate.unlink()

    server = house.start()[0] if worker is server else server
    house.work()
    with Client(server.url) as tmf:
        assert tmf.patch(f"TMF620/category/{identity}", {"count": 1}).status_code == 200
        house.wait_until_all_is_taken()
        assert seen(tmf, identity) == expected([1])


@pytest.mark.over("PostgreSQL")
def test_a_worker_that_stops_leaves_its_share_to_another_in_order(house: House) -> None:
    server, _ = house.start()
    worker = house.work()
    house.listen(server.url)
    with Writers(lambda: server.url) as writers:
        for _ in range(30 if LONG else 1):
            other = house.work()
            writers.wait_for_more()
            worker.process.send_signal(signal.SIGTERM)
            assert worker.ended(within=30)
            assert worker.process.returncode == 0, worker.log()
            assert "Traceback" not in worker.log()
            writers.wait_for_more()
            house.wait_for_some_taken()
            worker = other
    writers.check(house, server.url)


@pytest.mark.over("PostgreSQL")
def test_a_relay_that_goes_on_with_a_share_that_another_has_taken_over_disturbs_nothing(
    house: House,
) -> None:
    server, _ = house.start()
    sleeper = house.work()
    house.listen(server.url)
    holders = "(SELECT DISTINCT holder FROM leases WHERE work = 'outbox') AS held"
    with Writers(lambda: server.url) as writers:
        for _ in range(10 if LONG else 2):
            until(lambda: house.count(holders) == 2, "both to hold a share")
            writers.wait_for_more()
            sleeper.process.send_signal(signal.SIGSTOP)
            until(lambda: house.count(holders) == 1, "its share to be taken over")
            writers.wait_for_more()
            sleeper.process.send_signal(signal.SIGCONT)  # it thinks that it holds what it held
            writers.wait_for_more()
    # What it was in the middle of sending as it fell asleep, another has sent meanwhile.
    writers.check(house, server.url, repeats=True)


@pytest.mark.over("PostgreSQL")
@pytest.mark.bus("embedded")  # a broker hands to others what a silent consumer has not taken
def test_one_that_falls_asleep_while_it_takes_an_event_does_not_keep_it_from_others(
    house: House,
) -> None:
    house.extra["TMF_SERVE_WORK"] = "false"
    server = house.serve()
    workers = {worker.process.pid: worker for worker in (house.work(), house.work())}
    house.gate.touch()
    with Client(server.url) as tmf:
        identity = tmf.create("TMF620/category", {"name": "gated", "count": 0})["id"]
        until(lambda: house.entered.exists() and house.entered.read_text(), "the event to be taken")
        sleeper = workers[int(house.entered.read_text())]
        sleeper.process.send_signal(signal.SIGSTOP)
        house.gate.unlink()

        house.wait_until_all_is_taken()
        assert seen(tmf, identity) == expected([])
        sleeper.process.send_signal(signal.SIGCONT)  # what it was about to do is undone
        assert tmf.patch(f"TMF620/category/{identity}", {"count": 1}).status_code == 200
        house.wait_until_all_is_taken()
        assert seen(tmf, identity) == expected([1])


@pytest.mark.bus("embedded")  # a worker beside the server refuses a clock of its own
def test_a_clock_that_is_moved_loses_nothing(house: House) -> None:
    house.extra["TMF_CLOCK"] = "2030-01-01T00:00:00Z"
    server, _ = house.start()
    house.listen(server.url, Wayward(SEED))
    with Writers(lambda: server.url) as writers, Client(server.url) as tmf:
        for _ in range(3):
            writers.wait_for_more()
            answer = tmf.post("/admin/v1/clock", {"advanceSeconds": DAY})
            assert answer.status_code == 200
        writers.wait_for_more()
    writers.check(house, server.url)


@pytest.mark.over("PostgreSQL")
def test_a_database_that_cuts_all_connections_loses_nothing(house: House) -> None:
    server, _ = house.start()
    house.listen(server.url)
    with Writers(lambda: server.url) as writers:
        for _ in range(30 if LONG else 3):
            writers.wait_for_more()
            house.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        writers.wait_for_more()
    writers.check(house, server.url)


@pytest.mark.bus("RabbitMQ")
def test_a_broker_that_goes_away_and_comes_back_under_load_loses_nothing(house: House) -> None:
    broker = urlsplit(str(house.broker_url))
    with Proxy(str(broker.hostname), broker.port or 5672) as proxy:
        login, _, _ = broker.netloc.rpartition("@")
        house.reached_by = broker._replace(netloc=f"{login}@127.0.0.1:{proxy.port}").geturl()
        server, worker = house.start()
        house.listen(server.url)
        with Writers(lambda: server.url) as writers:
            for _ in range(20 if LONG else 2):
                writers.wait_for_more()
                proxy.cut()
                writers.wait_for_more()
                proxy.mend()
                house.wait_for_some_taken()
        writers.check(house, server.url)
        assert not worker.ended()


def test_chance_kills_and_stops_lose_nothing(house: House) -> None:
    draw = new_draw()
    servers = [house.start()[0]]
    workers = [house.work()]
    for number in range(3):
        house.listen(servers[0].url, Wayward(SEED + number))
    with Writers(lambda: servers[-1].url) as writers:
        for _ in range(40 if LONG else 2):
            writers.wait_for_more(draw.randrange(5, 40))
            if draw.random() < 0.3:
                servers[-1].process.send_signal(signal.SIGKILL)
                assert servers[-1].ended(within=30)
                servers.append(house.serve())
            else:
                number = draw.choice([signal.SIGKILL, signal.SIGTERM])
                workers[-1].process.send_signal(number)
                assert workers[-1].ended(within=30)
                workers.append(house.work())
    writers.check(house, servers[-1].url)
