"""Reactions to products: which services they need, and what has to be done about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from tmf.declare import Document, Event, ReactionContext
from tmf.tmf638_inventory.configuration import provisioning
from tmf.tmf638_inventory.told import (
    ACTIVATE,
    ATTRIBUTE,
    BLOCKED,
    DEACTIVATE,
    DONE,
    FAILED,
    HELD,
    MODIFY,
    WAITING,
    begin,
    is_for,
    is_free,
    services_of,
    take_up,
    told,
)


def product_changed(context: ReactionContext, event: Event) -> None:
    """A product was ordered, is to be changed or ended, or its order was given up."""
    product = context.hold("TMF637.product", event.id)
    if product is None:
        return
    for link in product.get("productOrderItem") or ():
        if link.get("role") == "inProgress":
            _plan(context, product, link)
        elif link.get("role") == "reversing":
            _reverse(context, product, link)


def order_changed(context: ReactionContext, event: Event) -> None:
    """An item was held because of a service, or somebody wants it tried again."""
    items = {one["id"]: one for one in _items(event.document)}
    stuck = context.find("TMF638.service", f"serviceOrderItem.serviceOrderId={quote(event.id)}")
    for service in list(stuck):
        stated = told(service)
        item = items.get(stated.get("orderItem", ""))
        if item is None or not is_for(service, event.id, item["id"]):
            continue
        if stated.get("status") == FAILED and item.get("state") == "held":
            context.patch("service", service["id"], {ATTRIBUTE: {"status": HELD}})
        elif stated.get("status") == HELD and item.get("state") == "inProgress":
            again = take_up(context, service, stated["step"])
            context.patch("service", service["id"], {ATTRIBUTE: again})
            begin(context, service)


def _plan(context: ReactionContext, product: Document, link: Document) -> None:
    order, item = link["productOrderId"], link["orderItemId"]
    services = services_of(context, product["id"])
    if any(is_for(one, order, item) for one in services):
        return
    ordered = _item(context, order, item)
    if ordered is None:
        return
    wanted = [] if ordered["action"] == "delete" else _wanted(context, product, ordered)
    there = {
        str((one.get("serviceSpecification") or {}).get("id")): one
        for one in services
        if one.get("state") != "terminated"
    }
    planned: dict[str, Document] = {}
    for specification, supports in wanted:
        identity = str(specification["id"])
        if identity in planned:
            continue
        resting = [planned[one]["id"] for one in supports if one in planned]
        if identity in there:
            planned[identity] = _change(context, there[identity], product, link, ordered)
        else:
            planned[identity] = _create(context, product, link, specification, resting)
    for identity, service in there.items():
        if identity not in planned:
            planned[identity] = _again(context, service, DEACTIVATE, link, product)
    _start(context, product["id"], planned.values())


def _create(
    context: ReactionContext,
    product: Document,
    link: Document,
    specification: Document,
    resting: Sequence[str],
) -> Document:
    named = {
        name: specification[name] for name in ("id", "name", "version") if name in specification
    }
    service: Document = {
        "name": specification.get("name") or specification["id"],
        "category": specification["category"],
        "state": "designed",
        "serviceSpecification": named,
        "relatedEntity": [{"id": product["id"], "role": "product", "@referredType": "Product"}],
        "serviceOrderItem": [_order_item(link)],
        "serviceCharacteristic": [
            {name: one[name] for name in ("name", "value", "valueType") if name in one}
            for one in product.get("productCharacteristic") or ()
        ],
        ATTRIBUTE: {
            name: value
            for name, value in {**take_up(context, {}, ACTIVATE), **_for(product, link)}.items()
            if value is not None
        },
    }
    for name in ("relatedParty", "place"):
        if product.get(name):
            service[name] = product[name]
    if resting:
        service["supportingService"] = [{"id": one} for one in resting]
    return context.create("service", service)


def _change(
    context: ReactionContext, service: Document, product: Document, link: Document, item: Document
) -> Document:
    chosen = (item.get("product") or {}).get("productCharacteristic") or ()
    return _again(context, service, MODIFY, link, product, chosen)


def _again(
    context: ReactionContext,
    service: Document,
    step: str,
    link: Document,
    product: Document,
    chosen: Iterable[Document] = (),
) -> Document:
    """A service that is there has something done to it."""
    stated = {**take_up(context, service, step), **_for(product, link), "reversing": None}
    if step == MODIFY:
        stated["before"] = service.get("serviceCharacteristic") or []
    patch: Document = {
        ATTRIBUTE: stated,
        "serviceOrderItem": [*(service.get("serviceOrderItem") or ()), _order_item(link)],
    }
    if chosen:
        patch["serviceCharacteristic"] = with_values(service, chosen)
    return context.patch("service", service["id"], patch) or service


def with_values(service: Document, chosen: Iterable[Document]) -> list[Document]:
    """The characteristics of a service, some of them with new values."""
    new = {one["name"]: one["value"] for one in chosen}
    old = service.get("serviceCharacteristic") or ()
    kept = [{**one, "value": new.pop(one["name"], one.get("value"))} for one in old]
    return [*kept, *({"name": name, "value": value} for name, value in new.items())]


def _start(context: ReactionContext, product: str, planned: Iterable[Document]) -> None:
    """Let those begin that wait for nobody."""
    services = services_of(context, product)
    ids = {one["id"] for one in planned}
    for service in services:
        if service["id"] not in ids:
            continue
        if is_free(service, services):
            begin(context, service)
        else:
            context.patch("service", service["id"], {ATTRIBUTE: {"status": BLOCKED}})


def _reverse(context: ReactionContext, product: Document, link: Document) -> None:
    """Undo what was done, or is being done, for an item that was given up."""
    order, item = link["productOrderId"], link["orderItemId"]
    undone = []
    for service in services_of(context, product["id"]):
        stated = told(service)
        if not is_for(service, order, item) or stated.get("reversing"):
            continue
        step = {ACTIVATE: DEACTIVATE, MODIFY: MODIFY, DEACTIVATE: ACTIVATE}[stated["step"]]
        patch: Document = {ATTRIBUTE: take_up(context, service, step, reversing=True)}
        if step == MODIFY:
            patch["serviceCharacteristic"] = stated["before"]
        undone.append(context.patch("service", service["id"], patch) or service)
    _start(context, product["id"], undone)


def service_changed(context: ReactionContext, event: Event) -> None:
    """A service is done: those that wait for it go on. A person may have done it by hand."""
    stated = told(event.document)
    product = stated.get("product")
    if product is None:
        return
    if stated.get("status") != DONE:
        _done_by_hand(context, event.id)
        return
    services = services_of(context, product)
    for service in services:
        if told(service).get("status") == BLOCKED and is_free(service, services):
            locked = context.lock("service", service["id"])
            if locked is not None and told(locked).get("status") == BLOCKED:
                context.patch("service", service["id"], {ATTRIBUTE: {"status": WAITING}})
                begin(context, service)


def _done_by_hand(context: ReactionContext, identity: str) -> None:
    service = context.lock("service", identity)
    stated = told(service or {})
    if service is None or stated.get("status") not in ("manual", FAILED, HELD):
        return
    reached = {ACTIVATE: "active", DEACTIVATE: "terminated"}.get(stated["step"])
    if service.get("state") == reached:
        context.patch("service", identity, {ATTRIBUTE: {"status": DONE, "message": None}})


def _wanted(
    context: ReactionContext, product: Document, item: Document
) -> Iterator[tuple[Document, list[str]]]:
    """The service specifications of what is ordered, with those that each rests on.

    What others rest on comes first.
    """
    offering = context.read("TMF620.productOffering", _id(item.get("productOffering")))
    named = (offering or {}).get("productSpecification") or product.get("productSpecification")
    specification = context.read("TMF620.productSpecification", _id(named))
    known = provisioning(context.settings)
    for facing in (specification or {}).get("serviceSpecification") or ():
        supports = known.entry(facing).supports
        for support in supports:
            yield {**support, "category": "RFS"}, []
        yield {**facing, "category": "CFS"}, [one["id"] for one in supports]


def _item(context: ReactionContext, order: str, item: str) -> Document | None:
    found = context.read("TMF622.productOrder", order)
    return next((one for one in _items(found or {}) if one["id"] == item), None)


def _items(body: Document) -> Iterator[Document]:
    for item in body.get("productOrderItem") or ():
        yield item
        yield from _items(item)


def _order_item(link: Document) -> Document:
    return {
        "serviceOrderId": link["productOrderId"],
        "itemId": link["orderItemId"],
        "itemAction": link["orderItemAction"],
        "@referredType": "ProductOrder",
    }


def _for(product: Document, link: Document) -> Document:
    return {
        "product": product["id"],
        "productOrder": link["productOrderId"],
        "orderItem": link["orderItemId"],
    }


def _id(reference: Any) -> str:
    return str((reference or {}).get("id") or "")
