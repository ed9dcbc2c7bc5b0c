"""What a bundle is made of: its parts, how many of each, and the parts that nobody chose.

A bundle's parts are the items below it, or items beside it that it names with the relationship
`bundles`. Items below it count for one bundle each; items beside it for all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tmf.declare import Document
from tmf.tmf622_ordering.catalogue import Catalogue
from tmf.tmf622_ordering.items import Item, all_items, items_of, reference, related
from tmf.tmf622_ordering.relationships import BUNDLES

MOST_FILLED_IN = 1000
"""Items that are filled in for one order; more than that is a mistake in the catalogue."""

MOST_NESTED = 8
"""Bundles that are filled in within each other."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many of a part one bundle has at least, at most, and if nothing is chosen."""

    least: int
    most: int | None
    default: int


def limits_of(offering: Document) -> dict[str, Limits]:
    """The parts of an offering by their ids; none if it is no bundle."""
    return {
        identity: _limits(part.get("bundledProductOfferingOption") or {})
        for part in offering.get("bundledProductOffering") or ()
        if (identity := reference(part)) is not None
    }


def _limits(option: Mapping[str, Any]) -> Limits:
    least = max(option.get("numberRelOfferLowerLimit") or 0, 0)
    default = option.get("numberRelOfferDefault")
    return Limits(
        least, option.get("numberRelOfferUpperLimit"), least if default is None else default
    )


def bundles_of(items: Sequence[Item]) -> dict[str, Item]:
    """By the id of each item that is part of another: that other item."""
    parents = {item.id: item.parent for item in items if item.parent is not None}
    beside = {part: item for item in items for part in related(item, BUNDLES)}
    return {**beside, **parents}


def check_part(part: Item, bundle: Item, offering: Document) -> None:
    """What is ordered as part of a bundle is one of its parts."""
    limits = limits_of(offering)
    if limits and part.offering_id is not None and part.offering_id not in limits:
        why = f"{part.offering_id} is no part of the bundle {bundle.offering_id}"
        raise part.refusal("bundleRefused", why, "productOffering")


def check_composition(bundle: Item, parts: Sequence[Item], offering: Document) -> None:
    """A new bundle has as many of each part as it must and may have."""
    counted: Counter[str | None] = Counter()
    for part in parts:
        if part.action in ("add", "noChange"):
            below = part.parent is not None and part.parent.id == bundle.id
            counted[part.offering_id] += part.quantity * (bundle.quantity if below else 1)
    for identity, limits in limits_of(offering).items():
        count, bundles = counted[identity], bundle.quantity
        if count < limits.least * bundles:
            why = f"the bundle needs at least {limits.least * bundles} of {identity}, not {count}"
        elif limits.most is not None and count > limits.most * bundles:
            why = f"the bundle takes at most {limits.most * bundles} of {identity}, not {count}"
        else:
            continue
        raise bundle.refusal("bundleRefused", why, "productOrderItem")


class DefaultParts:
    """Fills in the parts of bundles for which an order names none."""

    def __init__(self, order: Document, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._taken = {item.id for item in all_items(order)}
        self._filled_in = 0

    def of(self, order: Document, newly: frozenset[str]) -> Document:
        """The order with those parts, in the items of these ids; the same if there are none."""
        items = [
            self._filled(item, ()) if item.id in newly else item.body for item in items_of(order)
        ]
        return {**order, "productOrderItem": items} if self._filled_in else order

    def _filled(self, item: Item, within: tuple[str, ...]) -> Document:
        identity = item.offering_id if item.action == "add" else None
        offering = self._catalogue.offering(identity)
        if offering is None or identity is None:
            return self._with(item, [self._filled(part, within) for part in item.parts()])
        if not item.body.get("productOrderItem") and not any(related(item, BUNDLES)):
            parts = list(self._parts(item, offering))
            if parts and (identity in within or len(within) == MOST_NESTED):
                why = f"the bundle {identity} contains itself, or too many others in each other"
                raise item.refusal("bundleRefused", why, "productOffering")
            item = Item(item.path, self._with(item, parts), item.parent)
        deeper = (*within, identity)
        return self._with(item, [self._filled(part, deeper) for part in item.parts()])

    @staticmethod
    def _with(item: Item, parts: list[Document]) -> Document:
        return {**item.body, "productOrderItem": parts} if parts else item.body

    def _parts(self, item: Item, offering: Document) -> Iterator[Document]:
        for part in offering.get("bundledProductOffering") or ():
            identity = reference(part)
            count = _limits(part.get("bundledProductOfferingOption") or {}).default
            if identity is None or count <= 0:
                continue
            self._filled_in += 1
            if self._filled_in > MOST_FILLED_IN:
                why = f"the bundle has more than {MOST_FILLED_IN} parts"
                raise item.refusal("bundleRefused", why, "productOffering")
            yield self._part(item, identity, part.get("name"), count)

    def _part(self, item: Item, identity: str, name: Any, count: int) -> Document:
        offering = {"id": identity, "name": name} if isinstance(name, str) else {"id": identity}
        state = {"state": item.body["state"]} if "state" in item.body else {}
        return {
            "id": self._new_id(item.id),
            "action": "add",
            "quantity": int(count),
            "productOffering": offering,
            **state,
        }

    def _new_id(self, above: str) -> str:
        number = 1
        while (identity := f"{above}.{number}") in self._taken:
            number += 1
        self._taken.add(identity)
        return identity
