"""Reactions that carry an order on, as its products and services come about."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from tmf.declare import Document, DutyContext, Event, ReactionContext, lies_ahead
from tmf.tmf622_ordering.cancelling import BEGIN, finish_cancellations
from tmf.tmf622_ordering.fulfilment import (
    FAILED,
    PROVISIONING,
    advanced,
    progress_of,
    started,
    with_states,
)
from tmf.tmf622_ordering.items import all_items


def accepted(context: ReactionContext, event: Event) -> None:
    """An order has come in: it is taken up, now or when its customer wants it."""
    order = context.lock("productOrder", event.id)
    if order is None or order.get("state") != "acknowledged":
        return
    starts = order.get("requestedStartDate")
    if lies_ahead(starts, context.now):
        context.schedule(BEGIN, event.id, starts)
    else:
        _begin(context, order)


def begin(duty: DutyContext) -> Callable[[ReactionContext], None]:
    """Take an order up that was planned for now."""
    return partial(_begin_planned, identity=duty.subject)


def _begin_planned(context: ReactionContext, *, identity: str) -> None:
    order = context.lock("productOrder", identity)
    if order is not None and order.get("state") == "acknowledged":
        _begin(context, order)


def _begin(context: ReactionContext, order: Document) -> None:
    context.patch("productOrder", order["id"], started(order))
    carry_on(context, order["id"])


def order_changed(context: ReactionContext, event: Event) -> None:
    """Somebody, maybe we, changed an order: an item may be done, or be tried again."""
    order = event.document
    if order.get("state") == "acknowledged" and "requestedStartDate" in event.changed:
        accepted(context, event)
    carry_on(context, event.id)


def product_made(context: ReactionContext, event: Event) -> None:
    """A product that cannot be as it was ordered holds up its item, until somebody decides."""
    for link in event.document.get("productOrderItem") or ():
        if link.get("role") == FAILED:
            item = str(link["orderItemId"])
            why = f"Item {item}: product {event.id} cannot be as ordered: {link.get('message')}"
            _hold(context, str(link["productOrderId"]), item, why)


def product_changed(context: ReactionContext, event: Event) -> None:
    """A product got on: so do the orders that it belongs to."""
    if "productOrderItem" in event.changed:
        product_made(context, event)
    links = event.document.get("productOrderItem") or ()
    for order in sorted({link["productOrderId"] for link in links}):
        carry_on(context, order)


def service_changed(context: ReactionContext, event: Event) -> None:
    """A service that cannot be provisioned holds up its item, until somebody decides."""
    told = event.document.get(PROVISIONING) or {}
    if told.get("status") != "failed":
        return
    item = str(told.get("orderItem"))
    why = f"Item {item}: service {event.id} cannot be provisioned: {told.get('message')}"
    _hold(context, str(told.get("productOrder")), item, why)


def _hold(context: ReactionContext, identity: str, item: str, why: str) -> None:
    """Hold an order at an item that is worked on, say why, and ask somebody to decide."""
    order = context.lock("productOrder", identity)
    if order is None:
        return
    states = {one.id: one.body.get("state") for one in all_items(order)}
    if states.get(item) != "inProgress" or order.get("state") not in ("inProgress", "held"):
        return
    note = {"author": "fulfilment", "date": context.now, "text": why}
    patch = {
        "state": "held",
        "productOrderItem": with_states(order, {item: "held"}),
        "note": [*(order.get("note") or ()), note],
    }
    context.patch("productOrder", order["id"], patch)
    context.tell("productOrder", order["id"], "InformationRequiredEvent")


def carry_on(context: ReactionContext, identity: str) -> None:
    """Move an order as far as its products allow."""
    order = context.lock("productOrder", identity)
    if order is None:
        return
    query = f"productOrderItem.productOrderId={quote(identity)}"
    products = progress_of(identity, context.find("TMF637.product", query))
    while (patch := advanced(order, products)) is not None:
        patched = context.patch("productOrder", identity, patch)
        assert patched is not None  # noqa: S101 (it is locked)
        order = patched
    if order.get("state") == "cancelled":
        finish_cancellations(context, identity)
