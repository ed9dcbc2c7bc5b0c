"""Reactions of the product inventory (TMF637): orders make, change and end products.

A product's link to an order item says in its `role` how far that is: inProgress while the network
is at work, completed when the product has become what was ordered, reversing and cancelled when
the item was given up, failed when the product cannot be as ordered; then its `message` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import quote

from tmf.declare import (
    Document,
    DutyContext,
    Event,
    GuidelineError,
    ReactionContext,
    lies_ahead,
)
from tmf.tmf622_ordering.fulfilment import (
    CANCELLED,
    FAILED,
    OPEN,
    PROVISIONING,
    REVERSING,
    has_products,
    links_to,
    parts_of,
    products_wanted,
    role_of,
)
from tmf.tmf622_ordering.items import Item, all_items
from tmf.tmf622_ordering.products_made import (
    ABORTED,
    aborted_product,
    changes,
    link,
    new_product,
    settled_link,
)

SETTLE = "settle"
"""The duty of completing products at their order's requestedCompletionDate."""

_GIVEN_UP = frozenset({"failed", "cancelled", "pendingCancellation"})

_BEFORE = {
    "active": frozenset({"created", "pendingActive"}),
    "terminated": frozenset({"active", "suspended", "pendingTerminate"}),
}
"""From which status an item leads a product to which."""

MOST_AT_ONCE = 1000
"""Products that one item makes: more are a matter for people, item by item."""


def order_changed(context: ReactionContext, event: Event) -> None:
    """An order got on: its items make products, or give them up."""
    _settle_order(context, event.id)


def service_changed(context: ReactionContext, event: Event) -> None:
    """A service got on: so does the product that it is for."""
    order = (event.document.get(PROVISIONING) or {}).get("productOrder")
    if order is not None:
        _settle_order(context, str(order))


def settle(duty: DutyContext) -> Callable[[ReactionContext], None]:
    """The day has come on which the customer wanted it to work."""
    return partial(_settle_order, identity=duty.subject)


def _settle_order(context: ReactionContext, identity: str) -> None:
    order = context.hold("TMF622.productOrder", identity)
    if order is None:
        return
    found = context.find("TMF637.product", f"productOrderItem.productOrderId={quote(identity)}")
    products = [one for one in found if links_to(one, identity)]
    for item in all_items(order):
        if has_products(item):
            _settle_item(context, order, item, _of_item(products, order, item))


def _of_item(products: Iterable[Document], order: Document, item: Item) -> list[str]:
    return [
        one["id"]
        for one in products
        if any(link["orderItemId"] == item.id for link in links_to(one, order["id"]))
    ]


def _settle_item(
    context: ReactionContext, order: Document, item: Item, products: list[str]
) -> None:
    state = item.body.get("state")
    if state == OPEN:
        products = [*products, *_taken_up(context, order, item, products)]
    for identity in products:
        product = context.lock("product", identity)
        if product is None:
            continue
        role = role_of(product, order["id"], item.id)
        if role in (OPEN, FAILED) and state in _GIVEN_UP:
            product, role = _linked(context, order, item, product, REVERSING), REVERSING
        elif role == FAILED and state == OPEN and product.get("status") != ABORTED:
            product, role = _linked(context, order, item, product, OPEN), OPEN
        if role == REVERSING:
            _reverse(context, order, item, product)
        elif role == OPEN and (state == "completed" or _is_ready(context, order, item, product)):
            try:
                _complete(context, order, item, product)
            except GuidelineError as error:
                _linked(context, order, item, product, FAILED, message=str(error))


def _linked(
    context: ReactionContext, order: Document, item: Item, product: Document, role: str, **more: str
) -> Document:
    """A product with its link to an item in a new role."""
    links = settled_link(product, order["id"], item.id, role, **more)
    return context.patch("product", product["id"], {"productOrderItem": links}) or product


def _taken_up(
    context: ReactionContext, order: Document, item: Item, products: list[str]
) -> list[str]:
    """Make the products of an item, or mark those that it changes or ends; their ids."""
    if item.action == "add":
        there = [
            one for one in products if (context.lock("product", one) or {}).get("status") != ABORTED
        ]
        return _made(context, order, item, min(products_wanted(item), MOST_AT_ONCE) - len(there))
    identity = str(item.product["id"])
    product = None if products else context.lock("product", identity)
    if product is None:
        return []
    links = [*(product.get("productOrderItem") or ()), link(order, item)]
    patch: Document = {"productOrderItem": links}
    if item.action == "delete" and product.get("status") in ("active", "suspended"):
        patch["status"] = "pendingTerminate"
    context.patch("product", identity, patch)
    return [identity]


def _made(context: ReactionContext, order: Document, item: Item, count: int) -> list[str]:
    """The ids of so many new products; of none, if they cannot be as they were ordered."""
    made: list[str] = []
    try:
        for _ in range(count):
            product = new_product(order, item, context.read, context.now)
            made.append(context.create("product", product)["id"])
    except GuidelineError as error:
        context.store("product", aborted_product(order, item, str(error)))
    return made


def _is_ready(context: ReactionContext, order: Document, item: Item, product: Document) -> bool:
    """Whether all is there that makes the product what was ordered."""
    if any(part.body.get("state") != "completed" for part in parts_of(order, item)):
        return False
    wanted = order.get("requestedCompletionDate")
    if lies_ahead(wanted, context.now):
        context.schedule(SETTLE, order["id"], wanted)
        return False
    working = _services_for(context, order, item, product)
    if working:
        return all(one[PROVISIONING]["status"] == "done" for one in working)
    return not _needs_services(context, item, product)


def _needs_services(context: ReactionContext, item: Item, product: Document) -> bool:
    """Whether the network has, or is going to have, something to do.

    What is not in the catalogue here is provided by somebody else, who says when it is done.
    """
    if item.action != "delete":
        if item.offering_id is not None:
            offering = context.read("TMF620.productOffering", item.offering_id)
            if offering is None:
                return True
            specified = (offering.get("productSpecification") or {}).get("id")
        else:
            specified = (product.get("productSpecification") or {}).get("id")
        specification = context.read("TMF620.productSpecification", specified or "")
        if (specification or {}).get("serviceSpecification"):
            return True
    services = _services(context, product)
    return any(one.get("state") != "terminated" for one in services)


def _services(context: ReactionContext, product: Document) -> list[Document]:
    query = f"relatedEntity.id={quote(product['id'])}"
    found = context.find("TMF638.service", query)
    return [
        one
        for one in found
        if any(tie.get("id") == product["id"] for tie in one.get("relatedEntity") or ())
    ]


def _services_for(
    context: ReactionContext, order: Document, item: Item, product: Document
) -> list[Document]:
    """The services of a product that are being worked on for an item."""
    return [one for one in _services(context, product) if _is_for(one, order["id"], item.id)]


def _is_for(service: Document, order: str, item: str) -> bool:
    told = service.get(PROVISIONING) or {}
    return (told.get("productOrder"), told.get("orderItem")) == (order, item)


def _complete(context: ReactionContext, order: Document, item: Item, product: Document) -> None:
    working = _services_for(context, order, item, product)
    found = [] if item.action == "delete" else _found_out(working)
    patch = changes(order, item, product, context.read, context.now, found)
    serving = [
        {"id": one["id"], "@referredType": "Service"}
        for one in working
        if one.get("state") != "terminated"
    ]
    if serving and item.action != "delete":
        patch["realizingService"] = serving
    _applied(context, product, patch)


def _applied(context: ReactionContext, product: Document, patch: Document) -> None:
    """Patch a product; one that somebody has moved to where it cannot follow keeps its status."""
    before = _BEFORE.get(str(patch.get("status")), frozenset())
    if "status" in patch and product.get("status") not in before:
        patch = {name: value for name, value in patch.items() if name != "status"}
    context.patch("product", product["id"], patch)


def _found_out(services: Iterable[Document]) -> list[Any]:
    """What provisioning found out that the customer may want to know."""
    return [
        {"name": one["name"], "value": one["value"]}
        for service in services
        for one in service.get("serviceCharacteristic") or ()
        if one.get("name") in (service[PROVISIONING].get("found") or ())
    ]


def _reverse(context: ReactionContext, order: Document, item: Item, product: Document) -> None:
    """Give a product up once the network has undone what it did for it."""
    for one in _services_for(context, order, item, product):
        told = one[PROVISIONING]
        if not (told.get("reversing") and told["status"] == "done"):
            return
    settled = settled_link(product, order["id"], item.id, CANCELLED)
    patch: Document = {"productOrderItem": settled}
    if item.action == "add" and product.get("status") in ("created", "pendingActive"):
        patch["status"] = "cancelled"
    if item.action == "delete" and product.get("status") == "pendingTerminate":
        patch["status"] = "active"
    context.patch("product", product["id"], patch)
