"""Prices that the client did not send: those of each item, of each line, and of the order."""

from __future__ import annotations

from typing import Any

from tmf.declare import Document
from tmf.tmf622_ordering.catalogue import Catalogue
from tmf.tmf622_ordering.characteristics import product_values, values_of
from tmf.tmf622_ordering.charges import PriceList
from tmf.tmf622_ordering.items import Item, all_items, items_of, reference
from tmf.tmf622_ordering.totals import item_totals, order_totals

_PRICED_ACTIONS = frozenset({"add", "modify"})
_DECIDING = ("action", "itemTerm", "product", "productOffering")


class Pricing:
    """Prices an order; after a change of it, what the change made wrong as well.

    What the client sent stays. What the server had worked out is worked out again.
    """

    def __init__(self, catalogue: Catalogue, old: Document | None) -> None:
        self._catalogue = catalogue
        self._prices = PriceList(catalogue)
        self._old = old
        self._before = {item.id: item.body for item in all_items(old or {})}

    def priced(self, order: Document) -> Document:
        """The order with all prices that can be told."""
        items = [self._priced_item(item) for item in items_of(order)]
        priced = {**order, "productOrderItem": items}
        if not priced.get("orderTotalPrice") or self._was_worked_out(priced):
            _put(priced, "orderTotalPrice", order_totals(priced))
        return priced

    def _was_worked_out(self, order: Document) -> bool:
        """Whether the order's total is the one that the server told before the change."""
        if self._old is None or order["orderTotalPrice"] != self._old.get("orderTotalPrice"):
            return False
        return bool(order["orderTotalPrice"] == order_totals(self._old))

    def _priced_item(self, item: Item) -> Document:
        body = dict(item.body)
        if parts := [self._priced_item(part) for part in item.parts()]:
            body["productOrderItem"] = parts
        before = self._before.get(item.id, {})
        if "itemPrice" not in body or _is_stale(body, before):
            prices = self._item_prices(item)
            if prices is not None:
                body["itemPrice"] = prices
        stated = body.get("itemTotalPrice")
        if not stated or (stated == before.get("itemTotalPrice") == item_totals(before)):
            _put(body, "itemTotalPrice", item_totals(body))
        return body

    def _item_prices(self, item: Item) -> list[Document] | None:
        """The prices of one unit; None if there is no offering here to tell them."""
        if item.action not in _PRICED_ACTIONS:
            return None
        installed = self._installed(item)
        sold = reference((installed or {}).get("productOffering"))
        offering = self._catalogue.offering(item.offering_id or sold)
        if offering is None:
            return None
        values = values_of(item, product_values(offering, self._catalogue), installed)
        return [charge.document() for charge in self._prices.charges(item, offering, values)]

    def _installed(self, item: Item) -> Document | None:
        if item.action == "add":
            return None
        return self._catalogue.product(reference(item.product))


def _is_stale(body: Document, before: Document) -> bool:
    """Whether the price is still that of what was ordered before."""
    return bool(before) and (
        body.get("itemPrice") == before.get("itemPrice")
        and any(body.get(name) != before.get(name) for name in _DECIDING)
    )


def _put(body: Document, name: str, value: Any) -> None:
    """Set an attribute, or take it away if there is nothing to tell."""
    if value:
        body[name] = value
    else:
        body.pop(name, None)
