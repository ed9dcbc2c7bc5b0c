"""Discounts and surcharges of the catalogue, worked out for one price.

A positive number adds and a negative one takes away, be it an amount or a percentage; a price
that another is `discountedBy` takes away in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tmf.declare import Document, amount_of
from tmf.tmf622_ordering.catalogue import Catalogue
from tmf.tmf622_ordering.figures import Figures, Rounding, figures_of
from tmf.tmf622_ordering.items import reference
from tmf.tmf622_ordering.price_kinds import Period, kind_of

_LAST = 1_000_000
_DISCOUNTED_BY = "discountedBy"


@dataclass(frozen=True, slots=True)
class Alteration:
    """A change of a price by a percentage or by figures; `source` is where it was found."""

    priority: int
    percentage: Decimal | None
    price: Document
    source: Document
    reference: Document | None = None

    def of(self, base: Figures, rounding: Rounding) -> Figures | None:
        """What it changes in a price, which it never brings below nothing; None for nothing."""
        if self.percentage is not None:
            change = base.share(self.percentage, rounding)
        else:
            price = self.price if "taxRate" in self.price else {**self.price, "taxRate": base.rate}
            stated = figures_of(price, lambda _: rounding)
            if stated is None or stated.currency not in (None, base.currency):
                return None
            gross = stated.net if stated.gross is None else stated.gross
            net = stated.gross if stated.net is None else stated.net
            change = Figures(base.currency, net, gross, stated.rate)
        return base.no_more_than_takes_away(change)

    def document(self, kind: str, period: Period | None, change: Figures) -> Document:
        """As the PriceAlteration of an OrderPrice."""
        percentage = {} if self.percentage is None else {"percentage": self.percentage}
        duration, rhythm = _duration(self.source.get("applicationDuration"), period)
        parts = {
            "name": self.source.get("name"),
            "description": self.source.get("description"),
            "priceType": kind,
            "recurringChargePeriod": rhythm,
            "applicationDuration": duration,
            "priority": self.source.get("priority"),
            "price": {**percentage, **change.document()},
            "productOfferingPrice": self.reference,
        }
        return {name: value for name, value in parts.items() if value is not None}


def listed_alterations(price: Document, kind: str, catalogue: Catalogue) -> Iterator[Alteration]:
    """Those that are written out with a price and are for its kind and time."""
    for one in price.get("priceAlteration") or ():
        if kind_of(one.get("priceType")) == kind and catalogue.is_current(one):
            figures = one.get("price") or {}
            yield Alteration(_priority(one), amount_of(figures.get("percentage")), figures, one)


def related_alterations(
    price: Document, applies: Callable[[Document], bool], catalogue: Catalogue
) -> Iterator[Alteration]:
    """Those that are prices of their own, by which a price is said to be discounted."""
    for tie in price.get("popRelationship") or ():
        identity = reference(tie)
        other = catalogue.price(identity)
        if tie.get("relationshipType") != _DISCOUNTED_BY or other is None or not applies(other):
            continue
        percentage = amount_of(other.get("percentage"))
        amount = amount_of((other.get("price") or {}).get("value"))
        unit = (other.get("price") or {}).get("unit")
        figures = (
            {} if amount is None else {"dutyFreeAmount": {"value": -abs(amount), "unit": unit}}
        )
        yield Alteration(
            _priority(other),
            None if percentage is None else -abs(percentage),
            figures,
            other,
            {"id": identity, **({"name": other["name"]} if "name" in other else {})},
        )


def _priority(document: Document) -> int:
    stated = document.get("priority")
    return stated if isinstance(stated, int) else _LAST


def _duration(stated: Any, period: Period | None) -> tuple[int | None, str | None]:
    """For how many periods, and of which rhythm."""
    rhythm = None if period is None else period.text()
    amount = (stated or {}).get("amount")
    if not isinstance(amount, int):
        return None, rhythm
    unit = str(stated.get("units") or (period.unit if period else ""))
    periods = period.times_in(amount, unit) if period is not None else None
    return (amount, unit or rhythm) if periods is None else (periods, rhythm)
