"""From a change to those who react to it: nothing is lost, nothing takes effect twice, in order.

Over every bus and database; each test is named after what it defends.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import rabbitmq
from tests.e2e.client import Client, unique
from tests.e2e.waiting import until
from tests.fault.houses import CHANGED, CREATED, DELETED, MOVED, TAKER, House, expected, seen

WRITERS = 4


def write(root: str, resources: int, changes: int) -> dict[str, list[str]]:
    """Create categories, count each up, move one in two and delete one in three.

    The events that are to take effect, by category.
    """
    told: dict[str, list[str]] = {}
    with Client(root) as tmf:
        for number in range(resources):
            identity = unique("bus")
            tmf.create("TMF620/category", {"id": identity, "name": "x", "count": 0})
            place = f"TMF620/category/{identity}"
            for number_of in range(1, changes + 1):
                assert tmf.patch(place, {"count": number_of}).status_code == 200
            told[identity] = expected(range(1, changes + 1))
            if number % 2:
                moved = {"lifecycleStatus": "Retired", "count": changes + 1}
                assert tmf.patch(place, moved).status_code == 200
                told[identity] += [f"{kind}:{changes + 1}" for kind in (MOVED, CHANGED)]
                assert tmf.patch(place, moved).status_code == 200  # changes nothing
            if number % 3 == 0:
                assert tmf.delete(place).status_code == 204
                told[identity].append(f"{DELETED}:{told[identity][-1].split(':')[1]}")
    return told


def write_together(root: str, resources: int, changes: int) -> dict[str, list[str]]:
    with ThreadPoolExecutor(WRITERS) as pool:
        parts = pool.map(lambda _: write(root, resources, changes), range(WRITERS))
        return {identity: events for part in parts for identity, events in part.items()}


def test_every_change_takes_effect_once_and_in_order(house: House) -> None:
    server, _ = house.start()
    house.work()  # another one that takes its share, or stands by
    told = write_together(server.url, 6, 8)
    house.wait_until_all_is_taken()

    with Client(server.url) as tmf:
        assert {identity: seen(tmf, identity) for identity in told} == told
        figures = tmf.get("/metrics").text
    assert "tmf_events_waiting 0.0" in figures
    assert f'tmf_events_parked{{taker="{TAKER}"}}' not in figures or (
        f'tmf_events_parked{{taker="{TAKER}"}} 0.0' in figures
    )
    assert "Traceback" not in house.logs()


def test_an_event_that_is_published_twice_takes_effect_and_is_delivered_once(house: House) -> None:
    server, _ = house.start()
    path = house.listen(server.url)
    with Client(server.url) as tmf:
        identity = tmf.create("TMF620/category", {"name": "x", "count": 0})["id"]
        house.wait_until_all_is_taken()

        house.sql("UPDATE outbox SET published = NULL")
        assert tmf.patch(f"TMF620/category/{identity}", {"count": 1}).status_code == 200
        house.wait_until_all_is_taken()
        until(lambda: len(seen(tmf, identity)) >= 2, "the change to take effect")

        assert seen(tmf, identity) == expected([1])
    house.check_deliveries()
    assert len(house.receiving.at(path)) == 2


def parked(house: House) -> list[str]:
    """The lines of `tmf events dead list`, without the first."""
    return house.run("events", "dead", "list").splitlines()[1:]


def test_poison_is_parked_with_its_error_while_others_go_on_and_can_be_driven_again(
    house: House,
) -> None:
    server, _ = house.start()
    house.poison.touch()
    with Client(server.url) as tmf:
        sick = tmf.create("TMF620/category", {"name": "poison", "count": 0})["id"]
        place = f"TMF620/category/{sick}"
        assert tmf.patch(place, {"count": 1}).status_code == 200
        well = write(server.url, 3, 3)
        until(lambda: {one: seen(tmf, one) for one in well} == well, "the others to go on")
        until(lambda: house.count("deferred WHERE parked IS NOT NULL") == 2, "poison to be parked")
        assert seen(tmf, sick) == []
        assert tmf.patch(place, {"name": "cured", "count": 2}).status_code == 200
        until(lambda: seen(tmf, sick), "the next event of the resource to be taken")

        lines = parked(house)
        numbers = [line.split()[0] for line in lines]
        assert all(TAKER in line and "PoisonError" in line and sick in line for line in lines)
        shown = house.run("events", "dead", "show", numbers[0])
        assert "PoisonError" in shown
        assert "after 3 tries" in shown
        assert CREATED in shown
        assert f'tmf_events_parked{{taker="{TAKER}"}} 2.0' in tmf.get("/metrics").text

        house.poison.unlink()
        assert "2 events" in house.run("events", "dead", "redrive", *numbers)
        house.wait_until_all_is_taken()
        assert seen(tmf, sick) == [f"{CHANGED}:2", f"{CREATED}:0", f"{CHANGED}:1"]
    assert house.count("deferred") == 0


def test_what_waits_behind_an_event_that_fails_for_a_while_keeps_its_order(house: House) -> None:
    server, _ = house.start()
    house.poison.touch()
    with Client(server.url) as tmf:
        identity = tmf.create("TMF620/category", {"name": "poison", "count": 0})["id"]
        until(lambda: house.count("deferred") > 0, "the event to fail")
        house.poison.unlink()
        for turn in range(1, 10):
            answer = tmf.patch(f"TMF620/category/{identity}", {"count": turn})
            assert answer.status_code == 200
        house.wait_until_all_is_taken()

        assert seen(tmf, identity) == expected(range(1, 10))
    assert house.count("deferred") == 0


@pytest.mark.bus("RabbitMQ")
def test_systems_in_the_house_may_bind_to_the_exchange_themselves(house: House) -> None:
    server, _ = house.start()
    with rabbitmq.connected(str(house.broker_url)) as connection, Client(server.url) as tmf:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        exchange = f"{house.name}.events"
        until(
            lambda: rabbitmq.depth(str(house.broker_url), f"{house.name}.{TAKER}.7") is not None,
            "queues",
        )
        channel.queue_bind(queue, exchange, "default.tmf620.category.#")
        category = tmf.create("TMF620/category", {"name": "x", "count": 10.50})
        tmf.create("TMF620/catalog", {"name": "not asked for"})
        tmf.delete(category["href"])
        messages = [
            next(iter(channel.consume(queue, auto_ack=True, inactivity_timeout=60)))
            for _ in range(2)
        ]
        house.wait_until_all_is_taken()
        left = channel.queue_declare(queue, passive=True).method.message_count

    assert left == 0
    for (delivery, properties, body), kind in zip(messages, (CREATED, DELETED), strict=True):
        event = json.loads(body)
        assert delivery.routing_key == f"default.tmf620.category.{kind}"
        assert properties.message_id == event["eventId"]
        assert properties.type == event["eventType"] == kind
        assert (properties.delivery_mode, properties.content_type) == (2, "application/json")
        assert event["event"]["category"] == category
        assert {"realm": "default", "id": category["id"]}.items() <= properties.headers.items()
        assert "BCC" not in properties.headers
