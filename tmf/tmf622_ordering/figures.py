"""The figures of a price: one amount before and after tax, read, reckoned with and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tmf.declare import Document, amount_of

Rounding = Callable[[Decimal], Decimal]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Figures:
    """An amount in a currency: `net` before tax and `gross` after it, None if not known.

    `rate` is the tax in percent, None if there is none or if parts of it differ.
    """

    currency: str | None
    net: Decimal | None
    gross: Decimal | None
    rate: Decimal | None = None

    def times(self, count: int) -> Figures:
        """That many of it."""
        return replace(self, net=_times(self.net, count), gross=_times(self.gross, count))

    def plus(self, other: Figures) -> Figures:
        """Both together; they are of one currency."""
        return Figures(
            self.currency,
            _plus(self.net, other.net),
            _plus(self.gross, other.gross),
            self.rate if self.rate == other.rate else None,
        )

    def share(self, percentage: Decimal, rounding: Rounding) -> Figures:
        """So many percent of it."""
        net = None if self.net is None else rounding(self.net * percentage / 100)
        gross = None if self.gross is None else rounding(self.gross * percentage / 100)
        return replace(self, net=net, gross=gross)

    def no_more_than_takes_away(self, change: Figures) -> Figures:
        """The change, but for what would leave less than nothing."""
        return replace(
            change, net=_at_least(change.net, self.net), gross=_at_least(change.gross, self.gross)
        )

    def document(self) -> Document:
        """As the `price` of an OrderPrice."""
        price: Document = {} if self.rate is None else {"taxRate": self.rate}
        if self.net is not None:
            price["dutyFreeAmount"] = self._money(self.net)
        if self.gross is not None:
            price["taxIncludedAmount"] = self._money(self.gross)
        return price

    def _money(self, value: Decimal) -> Document:
        return (
            {"value": value} if self.currency is None else {"unit": self.currency, "value": value}
        )


def figures_of(price: Any, rounding: Callable[[str | None], Rounding]) -> Figures | None:
    """The figures that a price states, and the other amount where its tax rate tells it.

    None if it states no amount, two currencies, or numbers beyond reckoning.
    """
    net, currency = _money(price, "dutyFreeAmount")
    gross, other = _money(price, "taxIncludedAmount")
    if (net is None and gross is None) or (currency and other and currency != other):
        return None
    currency = currency or other
    rate = amount_of(price.get("taxRate"))
    if rate is None or rate <= -100:
        return Figures(currency, net, gross)
    if gross is None and net is not None:
        gross = net + rounding(currency)(net * rate / 100)
    elif net is None and gross is not None:
        net = rounding(currency)(gross * 100 / (100 + rate))
    return Figures(currency, net, gross, rate)


def _money(price: Document, name: str) -> tuple[Decimal | None, str | None]:
    money = price.get(name) or {}
    amount = amount_of(money.get("value"))
    return amount, money.get("unit") if amount is not None else None


def _times(amount: Decimal | None, count: int) -> Decimal | None:
    return None if amount is None else amount * count


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _at_least(change: Decimal | None, base: Decimal | None) -> Decimal | None:
    if change is None or base is None or base < 0:
        return change
    return max(change, -base)
