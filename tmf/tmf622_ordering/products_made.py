"""What an order item makes of a product: a new one, a changed one, an ended one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tmf.declare import Document, Reader
from tmf.tmf622_ordering.catalogue import Catalogue
from tmf.tmf622_ordering.characteristics import product_values, values_of
from tmf.tmf622_ordering.fulfilment import COMPLETED, FAILED, OPEN
from tmf.tmf622_ordering.items import Item

ABORTED = "aborted"
"""The status of what stands for a product that cannot be made."""

_TAKEN_OVER = (
    "description",
    "isCustomerVisible",
    "name",
    "place",
    "productRelationship",
    "productSerialNumber",
    "productTerm",
    "relatedParty",
)


def link(order: Document, item: Item, role: str = OPEN) -> Document:
    """A product's link to the item that makes, changes or ends it."""
    return {
        "productOrderId": order["id"],
        "orderItemId": item.id,
        "orderItemAction": item.action,
        "role": role,
        "@referredType": "ProductOrder",
    }


def new_product(order: Document, item: Item, read: Reader, now: str) -> Document:
    """The product that an item orders, as it is before it is delivered."""
    made: Document = {
        "status": "pendingActive",
        "orderDate": order.get("orderDate", now),
        "productOrderItem": [link(order, item)],
        **_described(order, item, read, now, None),
    }
    if "relatedParty" not in made and order.get("relatedParty"):
        made["relatedParty"] = order["relatedParty"]
    return made


def aborted_product(order: Document, item: Item, why: str) -> Document:
    """What stands for a product that cannot be as it was ordered, and says why."""
    failed = {**link(order, item, FAILED), "message": why}
    return {"status": ABORTED, "productOrderItem": [failed]}


def changes(
    order: Document, item: Item, product: Document, read: Reader, now: str, found: Sequence[Any]
) -> Document:
    """The patch of a product once an item is done with it.

    `found` are the characteristics that provisioning found out, such as an address.
    """
    settled = settled_link(product, order["id"], item.id, COMPLETED)
    if item.action == "delete":
        return {"status": "terminated", "productOrderItem": settled}
    patch: Document = {"productOrderItem": settled}
    if item.action == "add":
        patch["status"] = "active"
    else:
        patch |= _described(order, item, read, now, product)
    if found:
        told = patch.get("productCharacteristic", product.get("productCharacteristic"))
        patch["productCharacteristic"] = merged(told or (), found)
    return patch


def settled_link(
    product: Document, order: str, item: str, role: str, **more: str
) -> list[Document]:
    """The links of a product, the one to an item in a new role."""
    return [
        {**one, "role": role, **more}
        if (one.get("productOrderId"), one.get("orderItemId")) == (order, item)
        else one
        for one in product["productOrderItem"]
    ]


def merged(old: Sequence[Document], new: Sequence[Document]) -> list[Document]:
    """Characteristics, the new ones in place of those of the same name."""
    names = {one["name"] for one in new}
    return [*(one for one in old if one["name"] not in names), *new]


def _described(
    order: Document, item: Item, read: Reader, now: str, installed: Document | None
) -> Document:
    """What the item says of its product."""
    catalogue = Catalogue(read, now)
    offering = catalogue.offering(item.offering_id)
    described = {
        name: value for name, value in item.product.items() if name in _TAKEN_OVER and value
    }
    if "productOffering" in item.body:
        described["productOffering"] = item.body["productOffering"]
        named = item.body["productOffering"].get("name") or (offering or {}).get("name")
        if named:
            described.setdefault("name", named)
    specification = (offering or {}).get("productSpecification") or item.product.get(
        "productSpecification"
    )
    if specification:
        described["productSpecification"] = specification
    if characteristics := _characteristics(item, offering, catalogue, installed):
        described["productCharacteristic"] = characteristics
    if offering is not None and offering.get("isBundle") is not None:
        described["isBundle"] = offering["isBundle"]
    if "itemPrice" in item.body:
        described["productPrice"] = [
            _price(one)
            for one in item.body["itemPrice"]
            if "price" in one and "priceType" in one  # others are only words
        ]
    if item.body.get("itemTerm"):
        described["productTerm"] = item.body["itemTerm"]
    account = item.body.get("billingAccount") or (
        order.get("billingAccount") if installed is None else None
    )
    if account:
        described["billingAccount"] = account
    return described


def _characteristics(
    item: Item, offering: Document | None, catalogue: Catalogue, installed: Document | None
) -> list[Document]:
    """What was chosen, what was there before, and what holds because nobody chose."""
    old = (installed or {}).get("productCharacteristic") or ()
    stated = merged(old, item.product.get("productCharacteristic") or ())
    if offering is None:
        return stated
    names = {one["name"] for one in stated}
    values = values_of(item, product_values(offering, catalogue), installed)
    defaults = [
        {"name": name, "value": chosen[0] if len(chosen) == 1 else list(chosen)}
        for name, chosen in values.items()
        if name not in names and chosen
    ]
    return [*stated, *defaults]


def _price(price: Mapping[str, Any]) -> Document:
    """An OrderPrice as a ProductPrice: they spell alterations differently."""
    told = {name: value for name, value in price.items() if name != "priceAlteration"}
    if "priceAlteration" in price:
        told["productPriceAlteration"] = price["priceAlteration"]
    return told
