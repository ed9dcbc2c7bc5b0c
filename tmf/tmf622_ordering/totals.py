"""Sums of prices: of an item with all below it, and of an order.

There is one sum for each kind, rhythm and currency. Its price is what is paid at first, with the
alterations in it, which are listed too: what was known before tax adds up before tax, and after
it, without rounding. Rates of usage are no sums of money and stay with their item.

A sum is only told if all that belongs in it is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeAlias

from tmf.declare import Document, amount_of, round_money
from tmf.tmf622_ordering.figures import Figures, Rounding, figures_of
from tmf.tmf622_ordering.price_kinds import USAGE, kind_of

LARGEST = Decimal(10) ** 15

_NOTHING_DUE = frozenset({"delete", "noChange"})
_SAME = ("name", "priceType", "recurringChargePeriod", "applicationDuration", "priority")

_Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """One sum, and the alterations in it by what makes them the same."""

    kind: Any
    period: Any
    figures: Figures
    alterations: dict[_Key, Figures] = field(default_factory=dict)

    @property
    def key(self) -> _Key:
        """What sums must share to be one."""
        return (kind_of(self.kind) or self.kind, self.period, self.figures.currency)

    def times(self, count: int) -> Total:
        """That many of it."""
        alterations = {key: one.times(count) for key, one in self.alterations.items()}
        return replace(self, figures=self.figures.times(count), alterations=alterations)

    def plus(self, other: Total) -> Total:
        """Both together."""
        alterations = dict(self.alterations)
        for key, one in other.alterations.items():
            alterations[key] = alterations[key].plus(one) if key in alterations else one
        return replace(self, figures=self.figures.plus(other.figures), alterations=alterations)

    def document(self) -> Document:
        """As an OrderPrice."""
        document: Document = {"priceType": self.kind}
        if self.period is not None:
            document["recurringChargePeriod"] = self.period
        document["price"] = self.figures.document()
        if self.alterations:
            document["priceAlteration"] = [
                {**_named(key), "price": one.document()} for key, one in self.alterations.items()
            ]
        return document


def item_totals(item: Document) -> list[Document] | None:
    """What the line comes to with its quantity and its parts; None if that is not known."""
    found = _of_parts(item)
    return None if found is None else _written(found)


def order_totals(order: Document) -> list[Document] | None:
    """What the order comes to: the sum of its lines; None if that is not known."""
    found = _of_lines(order.get("productOrderItem") or ())
    return None if found is None else _written(found)


def _written(totals: Iterable[Total]) -> list[Document] | None:
    told = list(totals)
    amounts = [part for one in told for part in (one.figures.net, one.figures.gross)]
    if any(amount is not None and abs(amount) >= LARGEST for amount in amounts):
        return None
    return [one.document() for one in told]


def _of_lines(items: Sequence[Document]) -> list[Total] | None:
    collected: list[Total] = []
    for item in items:
        stated = item.get("itemTotalPrice")
        found = _of_parts(item) if stated is None else _each(stated, _as_stated)
        if found is None:
            return None
        collected += found
    return _together(collected)


def _of_parts(item: Document) -> list[Total] | None:
    prices = item.get("itemPrice")
    if prices is None and item.get("action") not in _NOTHING_DUE:
        return None
    own = _each(prices or (), _with_alterations)
    below = _of_lines(item.get("productOrderItem") or ())
    if own is None or below is None:
        return None
    quantity = item.get("quantity")
    count = 1 if quantity is None else int(quantity)
    return [one.times(count) for one in _together([*own, *below])]


def _together(totals: Iterable[Total]) -> list[Total]:
    sums: dict[_Key, Total] = {}
    for one in totals:
        sums[one.key] = sums[one.key].plus(one) if one.key in sums else one
    return list(sums.values())


def _each(
    prices: Iterable[Document], told: Callable[[Document, Figures], Total | None]
) -> list[Total] | None:
    """One total for each price that is due; None if one of them cannot be told."""
    collected = []
    for price in prices:
        kind = kind_of(price.get("priceType"))
        if kind == USAGE:
            continue
        figures = figures_of(price.get("price") or {}, _rounding)
        one = None if figures is None else told(price, figures)
        if one is None:
            return None
        collected.append(one)
    return collected


def _as_stated(price: Document, figures: Figures) -> Total:
    """A sum that is a sum already: its alterations are in it."""
    total = Total(price.get("priceType"), price.get("recurringChargePeriod"), figures)
    for alteration in price.get("priceAlteration") or ():
        change = figures_of(alteration.get("price") or {}, _rounding)
        if change is not None:
            total = total.plus(Total(None, None, figures, {_key(alteration): change}))
    return replace(total, figures=figures)


def _with_alterations(price: Document, figures: Figures) -> Total | None:
    """The price of an item, altered as it says."""
    total = Total(price.get("priceType"), price.get("recurringChargePeriod"), figures)
    for alteration in price.get("priceAlteration") or ():
        if kind_of(alteration.get("priceType")) != kind_of(price.get("priceType")):
            continue
        change = _change(alteration.get("price") or {}, total.figures)
        if change is None:
            return None
        total = total.plus(Total(None, None, change, {_key(alteration): change}))
    return total


def _change(price: Document, base: Figures) -> Figures | None:
    """What an alteration comes to.

    Whether a bare percentage above zero adds or takes away is told either way: it is not known.
    """
    stated = figures_of(price, _rounding)
    if stated is not None:
        known = stated.currency in (None, base.currency)
        return replace(stated, currency=base.currency) if known else None
    percentage = amount_of(price.get("percentage"))
    if percentage is None or percentage > 0:
        return None
    return base.share(percentage, _rounding(base.currency))


def _key(alteration: Document) -> _Key:
    return tuple(alteration.get(name) for name in _SAME)


def _named(key: _Key) -> Document:
    return {name: value for name, value in zip(_SAME, key, strict=True) if value is not None}


def _rounding(currency: str | None) -> Rounding:
    return lambda amount: round_money(amount, currency)
