"""What a product costs from day to day: the ledger of its recurring prices. Pure.

Each price is a line that knows up to which day it is charged. What is charged for some days of a
period is the difference between what the period costs up to their end and up to their start, each
rounded: so the pieces of a period add up to its price, whatever it is cut into, and a piece that
is taken back is exactly what was charged for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from tmf.tmf678_billing.periods import Rhythm

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Alteration:
    """What a price is changed by, before and after tax, for so many periods; None is for ever."""

    net: Decimal
    gross: Decimal
    periods: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A recurring price, per rhythm, before and after tax."""

    name: str
    rhythm: Rhythm
    net: Decimal
    gross: Decimal
    currency: str | None = None
    tax_rate: Decimal | None = None
    arrears: bool = False
    alterations: tuple[Alteration, ...] = ()
    source: str | None = None

    def in_period(self, number: int) -> tuple[Decimal, Decimal]:
        """Net and gross of the period of that number, the first being 0."""
        net, gross = self.net, self.gross
        for one in self.alterations:
            if one.periods is None or number < one.periods:
                net, gross = net + one.net, gross + one.gross
        return net, gross


@dataclass(frozen=True, slots=True)
class Line:
    """A price of a product: since when, its periods' anchor, and the first day not charged yet."""

    price: Price
    since: date
    anchor: date
    upto: date


@dataclass(frozen=True, slots=True)
class Charge:
    """What days cost, or what is given back for them (`back`)."""

    price: Price
    start: date
    end: date
    net: Decimal
    gross: Decimal
    back: bool = False


Rounding = Callable[[Decimal, str | None], Decimal]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A product's lines, and whether it is running. All methods give the ledger after them, and
    the charges that they make.
    """

    lines: tuple[Line, ...] = ()
    running: bool = False
    rounding: Rounding = field(default=lambda amount, _: amount, compare=False)

    def starting(
        self, day: date, prices: Sequence[Price], cycle: date
    ) -> tuple[Ledger, list[Charge]]:
        """The product starts, or starts again, at these prices.

        Monthly periods follow the account's `cycle` (a day on which one begins), others the day
        of the start. A price that was there before keeps its periods, so that a discount for three
        of them does not begin anew.
        """
        stopped, charges = self.stopping(day)
        before = {line.price.name: line for line in stopped.lines}
        lines = []
        for price in prices:
            old = before.get(price.name)
            if old is not None and old.price.rhythm == price.rhythm:
                lines.append(Line(price, old.since, old.anchor, day))
            else:
                anchor = (
                    cycle if price.rhythm.unit == "months" and price.rhythm.length == 1 else day
                )
                lines.append(Line(price, day, anchor, day))
        started = replace(self, lines=tuple(lines), running=True)
        after, more = started.reaching(day, advance_only=True)
        return after, [*charges, *more]

    def stopping(self, day: date) -> tuple[Ledger, list[Charge]]:
        """The product stops: what was charged ahead is given back, what was not yet is charged."""
        if not self.running:
            return self, []
        lines: list[Line] = []
        charges: list[Charge] = []
        for line in self.lines:
            if line.upto > day:
                charges += self._pieces(line, day, line.upto, back=True)
            else:
                charges += self._pieces(line, line.upto, day)
            lines.append(replace(line, upto=day))
        return replace(self, lines=tuple(lines), running=False), charges

    def reaching(self, day: date, *, advance_only: bool = False) -> tuple[Ledger, list[Charge]]:
        """All is charged that is due on a day: periods that have begun, in arrears those that have
        ended.
        """
        if not self.running:
            return self, []
        lines: list[Line] = []
        charges: list[Charge] = []
        for line in self.lines:
            start, end = line.price.rhythm.span(line.anchor, day)
            until = start if line.price.arrears else end
            if line.upto >= until or (line.price.arrears and advance_only):
                lines.append(line)
                continue
            charges += self._pieces(line, line.upto, until)
            lines.append(replace(line, upto=until))
        return replace(self, lines=tuple(lines)), charges

    def _pieces(
        self, line: Line, start: date, end: date, *, back: bool = False
    ) -> Iterator[Charge]:
        """The days from start to before end, period by period."""
        price = line.price
        first = price.rhythm.index(line.anchor, line.since)
        for piece, cut in price.rhythm.pieces(line.anchor, start, end):
            begins, ends = price.rhythm.span(line.anchor, piece)
            days = (ends - begins).days
            number = price.rhythm.index(line.anchor, piece) - first

            def share(
                amount: Decimal,
                begins: date = begins,
                piece: date = piece,
                cut: date = cut,
                days: int = days,
            ) -> Decimal:
                whole = self.rounding(amount * (cut - begins).days / days, price.currency)
                return whole - self.rounding(amount * (piece - begins).days / days, price.currency)

            net, gross = map(share, price.in_period(number))
            sign = -1 if back else 1
            yield Charge(price, piece, cut, sign * net, sign * gross, back)
