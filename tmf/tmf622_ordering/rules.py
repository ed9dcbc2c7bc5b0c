"""Rules of the product order: what may be ordered, and what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tmf.declare import Circumstances, Document, GuidelineError, exact
from tmf.tmf622_ordering.bundles import (
    DefaultParts,
    bundles_of,
    check_composition,
    check_part,
    limits_of,
)
from tmf.tmf622_ordering.catalogue import Catalogue
from tmf.tmf622_ordering.characteristics import check_characteristics, product_values
from tmf.tmf622_ordering.items import (
    LARGEST_QUANTITY,
    Item,
    all_items,
    items_of,
    newly_ordered,
    reference,
)
from tmf.tmf622_ordering.offerings import check_on_sale, check_sold_alone, known_offering
from tmf.tmf622_ordering.pricing import Pricing
from tmf.tmf622_ordering.products import installed_product
from tmf.tmf622_ordering.relationships import check_relationships

REFUSE_UNKNOWN = "order_refuse_unknown_offerings"

_OPEN = "acknowledged"
_SELLING = frozenset({"add", "modify"})


def items_have_their_own_ids(new: Document, _old: Document | None, _: Circumstances) -> Document:
    """Items refer to each other by id, so no two of an order may share one."""
    seen: set[str] = set()
    for item in all_items(new):
        if item.id in seen:
            raise GuidelineError("conflict", f"two productOrderItem have the id {item.id}")
        seen.add(item.id)
    return new


def items_can_be_had(new: Document, old: Document | None, seen: Circumstances) -> Document:
    """What is ordered is sold, now and in this way; it comes back complete and priced.

    Judged is what is new in an order that nobody works on yet. Afterwards the order is the
    business of those who fulfil it, and what was sold once stays sold.
    """
    newly = newly_ordered(new, old)
    if not newly or (old is not None and old.get("state") != _OPEN):
        return new
    catalogue = Catalogue(seen.read, seen.now)
    order = DefaultParts(new, catalogue).of(new, newly)
    judged = Judgement(order, catalogue, refuse_unknown=bool(seen.settings.get(REFUSE_UNKNOWN)))
    judged.check(newly)
    with exact():
        return Pricing(catalogue, old).priced(order)


class Judgement:
    """One order, judged item by item; GuidelineError at the first that cannot be had."""

    def __init__(self, order: Document, catalogue: Catalogue, *, refuse_unknown: bool) -> None:
        self._order = order
        self._catalogue = catalogue
        self._refuse_unknown = refuse_unknown
        self._items = list(all_items(order))
        self._bundles = bundles_of(self._items)

    def check(self, newly: frozenset[str]) -> None:
        """Judge the items of these ids on the first level, with all below them."""
        check_relationships(self._items)
        tops = (item for item in items_of(self._order) if item.id in newly)
        judged = [one for top in tops for one in (top, *all_items(top.body, top))]
        for item in judged:
            self._check_item(item)
        ids = {item.id for item in judged}
        parts: dict[str, list[Item]] = defaultdict(list)
        for item in self._items:
            if item.id in self._bundles:
                parts[self._bundles[item.id].id].append(item)
        for bundle in self._items:
            if bundle.action == "add" and not ids.isdisjoint(
                (bundle.id, *(part.id for part in parts[bundle.id]))
            ):
                self._check_bundle(bundle, parts[bundle.id])

    def _check_item(self, item: Item) -> None:
        if not 1 <= item.quantity <= LARGEST_QUANTITY:
            why = f"it is from 1 to {LARGEST_QUANTITY}"
            raise item.refusal("quantityRefused", why, "quantity")
        installed = installed_product(item, self._order, self._catalogue)
        if item.action not in _SELLING:
            return
        offering = known_offering(item, self._catalogue, refuse_unknown=self._refuse_unknown)
        if offering is None:
            return
        if item.offering_id != reference((installed or {}).get("productOffering")):
            self._check_sale(item, offering)
        check_characteristics(item, product_values(offering, self._catalogue))

    def _check_sale(self, item: Item, offering: Document) -> None:
        check_on_sale(item, offering, self._catalogue)
        bundle = self._bundles.get(item.id)
        if bundle is None or bundle.offering_id is None:
            check_sold_alone(item, offering, self._order)
            return
        of_bundle = self._catalogue.offering(bundle.offering_id)
        if of_bundle is None:
            return
        check_part(item, bundle, of_bundle)
        if not limits_of(of_bundle):
            check_sold_alone(item, offering, self._order)

    def _check_bundle(self, bundle: Item, parts: Sequence[Item]) -> None:
        offering = self._catalogue.offering(bundle.offering_id)
        if offering is not None:
            check_composition(bundle, parts, offering)
