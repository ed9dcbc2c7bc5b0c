"""How an order gets on: what its items and it become, given how far their products are.

Pure: states in, states out, one hop of the lifecycle at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tmf.declare import Document
from tmf.tmf622_ordering.items import Item, all_items, items_of, reference, related
from tmf.tmf622_ordering.relationships import BUNDLES, RELIES_ON

OPEN, REVERSING, COMPLETED, CANCELLED = "inProgress", "reversing", "completed", "cancelled"
FAILED = "failed"
"""What an order item is to a product: the `role` of the product's link to it."""

PROVISIONING = "provisioning"
"""The attribute in which a service says how far its provisioning is."""

ENDED = frozenset({"completed", "failed", "cancelled", "rejected"})
ORDER_ENDED = ENDED | {"partial"}
_WORKED_ON = frozenset({"inProgress", "held"})
_STOPPING = frozenset({"pendingCancellation"})
_GIVEN_UP = frozenset({"failed", "cancelled"})

# Ends that cannot be reached at once, and what comes before them.
_HOPS = {("inProgress", "cancelled"): "pending"} | {
    ("held", end): "inProgress" for end in ("completed", "failed", "partial")
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of an item's products are in each role."""

    open: int = 0
    completed: int = 0
    cancelled: int = 0


Products = Mapping[str, Progress]
"""By item id."""


def has_products(item: Item) -> bool:
    """Whether it is about products at all. A bare item names nothing: people see to it."""
    if item.action == "add":
        return item.offering_id is not None or bool(item.product)
    return item.action in ("modify", "delete") and reference(item.product) is not None


def products_wanted(item: Item) -> int:
    """How many products it makes, changes or ends."""
    if not has_products(item):
        return 0
    return item.quantity if item.action == "add" else 1


def parts_of(order: Document, item: Item) -> list[Item]:
    """The items of which it is the bundle: those below it, and those that it names so."""
    named = set(related(item, BUNDLES))
    beside = [one for one in all_items(order) if one.id in named]
    return [*item.parts(), *beside]


def started(order: Document) -> Document:
    """The patch that takes an accepted order up."""
    return {
        "state": "inProgress",
        "productOrderItem": _moved(
            order, lambda item: "pending" if item.body.get("state") == "acknowledged" else None
        ),
    }


def advanced(order: Document, products: Products) -> Document | None:
    """The patch with the next hop of an order under way, or None if it stays as it is."""
    state = str(order.get("state"))
    if state in _STOPPING:
        moved = _moved(order, lambda item: _stopped(item, products))
    elif state in _WORKED_ON:
        moved = _moved(order, lambda item: _next(order, item, products, retried=state != "held"))
    else:
        return None
    after = {**order, "productOrderItem": moved}
    patch: Document = {}
    if moved != order["productOrderItem"]:
        patch["productOrderItem"] = moved
    towards = _state_of(after, state)
    if towards != state:
        patch["state"] = _HOPS.get((state, towards), towards)
    return patch or None


def _next(order: Document, item: Item, products: Products, *, retried: bool) -> str | None:
    """The next state of an item of an order that is worked on."""
    state = item.body.get("state")
    if state == "pending":
        return _taken_up(order, item)
    if state == "held":
        # Our own hand holds order and item together: it was somebody who moved the order on.
        return "inProgress" if retried else None
    return _worked_off(order, item, products) if state == "inProgress" else None


def _taken_up(order: Document, item: Item) -> str | None:
    by_id = {one.id: one.body.get("state") for one in all_items(order)}
    needed = [by_id.get(other) for other in related(item, RELIES_ON)]
    if any(state in _GIVEN_UP for state in needed):
        return "cancelled"
    return "inProgress" if all(state == "completed" for state in needed) else None


def _worked_off(order: Document, item: Item, products: Products) -> str | None:
    parts = [one.body.get("state") for one in parts_of(order, item)]
    if any(state not in ENDED for state in parts):
        return None
    if any(state in _GIVEN_UP for state in parts):
        return "failed"
    if item.action == "noChange":
        return "completed"
    if not has_products(item):
        return "completed" if parts else None
    known = products.get(item.id, Progress())
    if known.completed >= products_wanted(item):
        return "completed"
    return "failed" if known.cancelled and not known.open else None


def _stopped(item: Item, products: Products) -> str | None:
    """An item that is being cancelled is so when nothing of it is left."""
    if item.body.get("state") != "pendingCancellation":
        return None
    return None if products.get(item.id, Progress()).open else "cancelled"


def _state_of(order: Document, state: str) -> str:
    """What the items make of the order."""
    tops = {str(item.body.get("state")) for item in items_of(order)}
    if not tops <= ENDED:
        if state in _STOPPING:
            return state
        held = any(item.body.get("state") == "held" for item in all_items(order))
        return "held" if held else "inProgress"
    if state in _STOPPING or tops == {"cancelled"}:
        return "cancelled"
    if "completed" not in tops:
        return "failed"
    return "completed" if tops == {"completed"} else "partial"


def with_states(order: Document, states: Mapping[str, str]) -> list[Document]:
    """The items of an order, those named in new states."""
    return _moved(order, lambda item: states.get(item.id))


def _moved(order: Document, state: Callable[[Item], str | None]) -> list[Document]:
    return [_moved_item(item, state) for item in items_of(order)]


def _moved_item(item: Item, state: Callable[[Item], str | None]) -> Document:
    to = state(item)
    body = item.body if to is None else {**item.body, "state": to}
    if not body.get("productOrderItem"):
        return body
    return {**body, "productOrderItem": [_moved_item(part, state) for part in item.parts()]}


def progress_of(order_id: str, products: Iterable[Document]) -> dict[str, Progress]:
    """How far the products of an order are, by item."""
    counts: dict[str, dict[str, int]] = {}
    for product in products:
        for link in links_to(product, order_id):
            of_item = counts.setdefault(link["orderItemId"], {})
            role = "open" if link.get("role") in (OPEN, REVERSING) else str(link.get("role"))
            of_item[role] = of_item.get(role, 0) + 1
    return {
        item: Progress(*(of_item.get(role, 0) for role in ("open", COMPLETED, CANCELLED)))
        for item, of_item in counts.items()
    }


def role_of(product: Document, order_id: str, item_id: str) -> str | None:
    """What an item is to a product, or None."""
    roles = (
        one.get("role") for one in links_to(product, order_id) if one["orderItemId"] == item_id
    )
    return next(roles, None)


def links_to(product: Document, order_id: str) -> list[Document]:
    """A product's links to the items of an order."""
    return [
        link
        for link in product.get("productOrderItem") or ()
        if link.get("productOrderId") == order_id
    ]
