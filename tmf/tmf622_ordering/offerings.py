"""Whether an offering can be bought: known, on sale now, and in the order's channel."""

from __future__ import annotations

from collections.abc import Sequence

from tmf.declare import Document
from tmf.tmf622_ordering.catalogue import Catalogue, is_in_use
from tmf.tmf622_ordering.items import Item, reference


def known_offering(item: Item, catalogue: Catalogue, *, refuse_unknown: bool) -> Document | None:
    """The offering that the item names; None if it names none, or a federated one."""
    if item.offering_id is None:
        return None
    offering = catalogue.offering(item.offering_id)
    if offering is None and refuse_unknown:
        why = f"there is no offering {item.offering_id}"
        raise item.refusal("unknownOffering", why, "productOffering")
    return offering


def check_on_sale(item: Item, offering: Document, catalogue: Catalogue) -> None:
    """The offering is launched, and this is the time in which it may be ordered."""
    if not is_in_use(offering):
        why = f"lifecycleStatus is {offering.get('lifecycleStatus')}, not Launched or Active"
    elif not catalogue.is_current(offering):
        why = "it is not the time in which the offering is valid"
    else:
        return
    raise item.refusal("offeringNotSellable", why, "productOffering")


def check_sold_alone(item: Item, offering: Document, order: Document) -> None:
    """What is not part of a bundle is sellable by itself, in the channel that sells it."""
    if offering.get("isSellable") is False:
        why = "the offering is only sold as part of a bundle"
        raise item.refusal("offeringNotSellable", why, "productOffering")
    asked = _references(order.get("channel") or ())
    allowed = _references(offering.get("channel") or ())
    if asked and allowed and not asked & allowed:
        why = f"the offering is sold through {', '.join(sorted(allowed))}"
        raise item.refusal("offeringNotInChannel", why, "productOffering")


def _references(values: Sequence[Document]) -> frozenset[str]:
    return frozenset(found for value in values if (found := reference(value)) is not None)
