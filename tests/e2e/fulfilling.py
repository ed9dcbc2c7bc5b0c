"""A small catalogue whose products are provided by services, and orders for them."""

from __future__ import annotations

from typing import Any

from tests.e2e.client import Client, unique
from tests.e2e.waiting import until

Json = dict[str, Any]

ENDED = ("completed", "failed", "partial", "cancelled")


class Shop:
    """Sells lines, whose service specification is `cfs-NAME`, and extras that need no network."""

    def __init__(self, tmf: Client) -> None:
        self.tmf = tmf

    def offering(self, service: str | None = None, *prices: Json, **more: Any) -> str:
        """A new offering's id; its product is provided by a service of that specification."""
        specification: Json = {
            "name": "made",
            "productSpecCharacteristic": [
                {
                    "name": "speed",
                    "productSpecCharacteristicValue": [{"value": 100}, {"value": 500}],
                },
                {"name": "simulate"},
            ],
        }
        if service is not None:
            specification["serviceSpecification"] = [{"id": service, "name": service}]
        made = self.tmf.create("TMF620/productSpecification", specification)
        offering = {
            "name": unique("offer"),
            "lifecycleStatus": "Active",
            "productSpecification": {"id": made["id"]},
            "productOfferingPrice": list(prices),
            **more,
        }
        return str(self.tmf.create("TMF620/productOffering", offering)["id"])

    def order(self, *items: Json, **more: Any) -> str:
        """A new order's id."""
        order = {"productOrderItem": list(items), "relatedParty": PARTY, **more}
        return str(self.tmf.create("TMF622/productOrder", order)["id"])

    def until(self, order: str, *states: str) -> Json:
        """The order, once it is in one of these states."""

        def look() -> Json | None:
            found: Json = self.tmf.read(f"TMF622/productOrder/{order}")
            return found if found["state"] in states else None

        return until(look, f"order {order} to be {' or '.join(states)}")

    def products(self, order: str) -> list[Json]:
        """The products of an order."""
        found: list[Json] = self.tmf.read(
            f"TMF637/product?productOrderItem.productOrderId={order}&limit=1000"
        )
        return found

    def services(self, order: str) -> list[Json]:
        """The services that were made or changed for an order."""
        found: list[Json] = self.tmf.read(
            f"TMF638/service?serviceOrderItem.serviceOrderId={order}&limit=1000"
        )
        return found

    def installed(self, service: str | None = "cfs-plain", **values: Any) -> tuple[str, str]:
        """A product that a customer has, and its offering."""
        offering = self.offering(service)
        order = self.order(item("1", offering, product=with_values(**values)))
        self.until(order, "completed")
        (product,) = self.products(order)
        return str(product["id"]), offering


PARTY = [{"id": "party-byrne", "role": "customer", "@referredType": "Individual"}]


def item(identity: str, offering: str | None = None, action: str = "add", **parts: Any) -> Json:
    named = {} if offering is None else {"productOffering": {"id": offering}}
    return {"id": identity, "action": action, **named, **parts}


def with_values(**values: Any) -> Json:
    return {
        "productCharacteristic": [{"name": name, "value": value} for name, value in values.items()]
    }


def relies_on(other: str) -> list[Json]:
    return [{"id": other, "relationshipType": "reliesOn"}]


def states(order: Json) -> dict[str, str]:
    """The states of an order's items."""
    return {one["id"]: one["state"] for one in order["productOrderItem"]}


def values(document: Json, attribute: str) -> Json:
    """Characteristics as an object."""
    return {one["name"]: one["value"] for one in document.get(attribute, ())}
