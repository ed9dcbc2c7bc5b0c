"""The items of an order, each with its place in the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tmf.declare import Document, GuidelineError

LARGEST_QUANTITY = 1_000_000_000

_ORDERED = (
    "action",
    "itemTerm",
    "product",
    "productOffering",
    "productOrderItemRelationship",
    "quantity",
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item, where it stands (`productOrderItem[0].productOrderItem[2]`), and its parent."""

    path: str
    body: Document
    parent: Item | None = None

    @property
    def id(self) -> str:
        """Its number within the order."""
        return str(self.body["id"])

    @property
    def action(self) -> str:
        """`add`, `modify`, `delete` or `noChange`."""
        return str(self.body["action"])

    @property
    def offering_id(self) -> str | None:
        """The offering that it names."""
        return reference(self.body.get("productOffering"))

    @property
    def product(self) -> Document:
        """The product that it describes or names; empty if it does neither."""
        return self.body.get("product") or {}

    @property
    def quantity(self) -> int:
        """How many it is for: one if it does not say."""
        stated = self.body.get("quantity")
        return 1 if stated is None else int(stated)

    def parts(self) -> Iterator[Item]:
        """The items directly below it."""
        return items_of(self.body, self)

    def refusal(self, code: str, why: str, attribute: str = "") -> GuidelineError:
        """The error for something wrong with it, or with one of its attributes."""
        path = f"{self.path}.{attribute}" if attribute else self.path
        return GuidelineError(code, f"{path}: {why}", path=path)


def items_of(body: Document, parent: Item | None = None) -> Iterator[Item]:
    """The items directly below an order or an item."""
    start = f"{parent.path}." if parent else ""
    for position, item in enumerate(body.get("productOrderItem") or ()):
        yield Item(f"{start}productOrderItem[{position}]", item, parent)


def all_items(body: Document, parent: Item | None = None) -> Iterator[Item]:
    """All items below an order or an item, each before its own parts."""
    for item in items_of(body, parent):
        yield item
        yield from all_items(item.body, item)


def related(item: Item, kind: str) -> Iterator[str]:
    """The ids of the items that it is related to in this way."""
    for tie in item.body.get("productOrderItemRelationship") or ():
        if tie.get("relationshipType") == kind and isinstance(tie.get("id"), str):
            yield tie["id"]


def reference(value: Any) -> str | None:
    """The id in a reference, if it has one."""
    identity = value.get("id") if isinstance(value, Mapping) else None
    return identity if isinstance(identity, str) else None


def what_is_ordered(item: Document) -> Any:
    """What of an item makes the order; prices, states and appointments do not."""
    own = [item.get(name) for name in _ORDERED]
    return [*own, [what_is_ordered(part) for part in item.get("productOrderItem") or ()]]


def newly_ordered(new: Document, old: Document | None) -> frozenset[str]:
    """Ids of the items of an order, on its first level, that order something else than before."""
    before = {
        item["id"]: what_is_ordered(item) for item in (old or {}).get("productOrderItem") or ()
    }
    return frozenset(
        item["id"]
        for item in new.get("productOrderItem") or ()
        if item["id"] not in before or before[item["id"]] != what_is_ordered(item)
    )
