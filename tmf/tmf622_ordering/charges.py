"""What the catalogue charges for an offering, as the `itemPrice` of an order item.

A price is charged per unit, before its alterations, which are listed with it. Prices that only
a rating engine can tell (percentages and algorithms) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tmf.declare import Document, amount_of, round_money, round_rate
from tmf.tmf622_ordering.alterations import Alteration, listed_alterations, related_alterations
from tmf.tmf622_ordering.catalogue import Catalogue, is_in_use
from tmf.tmf622_ordering.characteristics import Values, permits
from tmf.tmf622_ordering.figures import ZERO, Figures, Rounding, figures_of
from tmf.tmf622_ordering.items import Item, reference
from tmf.tmf622_ordering.price_kinds import ONE_TIME, RECURRING, USAGE, Period, kind_of

_PRICED = (ONE_TIME, RECURRING, USAGE)


@dataclass(frozen=True, slots=True)
class Charge:
    """One price of the catalogue that applies to an item."""

    name: Any
    description: Any
    kind: str
    period: Period | None
    unit: str | None
    figures: Figures
    alterations: tuple[Alteration, ...]
    source: Document | None

    def document(self) -> Document:
        """As an OrderPrice."""
        parts = {
            "name": self.name,
            "description": self.description,
            "priceType": self.kind,
            "recurringChargePeriod": None if self.period is None else self.period.text(),
            "unitOfMeasure": self.unit,
            "price": self.figures.document(),
            "priceAlteration": self._altered(),
            "productOfferingPrice": self.source,
        }
        return {name: value for name, value in parts.items() if value not in (None, [])}

    def _altered(self) -> list[Document]:
        """The alterations in the order of their priority, each upon what the ones before left."""
        left, told = self.figures, []
        for alteration in sorted(self.alterations, key=lambda one: one.priority):
            change = alteration.of(left, rounding_of(self.kind, left.currency))
            if change is not None:
                left = left.plus(change)
                told.append(alteration.document(self.kind, self.period, change))
        return told


def rounding_of(kind: str, currency: str | None) -> Rounding:
    """How the amounts of a kind of price are rounded."""
    return round_rate if kind == USAGE else lambda amount: round_money(amount, currency)


class PriceList:
    """The prices of offerings, for items with the given values."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def charges(self, item: Item, offering: Document, values: Values) -> Iterator[Charge]:
        """What applies to the item: in use, valid now, for its values, terms and places.

        One-time charges are for new products; a modified one was paid for when it was new.
        """
        for listed in offering.get("productOfferingPrice") or ():
            for price in self._kept(reference(listed), frozenset()) or (listed,):
                charge = self._charge(item, listed, price, values)
                if charge is not None and (charge.kind != ONE_TIME or item.action == "add"):
                    yield charge

    def _kept(self, identity: str | None, within: frozenset[str]) -> list[Document]:
        """A price of the catalogue with its id; instead of a package, the prices in it."""
        price = self._catalogue.price(identity)
        if price is None or identity is None or identity in within:
            return []
        parts = price.get("bundledPopRelationship") or ()
        if not parts:
            return [{**price, "id": identity}]
        if not self._in_use(price):
            return []
        deeper = within | {identity}
        return [one for part in parts for one in self._kept(reference(part), deeper)]

    def _charge(
        self, item: Item, listed: Document, price: Document, values: Values
    ) -> Charge | None:
        kind = kind_of(price.get("priceType"))
        if kind not in _PRICED or not self._applies(item, price, values):
            return None
        figures = _figures(price, kind)
        if figures is None:
            return None
        period = Period.of(price) if kind == RECURRING else None
        alterations = [
            *listed_alterations(listed, kind, self._catalogue),
            *(listed_alterations(price, kind, self._catalogue) if price is not listed else ()),
            *related_alterations(
                price, lambda one: self._applies(item, one, values), self._catalogue
            ),
        ]
        return Charge(
            price.get("name"),
            price.get("description"),
            kind,
            period,
            _unit(price.get("unitOfMeasure")) if kind == USAGE else None,
            figures,
            tuple(alterations),
            _source(price),
        )

    def _in_use(self, price: Document) -> bool:
        """Prices that are written out in an offering need no lifecycle of their own."""
        settled = "lifecycleStatus" not in price or is_in_use(price)
        return settled and self._catalogue.is_current(price)

    def _applies(self, item: Item, price: Document, values: Values) -> bool:
        return (
            self._in_use(price)
            and all(
                _is_used(use, values)
                for use in price.get("prodSpecCharValueUse") or ()
                if self._catalogue.is_current(use)
            )
            and _chosen_term(price.get("productOfferingTerm") or (), item)
            and _in_place(price.get("place") or (), item)
        )


def _is_used(use: Document, values: Values) -> bool:
    permitted = use.get("productSpecCharacteristicValue") or ()
    chosen = values.get(use.get("name") or "", ())
    return any(permits(permitted, value) for value in chosen) if permitted else bool(chosen)


def _chosen_term(terms: Any, item: Item) -> bool:
    names = {term.get("name") for term in terms}
    return not names or any(term.get("name") in names for term in item.body.get("itemTerm") or ())


def _in_place(places: Any, item: Item) -> bool:
    allowed = {reference(place) for place in places}
    return not allowed or any(
        reference(place) in allowed for place in item.product.get("place") or ()
    )


def _figures(price: Document, kind: str) -> Figures | None:
    """A price kept as an entry has `price` as money and `tax`; one in an offering has it all."""
    stated = price.get("price") or {}
    if "value" not in stated:
        found = figures_of(stated, lambda currency: rounding_of(kind, currency))
        if found is not None and found.gross is None:
            return Figures(found.currency, found.net, found.net)
        return found
    amount, currency = amount_of(stated["value"]), stated.get("unit")
    if amount is None:
        return None
    rounding = rounding_of(kind, currency)
    net = rounding(amount)
    gross, rate = net, ZERO
    for tax in price.get("tax") or ():
        percent = amount_of(tax.get("taxRate"))
        stated_tax = amount_of((tax.get("taxAmount") or {}).get("value"))
        if percent is not None:
            gross, rate = gross + rounding(net * percent / 100), rate + percent
        elif stated_tax is not None:
            gross += rounding(stated_tax)
    return Figures(currency, net, gross, rate if rate else None)


def _unit(measure: Any) -> str | None:
    """`GB` for one GB, `100 MB` for a hundred."""
    if not measure or "units" not in measure:
        return None
    amount = measure.get("amount", 1)
    return str(measure["units"]) if Decimal(str(amount)) == 1 else f"{amount} {measure['units']}"


def _source(price: Document) -> Document | None:
    identity = reference(price)
    if identity is None:
        return None
    return {"id": identity, **({"name": price["name"]} if "name" in price else {})}
