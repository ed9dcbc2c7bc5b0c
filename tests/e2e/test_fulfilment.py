"""From order to active services: products made, changed and ended, fallout and its repair,
cancellation and what it undoes; all over the public APIs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.client import Client, unique
from tests.e2e.fulfilling import (
    ENDED,
    Json,
    Shop,
    item,
    relies_on,
    states,
    values,
    with_values,
)
from tests.e2e.waiting import until
from tests.processes import Server, start_server

ADDRESSES = [f"198.51.100.{number}" for number in range(1, 7)]
NUMBERS = 8

SERVICES: Json = {
    "cfs-internet": {
        "driver": "pool",
        "options": {"pool": "addresses", "ranges": ["198.51.100.0/29"]},
        "supportedBy": [{"id": "rfs-line", "name": "Access line"}],
    },
    "cfs-number": {
        "driver": "pool",
        "options": {
            "pool": "numbers",
            "ranges": [f"+353209100000-+35320910000{NUMBERS - 1}"],
            "characteristic": "number",
        },
    },
    "cfs-manual": {"driver": "manual", "supportedBy": [{"id": "rfs-duct"}]},
    "cfs-flaky": {"driver": "simulated", "options": {"failures": 2}, "retry": [0.05]},
    "cfs-broken": {
        "driver": "simulated",
        "options": {"failures": 99},
        "retry": [0.01],
        "attempts": 2,
    },
}


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a movable clock, with drivers of every kind."""
    folder = tmp_path_factory.mktemp("fulfilling")
    (folder / "provisioning.json").write_text(json.dumps({"services": SERVICES}))
    settings = {"TMF_PROVISIONING": "provisioning.json", "TMF_CLOCK": "2030-01-01T00:00:00Z"}
    with start_server(module_database_url, folder, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[Shop]:
    with Client(server.url) as client:
        yield Shop(client)


def given_back(shop: Shop, product: str, offering: str) -> None:
    """End a product, as a customer would who no longer wants it."""
    ended = shop.order(item("1", None, "delete", product={"id": product}))
    assert shop.until(ended, *ENDED)["state"] == "completed"


# --- Delivered ---


def test_an_order_brings_about_a_product_and_the_services_under_it(shop: Shop) -> None:
    offering = shop.offering("cfs-internet")
    order = shop.order(item("1", offering, product=with_values(speed=500)))

    done = shop.until(order, *ENDED)

    assert (done["state"], states(done)) == ("completed", {"1": "completed"})
    assert done["completionDate"] >= done["orderDate"]
    (product,) = shop.products(order)
    assert (product["status"], "startDate" in product) == ("active", True)
    assert product["relatedParty"] == done["relatedParty"]
    access, internet = sorted(shop.services(order), key=lambda one: one["category"], reverse=True)
    assert [one["category"] for one in (access, internet)] == ["RFS", "CFS"]
    assert [one["state"] for one in (access, internet)] == ["active", "active"]
    assert [one["id"] for one in internet["supportingService"]] == [access["id"]]
    assert access["startDate"] <= internet["startDate"] <= product["startDate"]
    got = values(product, "productCharacteristic")
    assert got["speed"] == 500
    assert got["address"] in ADDRESSES
    assert values(internet, "serviceCharacteristic") == got
    assert {one["id"] for one in product["realizingService"]} == {access["id"], internet["id"]}
    given_back(shop, product["id"], offering)


def test_an_item_makes_as_many_products_as_it_says(shop: Shop) -> None:
    offering = shop.offering("cfs-plain")
    order = shop.order(item("1", offering, quantity=3))

    assert shop.until(order, *ENDED)["state"] == "completed"
    assert [one["status"] for one in shop.products(order)] == ["active"] * 3
    assert [one["state"] for one in shop.services(order)] == ["active"] * 3


def test_steps_that_fail_at_first_are_tried_again(shop: Shop) -> None:
    order = shop.order(item("1", shop.offering("cfs-flaky")))

    assert shop.until(order, *ENDED)["state"] == "completed"
    (service,) = shop.services(order)
    assert service["provisioning"]["attempts"] == 2


def test_a_bundle_is_there_when_its_parts_are(shop: Shop) -> None:
    part, waiting = shop.offering("cfs-plain"), shop.offering("cfs-manual")
    bundle = shop.offering(None, isBundle=True)
    parts = [item("1.1", part), item("1.2", waiting)]
    order = shop.order(item("1", bundle, productOrderItem=parts))

    def product(offering: str) -> Json:
        found = [one for one in shop.products(order) if one["productOffering"]["id"] == offering]
        return found[0] if found else {}

    until(lambda: product(part).get("status") == "active", "the part that needs nobody")
    assert product(bundle)["status"] == "pendingActive"
    by_hand(shop, order)
    assert shop.until(order, *ENDED)["state"] == "completed"
    assert product(bundle)["status"] == "active"


def by_hand(shop: Shop, order: str) -> None:
    """Do by hand what waits for a person."""

    def waiting() -> list[Json]:
        return [one for one in shop.services(order) if one["provisioning"]["status"] == "manual"]

    (service,) = until(waiting, "a service that waits for a person")
    answer = shop.tmf.patch(f"TMF638/service/{service['id']}", {"state": "active"})
    assert answer.status_code == 200, answer.text


def test_an_item_waits_for_what_it_relies_on(shop: Shop) -> None:
    first, second = shop.offering("cfs-manual"), shop.offering("cfs-plain")
    order = shop.order(
        item("1", first), item("2", second, productOrderItemRelationship=relies_on("1"))
    )
    under_way = until(
        lambda: (
            (found := shop.tmf.read(f"TMF622/productOrder/{order}"))["state"] == "inProgress"
            and states(found)["1"] == "inProgress"
            and found
        ),
        "the order to be under way",
    )

    assert states(under_way)["2"] == "pending"
    by_hand(shop, order)
    assert shop.until(order, *ENDED)["state"] == "completed"
    active = {one["productOffering"]["id"]: one["startDate"] for one in shop.products(order)}
    assert active[first] <= active[second]


def test_what_nobody_here_provides_waits_for_a_person(shop: Shop) -> None:
    order = shop.order(item("1"), item("2", unique("federated")), item("3", None, "noChange"))
    shop.until(order, "inProgress")
    until(lambda: shop.products(order), "the product")
    assert [one["status"] for one in shop.products(order)] == ["pendingActive"]

    found = shop.tmf.read(f"TMF622/productOrder/{order}")
    items = [{**one, "state": "completed"} for one in found["productOrderItem"]]
    assert shop.tmf.patch(f"TMF622/productOrder/{order}", {"productOrderItem": items}).ok

    assert shop.until(order, *ENDED)["state"] == "completed"
    until(lambda: shop.products(order)[0]["status"] == "active", "the product to be active")


# --- Changed and ended ---


def test_a_product_is_changed_and_ended_and_its_address_given_back(shop: Shop) -> None:
    product, offering = shop.installed("cfs-internet", speed=100)
    before = values(shop.tmf.read(f"TMF637/product/{product}"), "productCharacteristic")

    change = item("1", offering, "modify", product={"id": product, **with_values(speed=500)})
    order = shop.order(change)
    assert shop.until(order, *ENDED)["state"] == "completed"
    changed = shop.tmf.read(f"TMF637/product/{product}")
    assert values(changed, "productCharacteristic") == {**before, "speed": 500}
    assert {values(one, "serviceCharacteristic")["speed"] for one in shop.services(order)} == {500}

    ended = shop.order(item("1", None, "delete", product={"id": product}))
    assert shop.until(ended, *ENDED)["state"] == "completed"
    gone = shop.tmf.read(f"TMF637/product/{product}")
    assert (gone["status"], "terminationDate" in gone) == ("terminated", True)
    assert {one["state"] for one in shop.services(ended)} == {"terminated"}
    # All addresses can be given out again, the one that was given back among them.
    offered = [shop.installed("cfs-internet") for _ in ADDRESSES]
    products = [shop.tmf.read(f"TMF637/product/{one}") for one, _ in offered]
    got = [values(one, "productCharacteristic")["address"] for one in products]
    assert sorted(got) == ADDRESSES
    for one, its in offered:
        given_back(shop, one, its)


def test_what_has_no_services_is_changed_and_ended_at_once(shop: Shop) -> None:
    product, _ = shop.installed(None)
    ended = shop.order(item("1", None, "delete", product={"id": product}))

    assert shop.until(ended, *ENDED)["state"] == "completed"
    assert shop.tmf.read(f"TMF637/product/{product}")["status"] == "terminated"


def test_no_number_is_given_twice_and_the_last_order_is_held(shop: Shop) -> None:
    offering = shop.offering("cfs-number")
    with ThreadPoolExecutor(4) as threads:
        orders = list(threads.map(lambda _: shop.order(item("1", offering)), range(NUMBERS + 1)))

    ends = [shop.until(order, *ENDED, "held")["state"] for order in orders]

    assert sorted(ends) == ["completed"] * NUMBERS + ["held"]
    products = [shop.products(order)[0] for order in orders]
    got = [values(one, "productCharacteristic").get("number") for one in products]
    assert len({number for number in got if number}) == NUMBERS


# --- Fallout ---


def held_order(shop: Shop, *more: Json) -> str:
    order = shop.order(
        item("1", shop.offering("cfs-plain"), product=with_values(simulate="fail")), *more
    )
    held = shop.until(order, "held", *ENDED)
    assert (held["state"], states(held)["1"]) == ("held", "held")
    (note,) = held["note"]
    assert "simulated failure" in note["text"]
    return order


def test_a_held_order_goes_on_when_somebody_retries(shop: Shop) -> None:
    order = held_order(shop)
    (service,) = until(
        lambda: [one for one in shop.services(order) if one["provisioning"]["status"] == "held"],
        "the service to be held",
    )
    repaired = {"serviceCharacteristic": [{"name": "simulate", "value": "no more"}]}
    assert shop.tmf.patch(f"TMF638/service/{service['id']}", repaired).ok

    assert shop.tmf.patch(f"TMF622/productOrder/{order}", {"state": "inProgress"}).ok

    assert shop.until(order, *ENDED)["state"] == "completed"
    assert [one["state"] for one in shop.services(order)] == ["active"]


def test_retrying_in_vain_holds_the_order_again(shop: Shop) -> None:
    order = held_order(shop)
    until(lambda: shop.services(order)[0]["provisioning"]["status"] == "held", "held")

    assert shop.tmf.patch(f"TMF622/productOrder/{order}", {"state": "inProgress"}).ok

    until(lambda: len(shop.tmf.read(f"TMF622/productOrder/{order}").get("note", ())) == 2, "a note")
    assert shop.until(order, "held")["state"] == "held"


def impossible(**known: object) -> Json:
    """Characteristics that an order may state, and a product may not."""
    stated = [{"name": name, "value": value} for name, value in known.items()]
    odd = {"name": "simulate", "value": "no", "characteristicRelationship": "none"}
    return {"productCharacteristic": [*stated, odd]}


def repaired(shop: Shop, order: str, product: Json) -> None:
    """Have an item's product be another, and go on."""
    (found,) = shop.tmf.read(f"TMF622/productOrder/{order}")["productOrderItem"]
    patch = {"state": "inProgress", "productOrderItem": [{**found, "product": product}]}
    answer = shop.tmf.patch(f"TMF622/productOrder/{order}", patch)
    assert answer.ok, answer.text


def test_a_product_that_cannot_be_as_ordered_holds_its_order(shop: Shop) -> None:
    order = shop.order(item("1", shop.offering("cfs-plain"), product=impossible()))
    held = shop.until(order, "held", *ENDED)
    assert (held["state"], states(held)) == ("held", {"1": "held"})
    assert "characteristicRelationship" in held["note"][0]["text"]

    assert shop.tmf.patch(f"TMF622/productOrder/{order}", {"state": "inProgress"}).ok
    until(lambda: len(shop.tmf.read(f"TMF622/productOrder/{order}").get("note", ())) == 2, "a note")
    assert shop.services(order) == []

    repaired(shop, order, with_values(speed=7))

    assert shop.until(order, *ENDED)["state"] == "completed"
    assert [one["status"] for one in shop.products(order)].count("active") == 1
    assert {one["status"] for one in shop.products(order)} == {"active", "aborted"}


def test_a_change_that_a_product_cannot_follow_holds_its_order(shop: Shop) -> None:
    product, offering = shop.installed("cfs-plain", speed=100)
    order = shop.order(
        item("1", offering, "modify", product={"id": product, **impossible(speed=500)})
    )
    held = shop.until(order, "held", *ENDED)
    assert (held["state"], states(held)) == ("held", {"1": "held"})

    repaired(shop, order, {"id": product, **with_values(speed=600)})

    assert shop.until(order, *ENDED)["state"] == "completed"
    changed = shop.tmf.read(f"TMF637/product/{product}")
    assert (changed["status"], values(changed, "productCharacteristic")["speed"]) == ("active", 600)


def test_an_item_whose_product_cannot_be_is_given_up(shop: Shop) -> None:
    product, offering = shop.installed("cfs-plain", speed=100)
    before = shop.tmf.read(f"TMF637/product/{product}")
    items = [
        item("1", shop.offering("cfs-plain"), product=impossible()),
        item("2", offering, "modify", product={"id": product, **impossible(speed=500)}),
    ]
    order = shop.order(*items)
    until(
        lambda: states(shop.tmf.read(f"TMF622/productOrder/{order}")) == {"1": "held", "2": "held"},
        "both items to be held",
    )

    found = shop.tmf.read(f"TMF622/productOrder/{order}")["productOrderItem"]
    given_up = {"productOrderItem": [{**one, "state": "cancelled"} for one in found]}
    assert shop.tmf.patch(f"TMF622/productOrder/{order}", given_up).ok

    assert shop.until(order, *ENDED)["state"] == "cancelled"
    until(
        lambda: (
            {
                link["role"]
                for one in shop.products(order)
                for link in one["productOrderItem"]
                if link["productOrderId"] == order
            }
            == {"cancelled"}
        ),
        "the products to be given up",
    )
    after = shop.tmf.read(f"TMF637/product/{product}")
    assert values(after, "productCharacteristic") == values(before, "productCharacteristic")
    assert after["status"] == "active"


def test_an_item_that_is_given_up_leaves_nothing_behind(shop: Shop) -> None:
    good = item("2", shop.offering("cfs-plain"))
    order = held_order(shop, good)
    until(lambda: states(shop.tmf.read(f"TMF622/productOrder/{order}"))["2"] == "completed", "2")
    found = shop.tmf.read(f"TMF622/productOrder/{order}")
    items = [
        {**one, "state": "cancelled"} if one["id"] == "1" else one
        for one in found["productOrderItem"]
    ]

    assert shop.tmf.patch(f"TMF622/productOrder/{order}", {"productOrderItem": items}).ok

    assert shop.until(order, *ENDED)["state"] == "partial"
    until(lambda: [one["state"] for one in shop.services(order)] == ["active"], "one service")
    until(
        lambda: sorted(one["status"] for one in shop.products(order)) == ["active", "cancelled"],
        "one product",
    )


def test_a_change_that_is_given_up_leaves_all_as_it_was(shop: Shop) -> None:
    product, offering = shop.installed("cfs-plain", speed=100)
    before = shop.tmf.read(f"TMF637/product/{product}")
    wanted = {"id": product, **with_values(speed=500, simulate="fail")}
    order = shop.order(item("1", offering, "modify", product=wanted))
    held = shop.until(order, "held", *ENDED)
    assert held["state"] == "held"

    items = [{**one, "state": "cancelled"} for one in held["productOrderItem"]]
    assert shop.tmf.patch(f"TMF622/productOrder/{order}", {"productOrderItem": items}).ok

    assert shop.until(order, *ENDED)["state"] == "cancelled"

    def roles() -> list[str]:
        links = shop.tmf.read(f"TMF637/product/{product}")["productOrderItem"]
        return [one["role"] for one in links]

    until(lambda: roles() == ["completed", "cancelled"], "the change to be undone")
    after = shop.tmf.read(f"TMF637/product/{product}")
    assert {**after, "productOrderItem": []} == {**before, "productOrderItem": []}
    (service,) = shop.services(order)
    assert (service["state"], values(service, "serviceCharacteristic")) == (
        "active",
        {"speed": 100},
    )
    given_back(shop, product, offering)


def test_prices_that_are_only_words_hold_nothing_up(shop: Shop) -> None:
    words = [{"name": "ask us"}, {"price": {"dutyFreeAmount": {"unit": "EUR", "value": 3}}}]
    order = shop.order(item("1", shop.offering("cfs-plain"), itemPrice=words))

    assert shop.until(order, *ENDED)["state"] == "completed"
    assert shop.products(order)[0]["productPrice"] == []


def test_what_waits_for_people_can_be_found(shop: Shop) -> None:
    order = shop.order(item("1", shop.offering("cfs-manual")))
    found = "TMF638/service?provisioning.status=manual,failed,held&fields=serviceOrderItem"

    def waits() -> bool:
        found_for = [one["serviceOrderItem"][0] for one in shop.tmf.read(found)]
        return order in {one["serviceOrderId"] for one in found_for}

    until(waits, "the service to wait for a person")
    by_hand(shop, order)
    assert shop.until(order, *ENDED)["state"] == "completed"
    assert not waits()


def test_attempts_have_a_limit(shop: Shop) -> None:
    order = shop.order(item("1", shop.offering("cfs-broken")))

    held = shop.until(order, "held", *ENDED)

    assert held["state"] == "held"
    assert "given up after 2 attempts: simulated outage" in held["note"][0]["text"]


# --- Cancelled ---


def cancel(shop: Shop, order: str, **more: Any) -> str:
    sent = {"productOrder": {"id": order}, "cancellationReason": "changed my mind", **more}
    return str(shop.tmf.create("TMF622/cancelProductOrder", sent)["id"])


def ended_task(shop: Shop, task: str) -> Json:
    def look() -> Json | None:
        found: Json = shop.tmf.read(f"TMF622/cancelProductOrder/{task}")
        return found if found["state"] in ("done", "terminatedWithError") else None

    return until(look, f"task {task} to end")


def test_a_cancelled_order_is_undone(shop: Shop) -> None:
    order = shop.order(
        item("1", shop.offering("cfs-manual")),
        item("2", shop.offering("cfs-plain"), productOrderItemRelationship=relies_on("1")),
    )
    until(
        lambda: sorted(one["state"] for one in shop.services(order)) == ["active", "reserved"],
        "one service active and one that waits for a person",
    )

    task = ended_task(shop, cancel(shop, order))

    assert task["state"] == "done"
    cancelled = shop.tmf.read(f"TMF622/productOrder/{order}")
    assert (cancelled["state"], set(states(cancelled).values())) == ("cancelled", {"cancelled"})
    assert cancelled["cancellationReason"] == "changed my mind"
    assert "effectiveCancellationDate" in task
    assert "cancellationDate" in cancelled
    # The service that never was active is gone, the other one is terminated.
    assert [one["state"] for one in shop.services(order)] == ["terminated"]
    assert [one["status"] for one in shop.products(order)] == ["cancelled"]


def test_a_held_order_can_be_cancelled(shop: Shop) -> None:
    order = held_order(shop)

    assert ended_task(shop, cancel(shop, order))["state"] == "done"
    assert shop.services(order) == []


@pytest.mark.parametrize("what", ["completed", "unknown"])
def test_what_cannot_be_cancelled_stays(shop: Shop, what: str) -> None:
    order = "nowhere"
    if what == "completed":
        order = shop.order(item("1", shop.offering("cfs-plain")))
        shop.until(order, "completed")

    task = ended_task(shop, cancel(shop, order))

    assert task["state"] == "terminatedWithError"
    assert task["message"] == (
        "the order is completed" if what == "completed" else "there is no such order"
    )
    assert "effectiveCancellationDate" not in task


# --- Planned ---


def move(shop: Shop, moment: str) -> None:
    answer = shop.tmf.post("/admin/v1/clock", {"now": moment})
    assert answer.status_code == 200, answer.text


def test_planned_work_waits_for_its_day(shop: Shop) -> None:
    offering = shop.offering("cfs-plain")
    later = shop.order(item("1", offering), requestedStartDate="2030-02-01T00:00:00Z")
    called_off = shop.order(item("1", offering), requestedStartDate="2030-02-01T00:00:00Z")
    wanted = shop.order(item("1", offering), requestedCompletionDate="2030-03-01T00:00:00Z")
    until(
        lambda: [one["state"] for one in shop.services(wanted)] == ["reserved"],
        "the service to be prepared",
    )
    assert ended_task(shop, cancel(shop, called_off))["state"] == "done"
    assert shop.tmf.read(f"TMF622/productOrder/{later}")["state"] == "acknowledged"

    move(shop, "2030-02-01T00:00:01Z")
    assert shop.until(later, *ENDED)["state"] == "completed"
    assert shop.services(wanted)[0]["state"] == "reserved"

    move(shop, "2030-03-01T00:00:01Z")
    done = shop.until(wanted, *ENDED)
    assert (done["state"], done["completionDate"][:10]) == ("completed", "2030-03-01")
    assert shop.tmf.read(f"TMF622/productOrder/{called_off}")["state"] == "cancelled"
