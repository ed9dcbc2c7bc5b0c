"""How items of an order are related to each other."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from tmf.tmf622_ordering.items import Item, related

BUNDLES = "bundles"
RELIES_ON = "reliesOn"
REPLACES = "replaces"

KNOWN = (BUNDLES, RELIES_ON, REPLACES)


def check_relationships(items: Sequence[Item]) -> None:
    """Items are related to other items of the order, in known ways, and never in a circle."""
    by_id = {item.id: item for item in items}
    for item in items:
        for position, tie in enumerate(item.body.get("productOrderItemRelationship") or ()):
            place = f"productOrderItemRelationship[{position}]"
            if tie.get("id") not in by_id:
                why = f"the order has no item {tie.get('id')}"
                raise item.refusal("itemRelationshipRefused", why, f"{place}.id")
            if tie.get("relationshipType") not in KNOWN:
                why = f"relationshipType is one of {', '.join(KNOWN)}"
                raise item.refusal("itemRelationshipRefused", why, f"{place}.relationshipType")
    for kind in (BUNDLES, RELIES_ON):
        _check_circles(items, by_id, kind)


def _check_circles(items: Sequence[Item], by_id: dict[str, Item], kind: str) -> None:
    graph = {item.id: list(related(item, kind)) for item in items}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # It lists a node after those that depend on it; told the other way round.
        circle = list(reversed(error.args[1]))
        why = f"items {f' {kind} '.join(circle)}"
        raise by_id[circle[0]].refusal(
            "itemRelationshipRefused", why, "productOrderItemRelationship"
        ) from error
