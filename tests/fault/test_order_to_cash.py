"""From order to charge while processes are killed, messages come twice and drivers fail.

The promises: every order ends, or waits visibly for a person; no service is left without an order;
no charge is missing or doubled; no address is given twice.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.fulfilling import ENDED, Shop, item, relies_on, values
from tests.e2e.waiting import until
from tests.fault.chance import LONG, new_draw
from tests.fault.houses import House
from tmf.apis import APIS

ORDERS = 60 if LONG else 8
KILLS = 40 if LONG else 3

FLAKY = {"failures": 1}
SERVICES = {
    "cfs-internet": {
        "driver": "pool",
        "options": {"pool": "addresses", "ranges": ["198.51.100.0/24"]},
        "supportedBy": [{"id": "rfs-line"}],
    },
    "rfs-line": {"driver": "simulated", "options": FLAKY, "retry": [0.05]},
    "cfs-plain": {"driver": "simulated", "options": FLAKY, "retry": [0.05]},
    "cfs-hopeless": {"driver": "simulated", "options": {"fail": "no such street"}},
}


@pytest.fixture
def story(house: House) -> House:
    """The real program, with drivers that fail once."""
    (house.folder / "provisioning.json").write_text(json.dumps({"services": SERVICES}))
    house.program = (sys.executable, "-m", "tmf")
    house.extra["TMF_PROVISIONING"] = "provisioning.json"
    taking = [name for name, known in APIS if known is not None and known.reactions]
    house.takers = [*(f"reactions.{name}" for name in taking), "hub"]
    return house


def price(kind: str, value: float) -> dict[str, Any]:
    amount = {"dutyFreeAmount": {"unit": "EUR", "value": value}, "taxRate": 23}
    period = {"recurringChargePeriod": "month"} if kind == "recurring" else {}
    return {"name": kind, "priceType": kind, "price": amount, **period}


class Placed:
    """Orders of several kinds, placed one after the other."""

    def __init__(self, shop: Shop) -> None:
        prices = (price("oneTime", 49.0), price("recurring", 31.0))
        self._internet = shop.offering("cfs-internet", *prices)
        self._plain = shop.offering("cfs-plain", *prices)
        self._hopeless = shop.offering("cfs-hopeless", *prices)
        self._shop = shop
        self.ids: list[str] = []
        self.hopeless: list[str] = []

    def place(self) -> None:
        number = len(self.ids)
        items = [item("1", self._internet)]
        if number % 2:
            tie = relies_on("1")
            items.append(item("2", self._plain, productOrderItemRelationship=tie))
        if number % 4 == 3:
            items = [item("1", self._hopeless)]
        order = self._shop.order(*items, id=f"order-{number}", billingAccount={"id": "a"})
        self.ids.append(order)
        if number % 4 == 3:
            self.hopeless.append(order)


def check(tmf: Client, placed: Placed) -> None:
    """What must hold once all orders have come to rest."""
    shop = Shop(tmf)
    for order in placed.ids:
        wanted = ("held",) if order in placed.hopeless else ENDED
        assert shop.until(order, *wanted)["state"] == wanted[0]
    products = {one["id"]: one for one in tmf.read("TMF637/product?limit=1000")}
    services = tmf.read("TMF638/service?limit=1000")
    active = [one for one in products.values() if one["status"] == "active"]
    assert len(active) == sum(
        len(tmf.read(f"TMF622/productOrder/{one}")["productOrderItem"])
        for one in placed.ids
        if one not in placed.hopeless
    )
    for service in services:
        (order,) = {one["serviceOrderId"] for one in service["serviceOrderItem"]}
        assert order in placed.ids
        assert service["state"] == ("reserved" if order in placed.hopeless else "active")
        assert service["relatedEntity"][0]["id"] in products
    wanted = Counter({"cfs-internet": 0, "rfs-line": 0, "cfs-plain": 0, "cfs-hopeless": 0})
    for order in placed.ids:
        for one in tmf.read(f"TMF622/productOrder/{order}")["productOrderItem"]:
            offering = tmf.read(f"TMF620/productOffering/{one['productOffering']['id']}")
            named = tmf.read(
                f"TMF620/productSpecification/{offering['productSpecification']['id']}"
            )["serviceSpecification"][0]["id"]
            wanted.update([named] + (["rfs-line"] if named == "cfs-internet" else []))
    assert Counter(one["serviceSpecification"]["id"] for one in services) == wanted
    given = [values(one, "productCharacteristic").get("address") for one in active]
    addresses = [one for one in given if one]
    assert len(set(addresses)) == len(addresses) == wanted["cfs-internet"]
    check_charges(tmf, [one["id"] for one in active])


def check_charges(tmf: Client, active: list[str]) -> None:
    """Each active product is charged once of each kind, and nothing else is."""
    charged = [(one, kind) for one in sorted(active) for kind in ("oneTime", "recurring")]

    def found() -> list[tuple[str, str]]:
        rates = tmf.read("TMF678/appliedCustomerBillingRate?limit=1000")
        return sorted((one["product"]["id"], one["name"]) for one in rates)

    until(lambda: len(found()) >= len(charged), "all to be charged")
    assert found() == charged


def wait_until_all_is_taken(house: House) -> None:
    until(lambda: house.count("outbox WHERE published IS NULL") == 0, "events to be published")
    until(lambda: house.count("deferred WHERE parked IS NULL") == 0, "late events to be taken")


def test_orders_end_whoever_is_killed_on_the_way(story: House) -> None:
    draw = new_draw()
    server, worker = story.start()
    with Client(server.url) as tmf:
        placed = Placed(Shop(tmf))
        for _ in range(ORDERS):
            placed.place()
        for _ in range(KILLS):
            before = story.count("outbox")
            until(
                lambda before=before: (
                    story.count("outbox") >= before + draw.randrange(8)
                    or story.count("outbox WHERE published IS NULL") == 0
                ),
                "something to happen",
            )
            worker.process.send_signal(signal.SIGKILL)
            assert worker.ended(within=30)
            if worker is server:
                server = worker = story.serve()
            else:
                worker = story.work()
    with Client(server.url) as tmf:
        check(tmf, placed)
        assert "Traceback" not in story.logs()


def test_messages_that_come_twice_change_nothing(story: House) -> None:
    server, _ = story.start()
    with Client(server.url) as tmf:
        placed = Placed(Shop(tmf))
        for _ in range(4):
            placed.place()
        check(tmf, placed)
        wait_until_all_is_taken(story)
        told = story.count("outbox")
        story.sql("UPDATE outbox SET published = NULL")
        server.process.send_signal(signal.SIGTERM)  # a new one looks at all that is unpublished
        assert server.ended(within=30)
    server = story.serve()
    with Client(server.url) as tmf:
        wait_until_all_is_taken(story)
        assert story.count("outbox") == told
        check(tmf, placed)
