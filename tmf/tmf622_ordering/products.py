"""The installed products that an order changes or ends (TMF637)."""

from __future__ import annotations

from collections.abc import Sequence

from tmf.declare import Document
from tmf.tmf622_ordering.catalogue import Catalogue
from tmf.tmf622_ordering.items import Item, reference

_ENDED = frozenset({"cancelled", "terminated", "aborted"})
_CHANGING = frozenset({"modify", "delete"})


def installed_product(item: Item, order: Document, catalogue: Catalogue) -> Document | None:
    """The product that the item changes, ends or mentions; None for a new or an unnamed one.

    A bare item names nothing at all: people see to it.
    """
    identity = reference(item.product)
    if item.action == "add" or (item.offering_id is None and not item.product):
        return None
    if identity is None:
        if item.action in _CHANGING:
            why = f"{item.action} needs the id of an installed product"
            raise item.refusal("productRequired", why, "product.id")
        return None
    product = catalogue.product(identity)
    if product is None or not _may_be_of(product, order):
        why = f"the customer has no product {identity}"
        raise item.refusal("unknownProduct", why, "product.id")
    if item.action in _CHANGING and str(product.get("status")).strip() in _ENDED:
        why = f"the product is {str(product['status']).strip()}"
        raise item.refusal("productEnded", why, "product.id")
    return product


def _may_be_of(product: Document, order: Document) -> bool:
    """Whether the parties of product and order overlap, where both name some.

    Nobody changes or ends, or learns of, what somebody else has.
    """
    owners = _parties(product.get("relatedParty") or ())
    buyers = _parties(order.get("relatedParty") or ())
    return not owners or not buyers or bool(owners & buyers)


def _parties(references: Sequence[Document]) -> frozenset[str]:
    return frozenset(found for one in references if (found := reference(one)) is not None)
