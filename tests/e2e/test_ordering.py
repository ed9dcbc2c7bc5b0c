"""Orders over HTTP: refused with code and path, or taken with their prices."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.e2e import still
from tests.e2e.client import JSON_PATCH, Client, spelt, unique
from tests.e2e.test_refusals import check_error
from tests.processes import start_server

Json = dict[str, Any]

ORDERS = "TMF622/productOrder"
FIRST = "productOrderItem[0]"


class Shop(NamedTuple):
    """Ids of what is in the catalogue and in the inventory."""

    line: str
    box: str
    pack: str
    retired: str
    product: str
    ended: str


tmf, session_database_url = still.tmf, still.session_database_url


@pytest.fixture(scope="module")
def shop(tmf: Client) -> Shop:
    """A line by speed, a box that only bundles have, the bundle of both, an offer that was."""
    names = Shop(*(unique(name) for name in Shop._fields))
    speeds: list[Json] = [{"value": 100, "isDefault": True}, {"value": 500}]
    speed = {"name": "speed", "minCardinality": 1, "maxCardinality": 1}
    specification = tmf.create(
        "TMF620/productSpecification",
        {
            "name": "Line",
            "productSpecCharacteristic": [{**speed, "productSpecCharacteristicValue": speeds}],
        },
    )

    def price(value: str, kind: str, **more: Any) -> Json:
        document = {
            "name": f"{kind} {value}",
            "lifecycleStatus": "Launched",
            "priceType": kind,
            "price": {"unit": "EUR", "value": float(value)},
            "tax": [{"taxCategory": "VAT", "taxRate": 23}],
            **more,
        }
        return {"id": tmf.create("TMF620/productOfferingPrice", document)["id"]}

    def monthly(value: str, speed: int) -> Json:
        use = {"name": "speed", "productSpecCharacteristicValue": [{"value": speed}]}
        period = {"recurringChargePeriodType": "month", "recurringChargePeriodLength": 1}
        return price(value, "recurring", prodSpecCharValueUse=[use], **period)

    def offer(identity: str, **parts: Any) -> None:
        document = {"id": identity, "name": identity, "lifecycleStatus": "Launched", **parts}
        tmf.create("TMF620/productOffering", document)

    offer(
        names.line,
        productSpecification={"id": specification["id"]},
        productOfferingPrice=[
            price("49.00", "oneTime"),
            monthly("29.9", 100),
            monthly("39.9", 500),
        ],
        channel=[{"id": "web"}],
    )
    offer(names.box, isSellable=False, productOfferingPrice=[price("9.99", "oneTime")])
    limits = {"numberRelOfferLowerLimit": 1, "numberRelOfferUpperLimit": 1}
    offer(
        names.pack,
        isBundle=True,
        bundledProductOffering=[
            {"id": part, "bundledProductOfferingOption": limits} for part in (names.line, names.box)
        ],
    )
    offer(names.retired, validFor={"endDateTime": "2020-01-01T00:00:00Z"})
    tmf.create(
        "TMF637/product",
        {
            "id": names.product,
            "status": "active",
            "productOffering": {"id": names.line},
            "relatedParty": [{"id": "byrne"}],
        },
    )
    tmf.create("TMF637/product", {"id": names.ended, "status": "created"})
    assert tmf.patch(f"TMF637/product/{names.ended}", {"status": "cancelled"}).status_code == 200
    return names


def item(identity: str, sold: str | None = None, action: str = "add", **parts: Any) -> Json:
    named = {} if sold is None else {"productOffering": {"id": sold}}
    return {"id": identity, "action": action, **named, **parts}


def with_speed(value: Any, **more: Any) -> Json:
    return {**more, "productCharacteristic": [{"name": "speed", "value": value}]}


def amounts(prices: list[Json]) -> list[tuple[str, str, str]]:
    """Kind, net and gross of each, as spelt."""
    return [
        (
            one["priceType"],
            one["price"]["dutyFreeAmount"]["value"].spelling,
            one["price"]["taxIncludedAmount"]["value"].spelling,
        )
        for one in prices
    ]


def refusals(shop: Shop) -> Iterator[tuple[Json, str, str]]:
    """An order for each way to be refused, with the code and the path."""

    def tied(**tie: str) -> Json:
        return item("1", productOrderItemRelationship=[tie])

    part = f"{FIRST}.productOrderItem"
    ties = f"{FIRST}.productOrderItemRelationship"
    chosen = f"{FIRST}.product.productCharacteristic"
    changed = f"{FIRST}.product.id"
    for first, code, path in [
        (item("1", shop.retired), "offeringNotSellable", f"{FIRST}.productOffering"),
        (item("1", shop.box), "offeringNotSellable", f"{FIRST}.productOffering"),
        (
            item("1", shop.pack, productOrderItem=[item("2", shop.line)]),
            "bundleRefused",
            part,
        ),
        (
            item("1", shop.pack, productOrderItem=[item("2", shop.retired)]),
            "offeringNotSellable",
            f"{part}[0].productOffering",
        ),
        (
            item("1", shop.line, product=with_speed(7)),
            "characteristicRefused",
            f"{chosen}[0].value",
        ),
        (item("1", quantity=0), "quantityRefused", f"{FIRST}.quantity"),
        (tied(id="2", relationshipType="reliesOn"), "itemRelationshipRefused", f"{ties}[0].id"),
        (tied(id="1", relationshipType="reliesOn"), "itemRelationshipRefused", ties),
        (item("1", shop.line, "modify"), "productRequired", changed),
        (item("1", None, "delete", product={"id": "none"}), "unknownProduct", changed),
        (item("1", None, "delete", product={"id": shop.ended}), "productEnded", changed),
    ]:
        yield {"productOrderItem": [first]}, code, path
    line = item("1", shop.line)
    other = {"productOrderItem": [line], "channel": [{"id": "market", "role": "creation"}]}
    yield other, "offeringNotInChannel", f"{FIRST}.productOffering"
    theirs = item("1", None, "delete", product={"id": shop.product})
    foreign = {"productOrderItem": [theirs], "relatedParty": [{"id": "moreau", "role": "customer"}]}
    yield foreign, "unknownProduct", changed


def test_refusals_name_code_and_path_and_store_nothing(tmf: Client, shop: Shop) -> None:
    mark = unique("refused")
    for order, code, path in refusals(shop):
        answer = tmf.post(ORDERS, {**order, "externalId": mark})

        check_error(answer, 409, code)
        assert answer.json()["path"] == path
        assert answer.json()["message"].startswith(f"{path}: ")
    assert tmf.read(f"{ORDERS}?externalId={mark}") == []


def test_a_missing_value_is_refused(tmf: Client) -> None:
    needed = {"name": "address", "minCardinality": 1}
    specification = tmf.create(
        "TMF620/productSpecification", {"name": "x", "productSpecCharacteristic": [needed]}
    )
    sold = {"name": "x", "lifecycleStatus": "Active"}
    sold["productSpecification"] = {"id": specification["id"]}
    offering = tmf.create("TMF620/productOffering", sold)

    answer = tmf.post(ORDERS, {"productOrderItem": [item("1", offering["id"])]})

    check_error(answer, 409, "characteristicRequired")
    assert answer.json()["path"] == f"{FIRST}.product.productCharacteristic"


def test_unknown_offerings_are_taken(tmf: Client) -> None:
    answer = tmf.create(ORDERS, {"productOrderItem": [item("1", "elsewhere"), item("2")]})

    assert "orderTotalPrice" not in answer
    assert answer["state"] == "acknowledged"


@pytest.mark.parametrize("header", [{}, {"Idempotency_Key": "first"}])
def test_prices_come_back_and_stay(tmf: Client, shop: Shop, header: dict[str, str]) -> None:
    named = {name: unique(value) for name, value in header.items()}
    ordered = item("1", shop.line, quantity=2, product=with_speed(500))

    answer = tmf.post(ORDERS, {"productOrderItem": [ordered, item("2", shop.line)]}, **named)

    assert answer.status_code == 201, answer.text
    told = spelt(answer.text)
    first, second = told["productOrderItem"]
    assert amounts(first["itemPrice"]) == [
        ("oneTime", "49.00", "60.27"),
        ("recurring", "39.90", "49.08"),
    ]
    assert amounts(first["itemTotalPrice"]) == [
        ("oneTime", "98.00", "120.54"),
        ("recurring", "79.80", "98.16"),
    ]
    assert amounts(second["itemPrice"])[1] == ("recurring", "29.90", "36.78")
    assert amounts(told["orderTotalPrice"]) == [
        ("oneTime", "147.00", "180.81"),
        ("recurring", "109.70", "134.94"),
    ]
    assert spelt(tmf.get(f"{ORDERS}/{told['id']}").text) == told


def test_a_bundle_is_filled_in_and_priced(tmf: Client, shop: Shop) -> None:
    told = spelt(tmf.post(ORDERS, {"productOrderItem": [item("1", shop.pack)]}).text)

    (pack,) = told["productOrderItem"]
    parts = [
        (part["id"], part["productOffering"]["id"], part["state"])
        for part in pack["productOrderItem"]
    ]
    assert parts == [("1.1", shop.line, "acknowledged"), ("1.2", shop.box, "acknowledged")]
    assert amounts(told["orderTotalPrice"]) == [
        ("oneTime", "58.99", "72.56"),
        ("recurring", "29.90", "36.78"),
    ]


def test_agreed_prices_stay(tmf: Client, shop: Shop) -> None:
    agreed = [{"priceType": "oneTime", "price": {"dutyFreeAmount": {"unit": "EUR", "value": 1}}}]

    told = tmf.create(ORDERS, {"productOrderItem": [item("1", shop.line, itemPrice=agreed)]})

    assert told["productOrderItem"][0]["itemPrice"] == agreed
    assert told["orderTotalPrice"] == agreed


def test_a_product_is_changed_at_the_price_of_its_new_values(tmf: Client, shop: Shop) -> None:
    changed = item("1", shop.line, "modify", product=with_speed(500, id=shop.product))
    order = {"productOrderItem": [changed], "relatedParty": [{"id": "byrne", "role": "customer"}]}

    told = spelt(tmf.post(ORDERS, order).text)

    assert amounts(told["orderTotalPrice"]) == [("recurring", "39.90", "49.08")]


def test_a_patch_is_judged_and_priced_as_far_as_it_orders_something_else(
    tmf: Client, shop: Shop
) -> None:
    order = tmf.create(ORDERS, {"productOrderItem": [item("1", shop.line)]})
    place = f"{ORDERS}/{order['id']}"

    def put(path: str, value: Any) -> Any:
        patch = [{"op": "add", "path": f"/productOrderItem/0/{path}", "value": value}]
        return tmf.patch(place, patch, JSON_PATCH)

    check_error(put("quantity", 0), 409, "quantityRefused")
    check_error(put("productOffering/id", shop.retired), 409, "offeringNotSellable")
    told = spelt(put("quantity", 3).text)
    assert amounts(told["orderTotalPrice"]) == [
        ("oneTime", "147.00", "180.81"),
        ("recurring", "89.70", "110.34"),
    ]
    assert tmf.patch(place, {"state": "inProgress"}).status_code == 200
    assert put("quantity", 4).status_code == 200


def test_an_order_outlives_its_offering(tmf: Client) -> None:
    offering = tmf.create("TMF620/productOffering", {"name": "x", "lifecycleStatus": "Active"})
    order = tmf.create(ORDERS, {"productOrderItem": [item("1", offering["id"])]})
    ended = tmf.patch(offering["href"], {"lifecycleStatus": "Retired"})
    assert ended.status_code == 200

    assert tmf.patch(order["href"], {"description": "still good"}).status_code == 200
    answer = tmf.post(ORDERS, {"productOrderItem": [item("1", offering["id"])]})
    check_error(answer, 409, "offeringNotSellable")


def test_a_large_order_adds_up(tmf: Client, shop: Shop) -> None:
    lines = [item(str(number), shop.line, quantity=number) for number in range(1, 201)]

    told = spelt(tmf.post(ORDERS, {"productOrderItem": lines}).text)

    count = sum(range(1, 201))
    assert [Decimal(net) for _, net, _ in amounts(told["orderTotalPrice"])] == [
        count * Decimal("49.00"),
        count * Decimal("29.90"),
    ]


def test_an_operator_may_refuse_unknown_offerings(module_database_url: str, tmp_path: Path) -> None:
    strict = start_server(module_database_url, tmp_path, TMF_ORDER_REFUSE_UNKNOWN_OFFERINGS="true")
    with strict as server, Client(server.url) as tmf:
        answer = tmf.post(ORDERS, {"productOrderItem": [item("1"), item("2", "elsewhere")]})

        check_error(answer, 409, "unknownOffering")
        assert answer.json()["path"] == "productOrderItem[1].productOffering"
        assert tmf.create(ORDERS, {"productOrderItem": [item("1")]})
