"""Orders a second, from the POST to services that are active and products that are charged."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.client import BenchError, Client
from bench.progress import say
from tmf.tmf630_guidelines.documents import encode

CATALOGUE = "/tmf-api/productCatalogManagement/v4"
ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
RATES = "/tmf-api/customerBillManagement/v4/appliedCustomerBillingRate"

_SENDERS = 8
_PATIENCE = 600.0


def _offering(port: int) -> str:
    """A line with an activation fee and a monthly price, provided by a simulated service."""
    specification = {
        "id": "bench-line",
        "name": "Line",
        "serviceSpecification": [{"id": "cfs-line", "name": "Line"}],
    }
    prices: list[dict[str, Any]] = [
        {"id": "bench-once", "name": "Activation", "priceType": "oneTime"},
        {
            "id": "bench-monthly",
            "name": "Line",
            "priceType": "recurring",
            "recurringChargePeriodType": "month",
            "recurringChargePeriodLength": 1,
        },
    ]
    offering = {
        "id": "bench-offering",
        "name": "Line",
        "lifecycleStatus": "Active",
        "productSpecification": {"id": "bench-line"},
        "productOfferingPrice": [{"id": one["id"]} for one in prices],
    }
    with Client(port) as client:
        _create(client, f"{CATALOGUE}/productSpecification", specification)
        for price in prices:
            price |= {"price": {"unit": "EUR", "value": 30}, "lifecycleStatus": "Active"}
            _create(client, f"{CATALOGUE}/productOfferingPrice", price)
        _create(client, f"{CATALOGUE}/productOffering", offering)
    return "bench-offering"


def _create(client: Client, path: str, document: dict[str, Any]) -> None:
    reply = client.post(path, encode(document))
    if reply.status != 201:
        raise BenchError(f"{path} answers {reply.status}: {reply.body!r}")


def per_second(port: int, count: int) -> float:
    """Place so many orders of one item; all done a second, once every one is charged."""
    offering = _offering(port)
    numbers = iter(range(count))

    def send() -> None:
        with Client(port) as client:
            for number in numbers:
                party = {"id": f"party-{number}", "role": "customer"}
                item = {"id": "1", "action": "add", "productOffering": {"id": offering}}
                order = {
                    "id": f"order-{number}",
                    "relatedParty": [party],
                    "billingAccount": {"id": f"account-{number}"},
                    "productOrderItem": [item],
                }
                _create(client, ORDERS, order)

    say(f"{count:,} orders")
    begun = time.monotonic()
    with ThreadPoolExecutor(_SENDERS) as pool:
        for sent in [pool.submit(send) for _ in range(_SENDERS)]:
            sent.result()
    with Client(port) as client:
        while not _all_done(client, count):
            if time.monotonic() - begun > _PATIENCE:
                raise BenchError(f"not all orders are done after {_PATIENCE:g} s")
            time.sleep(0.1)
    return count / (time.monotonic() - begun)


def _all_done(client: Client, count: int) -> bool:
    return (
        _count(client, f"{ORDERS}?state=completed&limit=0") == count
        and _count(client, f"{RATES}?type=recurringCharge&limit=0") == count
    )


def _count(client: Client, path: str) -> int:
    return int(client.get(path).headers["x-total-count"])
